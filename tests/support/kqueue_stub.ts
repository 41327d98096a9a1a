// SPDX-License-Identifier: MIT
/** A kqueue that returns kevents from a list, and records the changes passed to it. */
import {
  DATA,
  EV_ADD,
  EV_CLEAR,
  EV_ERROR,
  EV_RECEIPT,
  FFLAGS,
  FILTER_FLAGS,
  filterOf,
  flagsOf,
  IDENT,
  type KeventLayout,
  UDATA,
  writeKevent,
} from "../../platforms/bsd/kevent.ts";
import type { KqueueCalls } from "../../platforms/bsd/kqueue.ts";
import type { Recorded } from "./kevent_records.ts";

/** A change as it was passed. */
export interface Change {
  readonly ident: number;
  readonly filter: number;
  readonly flags: number;
  readonly fflags: number;
}

/** See the top of this file. */
export class RecordedKqueue implements KqueueCalls {
  /** Every change, in order. */
  readonly changes: Change[] = [];
  /** Results of the next calls of `kevent`, which do not wait: minus an errno. */
  readonly failures: number[] = [];
  /** The timeouts of the waits, in nanoseconds. */
  readonly timeouts: number[] = [];
  /** What a change of a filter is answered, by "ident:filter". */
  readonly refused = new Map<string, number>();
  open = 0;
  /** What waits report as readable; none that ever is. */
  descriptor = -1;
  readonly #layout: KeventLayout;
  readonly #udata = new Map<string, [number, number]>();
  #pending: Int32Array[] = [];

  constructor(layout: KeventLayout) {
    this.#layout = layout;
  }

  kqueue(): number {
    this.open++;
    return 1000;
  }

  waitDescriptor(kq: number): number {
    return this.descriptor < 0 ? kq : this.descriptor;
  }

  close(): number {
    this.open--;
    return 0;
  }

  /** Has the next wait report a kevent of `fd`, with the udata of its registration. */
  deliver(fd: number, [filter, flags, fflags, data]: Recorded): void {
    const [udata0, udata1] = this.#udata.get(`${fd}:${filter}`) ?? [0, 0];
    const words = new Int32Array(this.#layout.words);
    // The kernel returns the flags of the registration. mio#1091.
    const all = flags | EV_ADD | EV_CLEAR | EV_RECEIPT;
    writeKevent(words, 0, fd, filter, all, fflags, udata0, udata1);
    words[DATA] = data;
    this.#pending.push(words);
  }

  kevent(
    _kq: number,
    changes: Int32Array,
    changeCount: number,
    events: Int32Array,
    room: number,
    timeout: Int32Array,
  ): number {
    const { words } = this.#layout;
    let given = 0;
    for (let i = 0; i < changeCount; i++) {
      const errno = this.#make(changes, i * words);
      if (errno === 0 && !(flagsOf(changes, i * words) & EV_RECEIPT)) continue;
      if (given === room) return -errno;
      events.set(changes.subarray(i * words, (i + 1) * words), given * words);
      events[given * words + FILTER_FLAGS] |= EV_ERROR << 16;
      events[given++ * words + DATA] = errno;
    }
    if (given > 0 || room === 0) return given;
    return this.#wait(events, room, timeout);
  }

  #wait(events: Int32Array, room: number, timeout: Int32Array): number {
    this.timeouts.push(timeout[0] * 1e9 + timeout[2]);
    const failure = this.failures.shift();
    if (failure !== undefined) return failure;
    const now = this.#pending.splice(0, room);
    for (const [i, each] of now.entries()) events.set(each, i * this.#layout.words);
    return now.length;
  }

  #make(changes: Int32Array, at: number): number {
    const ident = changes[at + IDENT];
    const filter = filterOf(changes, at);
    const flags = flagsOf(changes, at);
    this.changes.push({ ident, filter, flags, fflags: changes[at + FFLAGS] });
    this.#udata.set(`${ident}:${filter}`, [changes[at + UDATA], changes[at + UDATA + 1]]);
    if (filter === this.#layout.EVFILT_USER && changes[at + FFLAGS] !== 0) {
      this.deliver(ident, [filter, 0, 0, 0]);
    }
    return this.refused.get(`${ident}:${filter}`) ?? 0;
  }
}
