// SPDX-License-Identifier: MIT
/**
 * Select: waits for several things and does exactly one of them. Go: runtime/select.go, selectgo.
 *
 * Three passes as in Go: try the cases in random order; stand in the queues of all; when woken,
 * leave them. The order is a shuffle that stops at the first case that can happen, which makes each
 * of those that can equally likely. A select never meets itself: it tries while it stands nowhere.
 */
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { letOthersRun, mayGoOn, park, type Step } from "../sched/step.ts";
import { type Contest, Waiter } from "./chan_waiter.ts";
import type { SelectArm, SelectCase, SelectResult } from "./select_case.ts";
import { permutation, random } from "./select_random.ts";

/** The case of a `select` that happens if no other can at once. Go: `default`. */
export const otherwise: unique symbol = Symbol("netpoll.otherwise");

/**
 * Waits until one of the cases can happen, and makes it happen; the others leave no trace. Among
 * those that can at once the choice is uniformly random. Parks, unless `otherwise` is among them;
 * without a case that can ever happen it parks for ever. Go: `select`.
 *
 * @param arms cases such as `ch.onRecv()` and `ch.onSend(v)`; `otherwise`; null for a case that is
 * switched off (in Go, one of a nil channel). Each keeps its index.
 * @returns `index`, which case it was; `value`, what it received; `ok`, whether it received or sent
 * something (false for a closed channel and for `otherwise`)
 * @throws {PanicError} "send on closed channel", and what the other cases throw
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
  return new Select(arms) as unknown as Routine<SelectResult<Arms>>;
}

/** One `select` under way: a generator written by hand, as the operations of chan_ops.ts. */
class Select {
  readonly #arms: readonly SelectArm[];
  /** Set while it waits. */
  #round: Round | null = null;

  constructor(arms: readonly SelectArm[]) {
    this.#arms = arms;
  }

  next(): Step<Result> {
    // Also with otherwise among them: who asks again and again must not keep the others from running.
    if (this.#round === null && mayGoOn()) {
      const index = attempt(this.#arms);
      if (index >= 0) return { done: true, value: happened(this.#arms, index, TRIED) };
    }
    return this.#wait();
  }

  return(): Step<Result | undefined> {
    this.#leave(null);
    return { done: true, value: undefined };
  }

  throw(error: unknown): Step<never> {
    this.#leave(null);
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  #wait(): Step<Result> {
    let round = this.#round;
    if (round === null) {
      if (scheduler.fuel < 0) return letOthersRun();
      this.#round = round = acquireRound(this.#arms.length);
      this.#enrol(round);
    }
    if (!round.woken) return park(this.#arms.length > 0 ? "select" : "select (no cases)");
    const { winner } = round;
    if (winner === null) {
      this.#leave(null);
      return this.next();
    }
    try {
      return { done: true, value: happened(this.#arms, winner.index, winner) };
    } finally {
      this.#leave(winner);
    }
  }

  #enrol(round: Round): void {
    try {
      enrol(round, this.#arms);
    } catch (error) {
      this.#leave(null);
      throw error;
    }
  }

  /** Leaves the queues in which it stands, but for `kept`, which was taken out of its own. */
  #leave(kept: Waiter | null): void {
    const round = this.#round;
    if (round === null) return;
    this.#round = null;
    withdraw(round, this.#arms, kept);
    releaseRound(round);
  }
}

/** The waiter that tries are made with; no case may keep it. */
const TRIED = new Waiter();

/** Tries the cases in random order. Gives the index of the one that happened, or -1. */
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
    if (arm === null) continue;
    if (arm === otherwise) fallback = index;
    else if (arm.try(TRIED)) return index;
  }
  return fallback;
}

interface Result {
  index: number;
  value: unknown;
  ok: boolean;
}

function happened(arms: readonly SelectArm[], index: number, waiter: Waiter): Result {
  const arm = arms[index] as SelectCase | typeof otherwise;
  if (arm === otherwise) return { index, value: undefined, ok: false };
  const value = arm.collect(waiter);
  waiter.value = undefined;
  return { index, value, ok: waiter.ok };
}

/** One stay in the queues: a waiter a case. */
class Round implements Contest {
  winner: Waiter | null = null;
  woken = false;
  /** How many cases have been enrolled. */
  enrolled = 0;
  readonly waiters: Waiter[] = [];
  next: Round | null = null;
}

let recycled: Round | null = null;

function acquireRound(cases: number): Round {
  const round = recycled ?? new Round();
  recycled = round.next;
  round.next = null;
  for (let i = round.waiters.length; i < cases; i++) {
    const w = new Waiter();
    w.contest = round;
    w.index = i;
    round.waiters.push(w);
  }
  return round;
}

function releaseRound(round: Round): void {
  round.winner = null;
  round.woken = false;
  round.enrolled = 0;
  round.next = recycled;
  recycled = round;
}

function enrol(round: Round, arms: readonly SelectArm[]): void {
  const g = scheduler.current;
  for (let i = 0; i < arms.length && !round.woken; i++) {
    const arm = arms[i];
    const w = round.waiters[i];
    round.enrolled = i + 1;
    w.g = g;
    if (arm !== null && arm !== otherwise) arm.enrol(w);
  }
}

/** Takes every case but `kept` out of its queue. */
function withdraw(round: Round, arms: readonly SelectArm[], kept: Waiter | null): void {
  for (let i = 0; i < round.enrolled; i++) {
    const arm = arms[i];
    const w = round.waiters[i];
    if (w !== kept && arm !== null && arm !== otherwise) arm.withdraw(w);
    w.g = null;
    w.value = undefined;
    w.ok = w.done = false;
  }
}
