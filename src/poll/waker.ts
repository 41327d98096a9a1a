// SPDX-License-Identifier: MIT
/**
 * Waking a goroutine from another thread. Go needs none, for there every thread shares the
 * scheduler. mio: Waker.
 *
 * The two threads share three words of memory and the number of the waiting thread's break
 * descriptor. A number may be another's once it is closed, so it is written to only between
 * `entering` and `leaving`, and closing waits until nobody is inside.
 */
import { platform } from "../../platforms/runtime.ts";
import { type Goroutine, PanicError, type Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { netpoll, type Wakeable } from "../netpoll/netpoll.ts";
import { ERR_CLOSED } from "./errors.ts";

/** Words of the shared memory: whether it was woken, whether it is closed, how many are waking it. */
const WOKEN = 0;
const CLOSED = 1;
const INSIDE = 2;
const WORDS = 3;

/** What another thread needs; `postMessage` carries it. */
export interface WakerHandle {
  /** Memory that both threads see. */
  readonly memory: SharedArrayBuffer;
  /** The number of the descriptor that breaks the waiting thread's poll. */
  readonly descriptor: number;
}

/**
 * Lets any thread of this process wake a goroutine of this one, also while this thread is blocked
 * in the operating system's poller. It is closed with the run that made it.
 *
 * @example
 * ```ts
 * using waker = new Waker();
 * worker.postMessage(waker.handle); // there: wake(handle)
 * yield* waker.wait();
 * ```
 */
export class Waker implements Disposable {
  /** What {@linkcode wake} takes, in whatever thread. */
  readonly handle: WakerHandle;
  readonly #words: Int32Array;
  readonly #wakeable: Wakeable;
  #waiting: Goroutine | null = null;

  /** Opens the poller, if it is not open yet. @throws {PlatformError} where the library cannot run */
  constructor() {
    const memory = new SharedArrayBuffer(WORDS * 4);
    this.#words = new Int32Array(memory);
    this.#wakeable = {
      owner: scheduler.current?.run ?? null,
      woken: () => Atomics.load(this.#words, WOKEN) === 1 ? this.#waiting : null,
      close: () => this.close(),
    };
    this.handle = { memory, descriptor: netpoll.addWaker(this.#wakeable) };
  }

  /**
   * Waits until it is woken. A wake-up that came before is not lost; several count as one. Parks.
   *
   * @throws {ClosedError} when it is closed; {@linkcode PanicError} when another goroutine waits
   */
  *wait(): Routine<void> {
    if (this.#waiting !== null) throw new PanicError("two goroutines wait for one Waker");
    this.#waiting = scheduler.current;
    netpoll.waiters++;
    try {
      while (Atomics.exchange(this.#words, WOKEN, 0) === 0) {
        if (this.#closed) throw ERR_CLOSED;
        yield scheduler.park("wake-up");
      }
    } finally {
      netpoll.waiters--;
      this.#waiting = null;
    }
  }

  /** Closes it: whoever waits gets a ClosedError, and waking it has no effect any more. */
  close(): void {
    if (this.#closed) return;
    Atomics.store(this.#words, CLOSED, 1);
    // Somebody inside makes one system call and leaves.
    for (let n; (n = Atomics.load(this.#words, INSIDE)) > 0;) {
      Atomics.wait(this.#words, INSIDE, n, 1);
    }
    netpoll.removeWaker(this.#wakeable);
    if (this.#waiting !== null) scheduler.ready(this.#waiting);
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #closed(): boolean {
    return Atomics.load(this.#words, CLOSED) === 1;
  }
}

/**
 * Wakes the goroutine that waits for this handle's {@linkcode Waker}, or the next that will. Any
 * thread of the process may call it. Never parks.
 *
 * @returns false if the waker is closed
 */
export function wake(handle: WakerHandle): boolean {
  const words = new Int32Array(handle.memory);
  Atomics.add(words, INSIDE, 1);
  try {
    if (Atomics.load(words, CLOSED) === 1) return false;
    Atomics.store(words, WOKEN, 1);
    platform().wakeDescriptor(handle.descriptor);
    return true;
  } finally {
    Atomics.sub(words, INSIDE, 1);
    Atomics.notify(words, INSIDE);
  }
}
