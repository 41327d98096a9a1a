// SPDX-License-Identifier: MIT
/**
 * The lock of one direction of a connection. It is a `Mutex` that an idle connection has without
 * the objects that a goroutine needs to wait for it.
 */
import { PanicError, type Routine } from "../../sched/goroutine.ts";
import { type Acquirable, Semacquire } from "../../sync/semacquire.ts";
import { type LockWaiter, WaitList } from "../../sync/wait_list.ts";

/** See the top of this file. */
export class Turn implements Acquirable {
  // Fields like these make up an idle connection: a private method would be one more of each on
  // Deno.
  private held = false;
  /** The wait queue; null while nothing waits. */
  private queue: WaitList | null = null;

  /** See {@linkcode Acquirable}. */
  get reason(): string {
    return "sync.Mutex.Lock";
  }

  /** See {@linkcode Acquirable}. */
  get waiters(): WaitList {
    return this.queue ??= new WaitList();
  }

  /** Acquires the lock. Parks until it is available; waiters are served first come, first served. */
  lock(): Routine<void> {
    return new Semacquire(this).begin();
  }

  /** Acquires the lock if it is free. Returns true on success. */
  take(): boolean {
    if (this.held) return false;
    return this.held = true;
  }

  /** Releases the lock, and hands it to the goroutine that has waited longest. */
  unlock(): void {
    if (!this.held) throw new PanicError("sync: unlock of unlocked mutex");
    if (this.queue === null) {
      this.held = false;
    } else if (this.queue.grant() === null) {
      this.held = false;
      this.queue = null;
    }
  }

  /** See {@linkcode Acquirable}. */
  ended(w: LockWaiter): void {
    if (w.granted) this.unlock();
  }
}
