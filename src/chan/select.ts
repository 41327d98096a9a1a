// SPDX-License-Identifier: MIT
/**
 * Select: waits for several things and does exactly one of them. Go: runtime/select.go, selectgo.
 *
 * Three passes as in Go: try the cases in random order; enter the queues of all; when woken,
 * leave them. The order is a shuffle that stops at the first ready case, which makes all
 * ready cases equally likely. A select never meets itself: it is in no queue while it tries.
 */
import { atCaller } from "../validate/caller.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { wrongArgument } from "../validate/argument.ts";
import type { Waitable } from "../sched/park.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { DONE, letOthersRun, mayGoOn, park, type Step } from "../sched/step.ts";
import { SendCase } from "./select_cases.ts";
import { type SelectState, Waiter } from "./waiter.ts";
import { otherwise, type SelectArm, type SelectCase, type SelectResult } from "./select_case.ts";
import { permutation, random } from "./select_random.ts";
import { registerState } from "../sched/thread_state.ts";
import { noted } from "../sched/calls.ts";

/**
 * Waits until one of the cases is ready, and performs it; the others have no effect. Among several
 * ready cases, one is chosen uniformly at random. Parks, unless `otherwise` is among them; without
 * a case that can become ready it parks forever. Go: `select`.
 *
 * @param arms cases such as `ch.onRecv()` and `ch.onSend(v)`; `otherwise`; null for a disabled case
 * (in Go, one of a nil channel). Each keeps its index.
 * @returns `index`, the case that was chosen; `value`, the value it received; `ok`, whether it
 * received or sent a value (false for a closed channel and for `otherwise`)
 * @throws {PanicError} "send on closed channel"; {@linkcode TypeError} for an argument that is not
 * a case; and the errors of other cases
 * @example
 * ```ts
 * const got = yield* select(jobs.onRecv(), after(1000).onRecv());
 * if (got.index === 0) console.log(got.value);
 * else console.log("too late");
 * ```
 */
export function select<const Arms extends readonly SelectArm[]>(
  ...arms: Arms
): Routine<SelectResult<Arms>> {
  // Before any is tried: a ready case would hide a wrong argument.
  for (let i = 0; i < arms.length; i++) if (isWrong(arms[i])) throw noCase(arms[i]);
  const one = recycled ?? new Select();
  recycled = one.spare;
  one.spare = null;
  one.arms = arms;
  return noted("select", one as unknown as Routine<SelectResult<Arms>>);
}

/** Placeholder for the cases of an unused select. */
const NO_ARMS: readonly SelectArm[] = [];

/** The result object of every select. */
const HAPPENED: { done: true; value: Result } = {
  done: true,
  value: { index: -1, value: undefined, ok: false },
};

/**
 * One `select` under way: a generator written by hand, as the operations of operations.ts. When it
 * is over it serves another call.
 */
class Select implements SelectState, Waitable {
  arms: readonly SelectArm[] = NO_ARMS;
  winner: Waiter | null = null;
  woken = false;
  /** Link of the free list. */
  spare: Select | null = null;
  /** One waiter per case, and perhaps more from earlier calls. */
  readonly #waiters: Waiter[] = [];
  #waiting = false;
  /** Number of enqueued cases. */
  #enrolled = 0;

  next(): Step<Result> {
    if (this.arms === NO_ARMS) return DONE as Step<never>;
    // Also with `otherwise`: a goroutine that polls in a loop must not starve the others.
    if (!this.#waiting && mayGoOn()) {
      const { arms } = this;
      const index = attempt(arms);
      if (index >= 0) {
        this.#end(null);
        return happened(arms, index, TRIED);
      }
    }
    return this.#wait();
  }

