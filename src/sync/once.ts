// SPDX-License-Identifier: MIT
/** Initialization that happens once. Go: sync/once.go. */
import { needFunction } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { mayGoOn } from "../sched/step.ts";
import { scheduler } from "../sched/thread.ts";
import { bodyOf } from "../sched/spawn.ts";
import { Mutex } from "./mutex.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/**
 * Runs a function exactly once, however many goroutines call it. Go: `sync.Once`.
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
  static {
    showAs(Once.prototype, (once) => `Once(${once.#done ? "done" : "not done"})`);
  }

  #done = false;
  readonly #mu = new Mutex();

  /**
   * Calls `f` if this is the first call; otherwise waits until the first call has ended. Parks.
   *
   * `f` counts as done however it ended: its error is thrown to the first caller only, and if that
   * goroutine is ended in the middle, `f` is not called again. A call from inside `f` deadlocks.
   *
   * @param f a `function*`
   * @throws the error that `f` throws; {@linkcode TypeError} if `f` is not a function, which does
   * not count as done
   */
  *do(f: () => Routine<void>): Routine<void> {
    needFunction("call once", "f", f);
    if (this.#done) {
      if (!mayGoOn()) yield scheduler.yieldNow();
      return;
    }
    using _ = yield* this.#mu.locked();
    if (this.#done) return;
    try {
      yield* bodyOf("do once", f, []);
    } finally {
      this.#done = true;
    }
  }
}

notesCalls(Once.prototype, "once", "do");
