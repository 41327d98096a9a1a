// SPDX-License-Identifier: MIT
/**
 * Signals that this thread catches without the host's event loop: one stream of the platform, open
 * while there are listeners.
 */
import { platform } from "../../platforms/platform.ts";
import { PlatformError } from "../../platforms/contract/platform.ts";
import type { SignalCalls, SignalStream } from "../../platforms/contract/signals.ts";
import { SyscallError } from "../fd/errors.ts";
import { netpoll } from "../netpoll/netpoll.ts";
import type { PollDesc, PollHandler } from "../netpoll/poll_desc.ts";
import { registerState } from "../sched/thread_state.ts";
import { nameOf, numberOf, type Signal } from "./signals.ts";

/** Called for each signal that arrives; it must not throw. */
export type SignalListener = (signal: Signal) => void;

/** Maximum number of signals per read. */
const BATCH = 64;

/** See the top of this file. */
class CaughtSignals implements PollHandler {
  readonly #stream: SignalStream;
  readonly #pd: PollDesc;
  readonly #bytes = new Uint8Array(BATCH);
  readonly #listeners = new Map<Signal, Set<SignalListener>>();
  #closed = false;

  constructor() {
    const stream = required().open();
    if (typeof stream === "number") throw new SyscallError("signal", -stream);
    const pd = netpoll.open(stream.fd);
    if (typeof pd === "number") {
      stream.close();
      throw new SyscallError(platform().registerName, -pd);
    }
    // It lives until its last listener is removed, whatever run that belongs to.
    pd.owner = null;
    pd.holder = { closeQuietly: () => {}, describe: () => `fd ${stream.fd} signals` };
    pd.handler = this;
    netpoll.waiters++;
    this.#stream = stream;
    this.#pd = pd;
  }

  add(signal: Signal, listener: SignalListener): void {
    const listeners = this.#listeners.get(signal);
    if (listeners !== undefined) return void listeners.add(listener);
    const done = this.#stream.catch(numberOf(signal));
    if (done < 0) throw new SyscallError("sigaction", -done);
    this.#listeners.set(signal, new Set([listener]));
  }

  /** Returns true if nothing is left to listen to, after closing itself. */
  remove(signal: Signal, listener: SignalListener): boolean {
    const listeners = this.#listeners.get(signal);
    listeners?.delete(listener);
    if (listeners?.size === 0) {
      this.#stream.restore(numberOf(signal));
      this.#listeners.delete(signal);
    }
    if (this.#listeners.size > 0) return false;
    this.#closed = true;
    netpoll.waiters--;
    netpoll.close(this.#pd);
    this.#stream.close();
    return true;
  }

  pollReady(): void {
    const { sockets } = platform();
    for (let n; (n = sockets.recv(this.#stream.fd, this.#bytes, BATCH)) > 0;) {
      for (const number of this.#bytes.slice(0, n)) this.#tell(number);
      if (this.#closed) return;
    }
  }

  #tell(number: number): void {
    const signal = nameOf(number);
    if (signal === undefined) return;
    for (const listener of [...this.#listeners.get(signal) ?? []]) listener(signal);
  }
}

/** Returns the platform's signals. Throws PlatformError if it has none. */
function required(): SignalCalls {
  const { signals, os } = platform();
  if (signals !== undefined) return signals;
  throw new PlatformError(
    `Cannot notify here as ${os} delivers signals only through the host's event loop, ` +
      "which does not run under runSync: call notify under run",
    "signals",
  );
}

let caught: CaughtSignals | null = null;

registerState<CaughtSignals | null>("caught signals", {
  fresh: () => null,
  save: () => caught,
  restore: (state) => caught = state,
});

/** Catches `signals` for `listener`. Throws PlatformError if that is not supported. */
export function catchSignals(signals: readonly Signal[], listener: SignalListener): void {
  caught ??= new CaughtSignals();
  for (const signal of signals) caught.add(signal, listener);
}

/** Ends {@linkcode catchSignals}; the last listener of a signal restores its old handler. */
export function releaseSignals(signals: readonly Signal[], listener: SignalListener): void {
  for (const signal of signals) if (caught?.remove(signal, listener)) caught = null;
}
