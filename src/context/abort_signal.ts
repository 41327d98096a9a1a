// SPDX-License-Identifier: MIT
/**
 * Bridges between contexts and the outside: callbacks on cancellation, AbortSignals of the host.
 */
import { needFunction, wrongArgument } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { currentRun, spawn } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";
import { Context, requireContext } from "./context.ts";
import type { Chan } from "../chan/chan.ts";
import { Canceller, type OnCancel } from "./canceller.ts";
import { Canceled, type ContextError, DeadlineExceeded } from "./errors.ts";
import { registerState } from "../sched/thread_state.ts";

/**
 * Calls `callback` when `ctx`, which is alive, is cancelled. Returns a function that removes the
 * callback, and returns true if it had not been called yet.
 */
export function onCancel(ctx: Context, callback: OnCancel): () => boolean {
  // A context that cannot be cancelled needs no listener.
  const canceller = ctx.canceller ?? new Canceller(null);
  canceller.add(callback);
  return () => canceller.remove(callback);
}

/**
 * Calls `f` in its own goroutine when `ctx` is cancelled, or at once if it already is. The
 * goroutine belongs to the run of the caller, or to none. Never parks. Go: `context.AfterFunc`.
 *
 * @param ctx the context to watch
 * @param f a `function*`, or a function that does not park
 * @returns `stop`, which returns true if it prevented the call, false if `f` was already called or
 * `stop` had been called before
 * @example
 * ```ts
 * const stop = afterFunc(ctx, () => conn.setDeadline(0)); // cancels pending reads and writes
 * try { yield* handle(conn); } finally { stop(); }
 * ```
 */
export function afterFunc(ctx: Context, f: () => Routine<void> | void): () => boolean {
  requireContext("wait for a context", ctx);
  needFunction("wait for a context", "f", f);
  const run = scheduler.current?.run;
  const start = () => {
    const into = run === undefined || run.over ? currentRun() : run;
    spawn(into, f.name || "afterFunc", calling(f));
  };
  if (ctx.err === null) return onCancel(ctx, start);
  start();
  return () => false;
}

function* calling(f: () => Routine<void> | void): Routine<void> {
  const body = f();
  if (body !== undefined) yield* body;
}

/**
 * A root that is cancelled when a signal of the host is aborted. It listens only while something
 * waits for that: Deno keeps a process running as long as an `AbortSignal.timeout` has a listener.
 */
class SignalCanceller extends Canceller {
  readonly #source: AbortSignal;
  readonly #cancel = () => {
    const { reason } = this.#source;
    const late = reason === DeadlineExceeded || reason?.name === "TimeoutError";
    this.cancel(late ? DeadlineExceeded : Canceled, reason);
  };
  #listening = false;
  /** Whether its channel or signal is known outside, which may wait without a trace here. */
  #exposed = false;

  constructor(source: AbortSignal) {
    super(null);
    this.#source = source;
  }

  override get err(): ContextError | null {
    if (this.#source.aborted) this.#cancel();
    return super.err;
  }

  override get done(): Chan<never> {
    this.#expose();
    return super.done;
  }

  override get signal(): AbortSignal {
    this.#expose();
    return super.signal;
  }

  override add(child: Canceller | OnCancel): void {
    super.add(child);
    this.#listen();
  }

  override remove(child: Canceller | OnCancel): boolean {
    const removed = super.remove(child);
    if (this.#listening && !this.#exposed && (this.children?.size ?? 0) === 0) {
      this.#listening = false;
      this.#source.removeEventListener("abort", this.#cancel);
    }
    return removed;
  }

  #expose(): void {
    this.#exposed = true;
    this.#listen();
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#source.addEventListener("abort", this.#cancel, { once: true });
  }
}

/**
 * The context of each signal: one is enough, and a long-lived signal keeps one listener, not many.
 */
let contexts = new WeakMap<AbortSignal, Context>();

registerState("contexts of signals", {
  fresh: () => new WeakMap<AbortSignal, Context>(),
  save: () => contexts,
  restore: (state) => contexts = state,
});

/**
 * Returns a context that is cancelled when `signal` is aborted, with the signal's reason as its
 * cause. Its `err` is {@linkcode DeadlineExceeded} for a signal of `AbortSignal.timeout`, otherwise
 * {@linkcode Canceled}. It needs no `cancel`. The same signal always returns the same context.
 * Never parks.
 *
 * @example
 * ```ts
 * const ctx = fromSignal(request.signal);
 * ```
 */
export function fromSignal(signal: AbortSignal): Context {
  if (!(signal instanceof AbortSignal)) {
    throw wrongArgument("create a context", "signal", "an AbortSignal", signal);
  }
  let ctx = contexts.get(signal);
  if (ctx === undefined) {
    ctx = new Context(null, "context.FromSignal", new SignalCanceller(signal));
    contexts.set(signal, ctx);
  }
  return ctx;
}
