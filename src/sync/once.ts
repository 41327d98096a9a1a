// SPDX-License-Identifier: MIT
/** Something that is done once. Go: sync/once.go. */
import { needFunction } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { bodyOf } from "../sched/spawn.ts";
import { Mutex } from "./mutex.ts";

/**
 * Calls a function once, whoever comes first. Go: `sync.Once`.
 *
 * @example
 * ```ts
 * const once = new Once();
 * let config: Config;
 * function* load() { config = yield* readConfig(); }
 * for (let i = 0; i < 10; i++) go(() => once.do(load)); // it is read once
 * ```
 */
export class Once {
  #done = false;
  readonly #mu = new Mutex();

  /**
   * Calls `f` if this is the first call; otherwise waits until the first has ended. Parks.
   *
   * It counts as done however `f` ended: an error goes to the first caller alone, and one that is
   * ended in the middle is not replaced. A call from inside `f` waits for itself, for ever.
   *
   * @param f a `function*`
   * @throws what `f` throws; {@linkcode TypeError} when `f` is no function, and then it counts as not done
   */
  *do(f: () => Routine<void>): Routine<void> {
    needFunction("do once", "what is done", f);
    if (this.#done) return;
    using _ = yield* this.#mu.locked();
    if (this.#done) return;
    try {
      yield* bodyOf("do once", f, []);
    } finally {
      this.#done = true;
    }
  }
}
