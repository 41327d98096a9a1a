// SPDX-License-Identifier: MIT
/** Signals for goroutines. Go: os/signal, Notify and NotifyContext. */
import { nodeModule, nodeProcess } from "../../platforms/contract/host.ts";
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import { background, type Context } from "../context/context.ts";
import { type CancelCauseFunc, withCancelCause } from "../context/with_cancel.ts";
import { netpoll, type Wakeable } from "../netpoll/netpoll.ts";
import { PanicError, type RunOwner } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { catchSignals, releaseSignals } from "./caught_signals.ts";
import { checkSignals, type Signal } from "./signals.ts";
import { showAs } from "../validate/one_line.ts";

/** Signals that a channel keeps for a slow receiver; further ones are dropped, as in Go. */
const CAPACITY = 16;

/** Received signals, as {@linkcode notify} returns them. */
export class SignalNotifier implements Disposable {
  /** Cancelled by the first signal; its cause is an Error that names the signal. */
  readonly context: Context;
  /**
   * Receives each signal. It keeps up to 16 for a slow receiver and drops further ones; it is
   * closed when the notifier stops.
   */
  readonly signals: Chan<Signal>;
  readonly #names: readonly Signal[];
  readonly #cancel: CancelCauseFunc;
  /** Whether the host's event loop delivers the signals. */
  readonly #byHost: boolean;
  readonly #received: (signal: Signal) => void;
  /** Stops it at the end of its run. */
  readonly #ending: Wakeable;
  #stopped = false;

  /** @internal */
  constructor(names: readonly Signal[], owner: RunOwner) {
    this.#ending = { owner, woken: () => null, close: () => this.stop() };
    this.#names = names;
    this.signals = chan<Signal>(CAPACITY);
    [this.context, this.#cancel] = withCancelCause(background());
    this.#received = (signal) => {
      this.signals.trySend(signal);
      this.#cancel(new Error(`${signal} received`));
    };
    // Bun's workers do not deliver signals.
    this.#byHost = !scheduler.blocking && nodeModule("node:worker_threads").isMainThread;
    netpoll.addWaker(this.#ending);
    try {
      this.#listen();
    } catch (error) {
      netpoll.removeWaker(this.#ending);
      throw error;
    }
  }

  /**
   * Stops receiving: the signals have their former effect again. Cancels `context` and closes
   * `signals`. A second call has no effect. Never parks. Go: `signal.Stop`.
   */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#byHost) {
      for (const name of this.#names) nodeProcess().off(name, this.#received);
      netpoll.waiters--;
    } else {
      releaseSignals(this.#names, this.#received);
    }
    netpoll.removeWaker(this.#ending);
    this.#cancel();
    this.signals.close();
  }

  /** As {@linkcode SignalNotifier.stop}. */
  [Symbol.dispose](): void {
    this.stop();
  }

  #listen(): void {
    if (!this.#byHost) {
      try {
        return catchSignals(this.#names, this.#received);
      } catch (error) {
        releaseSignals(this.#names, this.#received);
        throw error;
      }
    }
    for (const name of this.#names) nodeProcess().on(name, this.#received);
    // Not a deadlock: a signal may arrive at any time.
    netpoll.waiters++;
  }
}

/**
 * Receives signals instead of letting them end the process, until the notifier is stopped or the
 * run ends. Several notifiers may receive the same signal. Never parks. Go: `signal.Notify` and
 * `signal.NotifyContext`.
 *
 * Under `run` the signals arrive through the host's listeners, beside those of other code. Under
 * `runSync`, where the event loop does not run, and in workers, the library's own handler replaces
 * the host's as long as the notifier receives; it is native code that writes to a socket, never
 * JavaScript. On macOS, FreeBSD and Windows `notify` works under `run` on the main thread only.
 *
 * @param signals the signals to receive
 * @returns the notifier: a `context` and a channel of `signals`
 * @throws {TypeError} for no signal, or one that cannot be received; {@linkcode PanicError} outside
 * a goroutine; {@linkcode PlatformError} under `runSync` where that is not possible
 * @example
 * ```ts
 * using notifier = notify("SIGINT", "SIGTERM");
 * yield* serve(listener, handle, { context: notifier.context });
 * ```
 */
export function notify(...signals: Signal[]): SignalNotifier {
  const names = checkSignals(signals);
  const run = scheduler.current?.run;
  if (run === undefined) {
    throw new PanicError("notify outside a goroutine: call it in a function* started by run");
  }
  return new SignalNotifier(names, run);
}

showAs(
  SignalNotifier.prototype,
  ({ context }) => `SignalNotifier(${context.err === null ? "listening" : "signalled"})`,
);
