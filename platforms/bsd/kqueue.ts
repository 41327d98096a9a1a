// SPDX-License-Identifier: MIT
/** A kqueue with a user event that breaks a wait: the base of both pollers over kqueue. */
import { EINTR } from "./constants.ts";
import { type ErrnoText, PlatformError } from "../contract/platform.ts";
import {
  DATA,
  EV_ADD,
  EV_CLEAR,
  EV_RECEIPT,
  type KeventLayout,
  NOTE_TRIGGER,
  writeKevent,
} from "./kevent.ts";

/** The two system calls; results are zero or more, or minus an errno. */
export interface KqueueCalls {
  /** Opens a close-on-exec kqueue. */
  kqueue(): number;
  /** kevent(2), always with a timeout. */
  kevent(
    kq: number,
    changes: Int32Array,
    changeCount: number,
    events: Int32Array,
    room: number,
    timeout: Int32Array,
  ): number;
  /** Returns a descriptor that poll(2) reports readable while `kq` has events. */
  waitDescriptor(kq: number): number;
  close(kq: number): number;
}

/** Maximum number of events per wait; the kernel keeps the rest for the next. */
const MAX_EVENTS = 512;
/** Maximum number of changes per call. */
const MAX_CHANGES = 2;
/**
 * `ident` of the user event; it cannot clash with a descriptor, because each filter has its own
 * idents.
 */
const BREAK = 0;
/** Longest wait in seconds; macOS returns EINVAL for much longer ones. Go: netpoll_kqueue.go. */
const MAX_SECONDS = 1e6;

/** `struct timespec` of zero. */
const NOW = new Int32Array(new ArrayBuffer(16));
/** `struct timespec` of {@linkcode MAX_SECONDS}. */
const LATE = new Int32Array(new ArrayBuffer(16));
LATE[0] = MAX_SECONDS;

/** A kqueue, owned by one thread. */
export class Kqueue {
  /** The kqueue's descriptor, by which another thread also breaks a wait. */
  readonly descriptor: number;
  /** Readable while there are events. */
  readonly waitDescriptor: number;
  /** Written by the kernel during a wait; allocated for the kqueue's lifetime. */
  readonly events: Int32Array;
  readonly layout: KeventLayout;
  readonly #calls: KqueueCalls;
  readonly #changes: Int32Array;
  readonly #receipts: Int32Array;
  readonly #timespec = new Int32Array(new ArrayBuffer(16));
  readonly #trigger: (kq: number) => number;
  #count = 0;

  constructor(calls: KqueueCalls, layout: KeventLayout, errnoText: (errno: number) => ErrnoText) {
    this.#calls = calls;
    this.layout = layout;
    this.events = kevents(MAX_EVENTS, layout);
    this.#changes = kevents(MAX_CHANGES, layout);
    this.#receipts = kevents(MAX_CHANGES, layout);
    this.#trigger = breaker(calls, layout);
    this.descriptor = calls.kqueue();
    if (this.descriptor < 0) throw failure("kqueue", errnoText(-this.descriptor));
    // EV_CLEAR: reset by the wait that reports it.
    this.change(BREAK, layout.EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0);
    const done = this.apply();
    const errno = done < 0 ? -done : this.receipt(0);
    if (errno !== 0) {
      calls.close(this.descriptor);
      throw failure("kevent", errnoText(errno));
    }
    this.waitDescriptor = calls.waitDescriptor(this.descriptor);
  }

  /** Queues a change for the next {@linkcode Kqueue.apply}. */
  change(
    ident: number,
    filter: number,
    flags: number,
    udata0: number,
    udata1: number,
    fflags = 0,
  ): void {
    const at = this.#count++ * this.layout.words;
    writeKevent(this.#changes, at, ident, filter, flags | EV_RECEIPT, fflags, udata0, udata1);
  }

  /**
   * Applies the queued changes. Each then has its receipt, and no event is consumed: the receipts
   * fill the buffer. 0 or minus an errno.
   */
  apply(): number {
    const count = this.#count;
    this.#count = 0;
    const done = this.#calls.kevent(
      this.descriptor,
      this.#changes,
      count,
      this.#receipts,
      count,
      NOW,
    );
    return done < 0 ? done : 0;
  }

  /** Returns the errno of the change at `index` of the last `apply`, or 0. */
  receipt(index: number): number {
    return this.#receipts[index * this.layout.words + DATA];
  }

  /**
   * Waits as {@linkcode Poller.poll} does; the events are then in {@linkcode Kqueue.events}.
   * Returns their number, or minus an errno.
   */
  wait(delay: number): number {
    const timeout = delay < 0 ? LATE : delay === 0 ? NOW : this.#timespecOf(delay);
    for (;;) {
      const count = this.#calls.kevent(
        this.descriptor,
        this.#changes,
        0,
        this.events,
        MAX_EVENTS,
        timeout,
      );
      if (count > 0) return count;
      if (count < 0 && count !== -EINTR) return count;
      // After a signal, an unlimited wait continues; a timed one returns, so that its timeout is
      // recomputed.
      if (delay >= 0) return 0;
    }
  }

  /** Makes the current or next wait return. */
  break(): void {
    this.#trigger(this.descriptor);
  }

  /** Whether `fd` belongs to the kqueue. */
  owns(fd: number): boolean {
    return fd === this.descriptor || fd === this.waitDescriptor;
  }

  /** Closes the kqueue with all its registrations. */
  dispose(): void {
    this.#calls.close(this.descriptor);
  }

  #timespecOf(delay: number): Int32Array {
    const seconds = Math.min(Math.floor(delay / 1e9), MAX_SECONDS);
    this.#timespec[0] = seconds;
    this.#timespec[2] = seconds === MAX_SECONDS ? 0 : delay - seconds * 1e9;
    return this.#timespec;
  }
}

/**
 * Returns a function that breaks the wait of any kqueue of this process, from any thread. 0 or
 * minus an errno. The event has one state, so several triggers cause one wake-up.
 */
export function breaker(calls: KqueueCalls, layout: KeventLayout): (kq: number) => number {
  const trigger = kevents(1, layout);
  writeKevent(trigger, 0, BREAK, layout.EVFILT_USER, 0, NOTE_TRIGGER, 0, 0);
  return (kq) => calls.kevent(kq, trigger, 1, trigger, 0, NOW);
}

function kevents(count: number, layout: KeventLayout): Int32Array {
  return new Int32Array(new ArrayBuffer(count * layout.words * 4));
}

function failure(call: string, { name, text }: ErrnoText): PlatformError {
  return new PlatformError(`Cannot open a poller: ${call}: ${text}`, name);
}
