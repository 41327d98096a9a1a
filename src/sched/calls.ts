// SPDX-License-Identifier: MIT
/**
 * Notes the calls that are made and those that are driven, for undriven.ts. Reads, writes, accepts
 * and sleeps do it themselves, always: next to their system calls it costs nothing. Channels and
 * locks would become slower by a third, and generators cannot see that they are made; so all calls
 * are wrapped while a run is in debug, which also keeps the line of each. `serve` always is.
 */
import type { G, Routine } from "./goroutine.ts";
import { setNote } from "./noted_methods.ts";
import { captureSite } from "./spawn_site.ts";
import { PROGRESS, progressOf } from "./progress.ts";
import { scheduler } from "./thread.ts";
import { CALL } from "./call_name.ts";
import type { MadeCall } from "./undriven.ts";
import { registerState } from "./thread_state.ts";

/** The goroutine that executes has made `call`. */
export function callMade(call: object): void {
  if (scheduler.made !== null) scheduler.keepMade(true);
  scheduler.made = call;
}

/** The first `next` of `call`, or what else takes it over. */
export function callDriven(call: object): void {
  if (scheduler.made === call) scheduler.made = null;
  else if (scheduler.undriven.count > 0) scheduler.undriven.driven(call as MadeCall);
}

/**
 * Returns `routine`, a call of the function `name`; in debug one that is reported if never driven.
 */
export function noted<T>(name: string, routine: Routine<T>, object: unknown = null): Routine<T> {
  if (scheduler.debugRuns === 0) return routine;
  const g: G | null = scheduler.current;
  return g === null || !g.run.debug ? routine : wrapped(name, routine, object);
}

/**
 * Returns `routine`, a call of the function `name` that is reported if never driven, also without
 * debug: for calls that a program makes once, and without which it would end at once, in silence.
 */
export function alwaysNoted<T>(name: string, routine: Routine<T>): Routine<T> {
  return scheduler.current === null ? routine : wrapped(name, routine, null);
}

function wrapped<T>(name: string, routine: Routine<T>, object: unknown): Routine<T> {
  // The call that this one stands for from now on.
  if (scheduler.made === routine) scheduler.made = null;
  const call = new NotedCall(name, routine, object);
  callMade(call);
  return call as unknown as Routine<T>;
}

let lastNumber = 0;

registerState("numbers of noted calls", {
  fresh: () => 0,
  save: () => lastNumber,
  restore: (state) => lastNumber = state,
});

/** A call in debug, or one that is always noted. */
class NotedCall<T> implements MadeCall {
  readonly [CALL]: string;
  readonly site: Error = captureSite();
  readonly object: unknown;
  readonly number: number = ++lastNumber;
  readonly #routine: Routine<T>;
  #driven = false;

  /** See {@linkcode Progressing}. */
  [PROGRESS](): object {
    return progressOf(this.#routine) ?? {};
  }

  constructor(name: string, routine: Routine<T>, object: unknown) {
    this[CALL] = name;
    this.object = object ?? undefined;
    this.#routine = routine;
  }

  next(): IteratorResult<unknown, T> {
    this.#drive();
    return this.#routine.next();
  }

  return(value: T): IteratorResult<unknown, T> {
    this.#drive();
    return this.#routine.return(value);
  }

  throw(error: unknown): IteratorResult<unknown, T> {
    this.#drive();
    return this.#routine.throw(error);
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Read by `await`: the call itself says what is wrong with that. */
  get then(): unknown {
    return (this.#routine as { then?: unknown }).then;
  }

  describe(): string {
    const { object } = this;
    // Most objects have a line of their own; see showAs.
    return typeof object === "object" && object !== null &&
        object.toString !== Object.prototype.toString
      ? String(object)
      : "";
  }

  #drive(): void {
    if (this.#driven) return;
    this.#driven = true;
    callDriven(this);
    if (scheduler.undriven.count > 0) scheduler.undriven.overtaken(this);
  }
}

setNote(noted);