  return(): Step<Result | undefined> {
    if (this.#enrolled === 0 || this.#waiters[0].g === scheduler.current) this.#end(null);
    return { done: true, value: undefined };
  }

  throw(error: unknown): Step<never> {
    this.#end(null);
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  describe(): string {
    return this.arms.map((arm) => isCase(arm) ? arm.describe?.() ?? "?" : "nil").join("; ");
  }

  abandoned(g: object): void {
    if (this.#waiting && this.#waiters[0]?.g === g) this.#end(null);
  }

  /** True if a receiver has taken the value of a send: only that cannot be undone. */
  settled(g: object): boolean {
    const w = this.winner;
    return w !== null && w.g === g && w.ok && this.arms[w.index] instanceof SendCase;
  }

  #wait(): Step<Result> {
    const { arms } = this;
    if (!this.#waiting) {
      if (scheduler.budget < 0) return letOthersRun();
      this.#enqueue();
    } else if (this.#enrolled > 0 && this.#waiters[0].g !== scheduler.current) {
      // To its former caller the call is over.
      return DONE as Step<never>;
    }
    if (!this.woken) return park(arms.length > 0 ? "select" : "select (no cases)", this, this);
    const { winner } = this;
    if (winner === null) {
      this.#leave(null);
      return this.next();
    }
    try {
      return happened(arms, winner.index, winner);
    } finally {
      this.#end(winner);
    }
  }

  #enqueue(): void {
    const { arms } = this;
    const waiters = this.#waiters;
    for (let i = waiters.length; i < arms.length; i++) waiters.push(caseWaiter(this, i));
    this.#waiting = true;
    try {
      for (let i = 0; i < arms.length && !this.woken; i++) {
        const arm = arms[i];
        this.#enrolled = i + 1;
        waiters[i].g = scheduler.current;
        if (isCase(arm)) arm.enqueue(waiters[i]);
      }
    } catch (error) {
      this.#end(null);
      throw error;
    }
  }

  /** Leaves all queues except that of `kept`, which was removed from its own. */
  #leave(kept: Waiter | null): void {
    const { arms } = this;
    const waiters = this.#waiters;
    for (let i = 0, end = this.#enrolled; i < end; i++) {
      const arm = arms[i];
      const w = waiters[i];
      if (w !== kept && isCase(arm)) arm.dequeue(w);
      w.g = null;
      w.value = undefined;
      w.ok = w.done = false;
    }
    this.#enrolled = 0;
    this.winner = null;
    this.#waiting = this.woken = false;
  }

  /** Leaves all queues, and is unused again. */
  #end(kept: Waiter | null): void {
    if (this.arms === NO_ARMS) return;
    if (this.#waiting) this.#leave(kept);
    this.arms = NO_ARMS;
    this.spare = recycled;
    recycled = this;
  }
}

let recycled: Select | null = null;

registerState<Select | null>("recycled selects", {
  fresh: () => null,
  save: () => recycled,
  restore: (state) => recycled = state,
});

function caseWaiter(selectState: SelectState, index: number): Waiter {
  const w = new Waiter();
  w.selectState = selectState;
  w.index = index;
  return w;
}

/**
 * Whether it is neither `otherwise` nor null. V8 tells types apart faster than it compares values.
 */
function isCase(arm: SelectArm): arm is SelectCase {
  return typeof arm === "object" && arm !== null;
}

refuseAwait(Select.prototype, "select");

/** Returns the error of an argument that is not a case, with what to write instead. */
function noCase(arm: unknown): TypeError {
  const cure = instead(arm);
  if (cure === null) {
    return wrongArgument("select", "each argument", "a case, otherwise or null", arm);
  }
  return atCaller(
    new TypeError(`Cannot select as each argument must be a case: current value is ${cure}`),
  );
}

/** Describes a likely mistake and its cure; null for any other value. */
function instead(arm: unknown): string | null {
  const has = (method: string) =>
    typeof (arm as Record<string, unknown> | undefined)?.[method] === "function";
  if (Array.isArray(arm)) return "an array; write select(...cases)";
  if (has("onRecv")) return "a channel; write select(ch.onRecv()) or select(ch.onSend(value))";
  if (has("next")) {
    return "a call that may park; " +
      "write select(ch.onRecv()) instead of select(ch.recv()), and so onSend, onReadable, onAccept";
  }
  if (has("then")) return "a promise; write select(onPromise(promise))";
  if (has("join")) {
    return "a goroutine; let it send to a channel as it ends, and write select(ch.onRecv())";
  }
  if (has("onAccept")) return "a listener; write select(listener.onAccept())";
  if (has("onReadable")) {
    return "a connection; write select(conn.onReadable()) or select(conn.onWritable())";
  }
  return null;
}

/** The waiter for attempts; no case may keep it. */
const TRIED = new Waiter();

/** Whether an argument is neither a case nor `otherwise` nor null. */
function isWrong(arm: SelectArm): boolean {
  return isCase(arm) ? typeof arm.try !== "function" : arm !== otherwise && arm !== null;
}

/** Tries the cases in random order. Returns the index of the one performed, or -1. */
function attempt(arms: readonly SelectArm[]): number {
  const count = arms.length;
  const order = permutation(count);
  let fallback = -1;
  for (let left = count; left > 0; left--) {
    const at = left === 1 ? 0 : random(left);
    const index = order[at];
    order[at] = order[left - 1];
    order[left - 1] = index;
    const arm = arms[index];
    if (isCase(arm)) {
      if (arm.try(TRIED)) return index;
    } else if (arm === otherwise) fallback = index;
  }
  return fallback;
}

interface Result {
  index: number;
  value: unknown;
  ok: boolean;
}

function happened(arms: readonly SelectArm[], index: number, waiter: Waiter): Step<Result> {
  const arm = arms[index] as SelectCase | typeof otherwise;
  const some = isCase(arm);
  const value = some ? arm.collect(waiter) : undefined;
  HAPPENED.value = { index, value, ok: some && waiter.ok };
  waiter.value = undefined;
  return HAPPENED;
}
