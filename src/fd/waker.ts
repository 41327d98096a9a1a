// SPDX-License-Identifier: MIT
/**
 * Wakes a goroutine from another thread. Go does not need this, because its threads share a
 * scheduler. mio: Waker.
 */
import { type G, PanicError, type Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { netpoll, type Wakeable } from "../netpoll/netpoll.ts";
import { ClosedError } from "./errors.ts";
import { type WakerHandle, WakeWords } from "./wake_words.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/**
 * Lets any thread of this process wake a goroutine of this thread, even while the thread is blocked
 * in the operating system's poller. It is closed with the run that created it.
 *
 * @example
 * ```ts
 * using waker = new Waker();
 * worker.postMessage(waker.handle); // there: wake(handle)
 * yield* waker.wait();
 * ```
 */
export class Waker implements Disposable {
  /** Argument for {@linkcode wake}, in any thread. */
  readonly handle: WakerHandle;
  readonly #words = new WakeWords();
  readonly #wakeable: Wakeable;
  #waiting: G | null = null;

  /**
   * Opens the poller if it is not open yet. @throws {PlatformError} if the platform is not
   * supported
   */
  constructor() {
    this.#wakeable = {
      owner: scheduler.current?.run ?? null,
      woken: () => this.#words.woken ? this.#waiting : null,
      close: () => this.close(),
    };
    this.handle = {
      memory: this.#words.memory,
      descriptor: netpoll.addWaker(this.#wakeable),
    };
  }

  /**
   * Waits for a wake-up. One that came earlier is not lost; several count as one. Parks.
   *
   * @throws {ClosedError} if it is closed; {@linkcode PanicError} if another goroutine is waiting
   */
  *wait(): Routine<void> {
    if (this.#waiting !== null) throw new PanicError("two goroutines wait for the same Waker");
    this.#waiting = scheduler.current;
    netpoll.waiters++;
    try {
      while (!this.#words.take()) {
        if (this.#words.closed) throw new ClosedError();
        yield scheduler.park("wake-up");
      }
    } finally {
      netpoll.waiters--;
      this.#waiting = null;
    }
  }

  /**
   * Closes it: a waiting goroutine gets a ClosedError, and further wake-ups have no effect. Never
   * parks.
   */
  close(): void {
    if (this.#words.closed) return;
    this.#words.close();
    netpoll.removeWaker(this.#wakeable);
    if (this.#waiting !== null) scheduler.ready(this.#waiting);
  }

  /** Closes it once the threads that knew of it are dead, perhaps while waking it. @internal */
  closeAfterDeath(): void {
    this.#words.forget();
    this.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

showAs(Waker.prototype, ({ handle }) => `Waker(fd ${handle.descriptor})`);

notesCalls(Waker.prototype, "waker", "wait");
