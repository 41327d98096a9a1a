// SPDX-License-Identifier: MIT
/**
 * The back-off of `accept` when there is no descriptor left (EMFILE, ENFILE) or no memory.
 *
 * The connections stay in the kernel's queue, and an immediate retry would spin. So the accepting
 * goroutine waits, 5 ms at first and up to a second. Meanwhile a descriptor that was kept in
 * reserve is closed for a moment, to accept the queued connections and close them: their clients
 * get an error instead of hanging. Another thread may take that descriptor; only the wait is
 * certain.
 */
import { platform } from "../../platforms/platform.ts";
import type { SocketCalls } from "../../platforms/contract/platform.ts";
import { noteClosing, noteOpened } from "../netpoll/fd_table.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import { now } from "../sched/clock.ts";
import { registerState } from "../sched/thread_state.ts";

/** Waits in milliseconds, as Go's net/http does. */
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 1000;
/** Most connections refused at once. */
const MOST_REFUSED = 64;
/** No descriptor. */
const NONE = -1;

/** The reserve descriptor of this thread, and the number of listeners that rely on it. */
let spare = NONE;
let holders = 0;

registerState("spare descriptor", {
  fresh: () => ({ spare: NONE, holders: 0 }),
  save: () => ({ spare, holders }),
  restore: (state) => ({ spare, holders } = state),
});

/** Called when a listener opens: the first one reserves a descriptor. */
export function holdSpare(): void {
  if (holders++ === 0) openSpare();
}

/** Called when a listener closes: the last one releases the reserve. */
export function releaseSpare(): void {
  if (--holders > 0) return;
  closeSpare();
}

function openSpare(): void {
  spare = Math.max(NONE, platform().sockets.spareDescriptor());
  if (spare !== NONE) noteOpened(spare);
}

function closeSpare(): void {
  if (spare === NONE) return;
  noteClosing(spare);
  platform().sockets.close(spare);
  spare = NONE;
}

/** The waits of one call of `accept`. */
export class AcceptBackoff {
  /** Whether it is too early to try again. */
  waiting = false;
  readonly #sockets: SocketCalls;
  readonly #listener: number;
  readonly #timer: CallTimer;
  #wait = FIRST_WAIT_MS;

  /** `tryAgain` is called after each wait. */
  constructor(sockets: SocketCalls, listener: number, tryAgain: () => void) {
    this.#sockets = sockets;
    this.#listener = listener;
    this.#timer = new CallTimer(() => {
      this.waiting = false;
      tryAgain();
    });
  }

  /** Refuses the queued connections and begins a wait, twice as long as the last. */
  begin(): void {
    this.#refuseQueued();
    this.waiting = true;
    scheduler.timers.set(this.#timer, now() + this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  /** Ends the wait. */
  end(): void {
    scheduler.timers.stop(this.#timer);
  }

  #refuseQueued(): void {
    if (spare === NONE) return;
    closeSpare();
    for (let i = 0; i < MOST_REFUSED; i++) {
      const fd = this.#sockets.accept(this.#listener);
      if (fd < 0) break;
      this.#sockets.close(fd);
    }
    openSpare();
  }
}
