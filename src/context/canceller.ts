// SPDX-License-Identifier: MIT
/**
 * The cancellable part of a context: a node of the tree in which cancellation spreads. Go:
 * context/context.go, cancelCtx and timerCtx.
 *
 * A node knows its parent and its children, and leaves its parent when it is cancelled: what is
 * over is referenced by nothing. The channel and the signal are made on first use.
 */
import { scheduler } from "../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../sched/timer_heap.ts";
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import { type ContextError, DeadlineExceeded } from "./errors.ts";
import { now } from "../sched/clock.ts";

/** Called when a node is cancelled. It must neither throw nor run the user's code. */
export type OnCancel = () => void;

/** A deadline: the timer that cancels, and the moment on the user's clock. */
class Expiry implements HeapTimer {
  slot = NO_SLOT;
  /** In milliseconds of `performance.now()`. */
  readonly when: number;
  readonly date: Date;
  readonly #cause: unknown;
  readonly #whose: Canceller;

  constructor(whose: Canceller, when: number, date: Date, cause: unknown) {
    this.when = when;
    this.date = date;
    this.#cause = cause;
    this.#whose = whose;
  }

  fire(): void {
    this.#whose.cancel(DeadlineExceeded, this.#cause);
  }
}

/** See the top of this file. */
export class Canceller {
  readonly #parent: Canceller | null;
  #err: ContextError | null = null;
  /** The cause, as passed to the cancel function. */
  cause: unknown = null;
  /** Children to cancel with it; null if there are none. */
  children: Set<Canceller | OnCancel> | null = null;
  /** Time of its cancellation at the latest: its own deadline, or that of its parent. */
  expiry: Expiry | null;
  #done: Chan<never> | null = null;
  #controller: AbortController | null = null;

  /** Creates a node below `parent`, which is cancelled at once if that one is. */
  constructor(parent: Canceller | null) {
    this.#parent = parent;
    this.expiry = parent?.expiry ?? null;
    if (parent === null) return;
    if (parent.err !== null) this.cancel(parent.err, parent.cause);
    else parent.add(this);
  }

  /**
   * The error once cancelled, or null. A deadline takes effect at its very moment, even if the
   * timer has not run.
   */
  get err(): ContextError | null {
    const { expiry } = this;
    if (this.#err === null && expiry !== null && now() >= expiry.when) {
      if (scheduler.timers.stop(expiry)) expiry.fire();
    }
    return this.#err;
  }

  /** A channel that is closed when it is cancelled. */
  get done(): Chan<never> {
    const over = this.err !== null;
    if (this.#done === null) {
      this.#done = chan<never>();
      if (over) this.#done.close();
    }
    return this.#done;
  }

  /** A signal that is aborted, with the cause, when it is cancelled. */
  get signal(): AbortSignal {
    const over = this.err !== null;
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (over) this.#controller.abort(this.cause);
    }
    return this.#controller.signal;
  }

  /** Adds `child`, to cancel with it. It must not be cancelled yet. */
  add(child: Canceller | OnCancel): void {
    (this.children ??= new Set()).add(child);
  }

  /** Removes `child`. Returns true if it had not been notified yet. */
  remove(child: Canceller | OnCancel): boolean {
    return this.children?.delete(child) ?? false;
  }

  /**
   * Sets its deadline, `when` of `performance.now()`. `cause` is the cause of that cancellation.
   */
  setDeadline(when: number, date: Date, cause: unknown): void {
    this.expiry = new Expiry(this, when, date, cause);
    if (this.#err === null) scheduler.timers.set(this.expiry, when);
  }

  /** Cancels it and all nodes below it; has no effect on those already cancelled. */
  cancel(err: ContextError, cause: unknown): void {
    if (this.#err !== null) return;
    this.#parent?.remove(this);
    // All nodes first, then the signals: their listeners are the user's, and must find all of it
    // cancelled.
    const all: Canceller[] = [this];
    for (const node of all) node.settle(err, cause, all);
    for (const node of all) node.#controller?.abort(cause);
  }

  /**
   * Cancels this node and adds the nodes below it to `below`. Not private: explorations with reduction
   * observe it, as a node above causes the change.
   */
  settle(err: ContextError, cause: unknown, below: Canceller[]): void {
    if (this.#err !== null) return;
    this.#err = err;
    this.cause = cause;
    const { children } = this;
    this.children = null;
    if (this.expiry !== null && this.expiry !== this.#parent?.expiry) {
      scheduler.timers.stop(this.expiry);
    }
    // The user may have closed it, which Go's types forbid.
    if (this.#done?.closed === false) this.#done.close();
    if (children === null) return;
    for (const child of children) {
      if (child instanceof Canceller) below.push(child);
      else child();
    }
  }
}
