// SPDX-License-Identifier: MIT
/** Body of a goroutine that owns a resource. */
import type { Routine } from "../sched/goroutine.ts";
import type { Park } from "../sched/park.ts";

/**
 * Returns `body` with `ended` called exactly once at its end. Not a generator with a `finally`: one
 * that is ended before it has started runs no code at all.
 */
export function tracked(body: Routine<void>, ended: () => void): Routine<void> {
  return new Tracked(body, ended) as unknown as Routine<void>;
}

class Tracked {
  readonly #body: Routine<void>;
  #ended: (() => void) | null;

  constructor(body: Routine<void>, ended: () => void) {
    this.#body = body;
    this.#ended = ended;
  }

  next(): IteratorResult<Park, void> {
    return this.#step(() => this.#body.next());
  }

  return(): IteratorResult<Park, void> {
    return this.#step(() => this.#body.return(undefined));
  }

  throw(error: unknown): IteratorResult<Park, void> {
    return this.#step(() => this.#body.throw(error));
  }

  [Symbol.iterator](): this {
    return this;
  }

  #step(f: () => IteratorResult<Park, void>): IteratorResult<Park, void> {
    try {
      const step = f();
      if (step.done) this.#end();
      return step;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #end(): void {
    const ended = this.#ended;
    this.#ended = null;
    ended?.();
  }
}
