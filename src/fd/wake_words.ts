// SPDX-License-Identifier: MIT
/**
 * Waking a thread that waits in a poller from another thread.
 *
 * The two share three words of memory and the number of the waiting thread's break descriptor. A
 * number may be another's once it is closed, so it is written to only between `entering` and
 * `leaving`, and closing waits until no thread is inside.
 */
import { wrongArgument } from "../validate/argument.ts";
import { platform } from "../../platforms/platform.ts";

/**
 * Words of the shared memory: whether it was woken, whether it is closed, the number of wakers
 * inside.
 */
const WOKEN = 0;
const CLOSED = 1;
const INSIDE = 2;
const WORDS = 3;
/** A thread inside for longer than these milliseconds was terminated there. */
const LONGEST_INSIDE_MS = 1000;

/** Handle for waking a thread from another one; can be sent by `postMessage`. */
export interface WakerHandle {
  /** Memory shared by both threads. */
  readonly memory: SharedArrayBuffer;
  /** Descriptor that interrupts the waiting thread's poll. */
  readonly descriptor: number;
}

/** The waiting thread's side. */
export class WakeWords {
  /** The shared memory. */
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4);
  readonly #words: Int32Array = new Int32Array(this.memory);

  /** Whether it was woken and that has not been consumed. */
  get woken(): boolean {
    return Atomics.load(this.#words, WOKEN) === 1;
  }

  /** Returns whether it was woken since the last call. */
  take(): boolean {
    return Atomics.exchange(this.#words, WOKEN, 0) === 1;
  }

  /** Wakes it from its own thread; the caller interrupts the poll. */
  set(): void {
    Atomics.store(this.#words, WOKEN, 1);
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return Atomics.load(this.#words, CLOSED) === 1;
  }

  /** Closes it: waking has no effect any more, and the break descriptor may be closed. */
  close(): void {
    close(this.#words);
  }

  /** Marks the words as unused after the threads that shared them have died, perhaps inside. */
  forget(): void {
    Atomics.store(this.#words, INSIDE, 0);
  }
}

/** Closes it on behalf of a dead thread: its descriptor may be reused from now on. */
export function buryWaker(handle: WakerHandle): void {
  close(new Int32Array(handle.memory));
}

/** Waits until no thread is inside: each makes one system call and leaves, unless it died of it. */
function close(words: Int32Array): void {
  Atomics.store(words, CLOSED, 1);
  const end = performance.now() + LONGEST_INSIDE_MS;
  for (let n; (n = Atomics.load(words, INSIDE)) > 0 && performance.now() < end;) {
    Atomics.wait(words, INSIDE, n, 1);
  }
}

/**
 * Wakes the goroutine that waits for this handle's {@linkcode Waker}, or the thread that waits in
 * its poller; if none is waiting, the next wait returns at once. Any thread of the process may call
 * it. Never parks.
 *
 * @returns false if the Waker or poller is closed
 * @throws {TypeError} if `handle` is not a handle
 * @example
 * ```ts
 * // In a worker that received waker.handle as `shared`:
 * wake(shared);
 * ```
 */
export function wake(handle: WakerHandle): boolean {
  if (!(handle?.memory instanceof SharedArrayBuffer)) {
    throw wrongArgument("wake", "handle", "the handle of a Waker or a Poller", handle);
  }
  const words = new Int32Array(handle.memory);
  Atomics.add(words, INSIDE, 1);
  try {
    if (Atomics.load(words, CLOSED) === 1) return false;
    // Another thread was faster, and interrupts the poll for all.
    if (Atomics.exchange(words, WOKEN, 1) === 0) platform().wakeDescriptor(handle.descriptor);
    return true;
  } finally {
    Atomics.sub(words, INSIDE, 1);
    Atomics.notify(words, INSIDE);
  }
}
