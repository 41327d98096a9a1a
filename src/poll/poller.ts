// SPDX-License-Identifier: MIT
/** The raw poller: a thin, checked shell over the system's own. mio: Poll, Registry. */
import { platform } from "../../platforms/platform.ts";
import {
  POLL_READ,
  POLL_WRITE,
  type RawPoller,
  type RawSink,
  type Trigger,
} from "../../platforms/contract/platform.ts";
import { SyscallError } from "../fd/errors.ts";
import { type WakerHandle, WakeWords } from "../fd/wake_words.ts";
import { needObject, shown, wrongArgument } from "../validate/argument.ts";
import { PollerClosedError } from "./errors.ts";
import { PollEvents, type Registrations } from "./events.ts";
import { HostWatch } from "./host_watch.ts";
import { now } from "../sched/clock.ts";

/** What to be told of. */
export interface Interest {
  /** When a read would not have to wait. Not from the start. */
  read?: boolean;
  /** When a write would not have to wait. Not from the start. */
  write?: boolean;
  /**
   * "level", as from the start: by every wait, as long as it is so. "edge": once each time that it
   * comes to be so, and whoever is told must go on until the call would have to wait; on Windows only
   * the calls of `sys` make a new edge of what comes then. "oneshot": once, until `modify` asks again.
   */
  trigger?: Trigger;
}

/** Mostly a Linux process may have no more descriptors than this. */
const MOST_DESCRIPTORS = 0x7fffffff;

/**
 * The operating system's poller for those who write their own loop: epoll, kqueue, AFD. It belongs to the thread
 * that opened it; only `wake` may be called by others. `openPoller` makes one.
 *
 * @typeParam T what `add` keeps for a descriptor, and events bring back
 */
export class Poller<T = undefined> implements Disposable {
  readonly #raw: RawPoller = platform().openRawPoller();
  readonly #wake = new WakeWords();
  readonly #watch: HostWatch = new HostWatch(this.#raw);
  /** By descriptor: counts registrations, so that an event that is late is known by its number. */
  readonly #tags: number[] = [];
  readonly #data: T[] = [];
  readonly #events: PollEvents<T>;
  readonly #sink: RawSink;

  /** @internal */
  constructor() {
    const registrations: Registrations<T> = {
      current: (fd, tag) => this.#tags[fd] === tag,
      dataOf: (fd) => this.#data[fd],
    };
    const events = this.#events = new PollEvents<T>(registrations);
    this.#sink = (fd, tag, mode) => events.push(fd, tag, mode);
  }

  /** The poller's own descriptor, which another poller may wait for; -1 when closed. */
  get descriptor(): number {
    return this.#wake.closed ? -1 : this.#raw.waitDescriptor;
  }

  /** What another thread needs to call `wake(handle)`. */
  get handle(): WakerHandle {
    return { memory: this.#wake.memory, descriptor: this.#raw.breakDescriptor };
  }

  /**
   * Registers a descriptor. It stays yours: `remove` it before you close it. Never parks.
   *
   * @param fd a socket, a pipe, a terminal, an inotify or timerfd descriptor, another poller's; on
   * Windows a socket
   * @param interest what to be told of; errors and hang-ups are told in any case
   * @param data what the events of this descriptor bring back
   * @throws {SyscallError} whose `code` is "EPERM" for what cannot be polled, such as a file on a
   * disk; "EEXIST" for what is registered already; "EBADF" for what is no descriptor
   * @throws {PollerClosedError} when the poller is closed
   * @throws {TypeError} or {@linkcode RangeError} when an argument is wrong
   * @example
   * ```ts
   * poller.add(fd, { read: true, trigger: "edge" });
   * ```
   */
  add(fd: number, interest: Interest, ...data: undefined extends T ? [data?: T] : [data: T]): void {
    const mode = this.#check("add", fd, interest);
    const tag = ((this.#tags[fd] ?? 0) + 1) | 0;
    this.#done(this.#raw.add(fd, mode, interest.trigger ?? "level", tag));
    this.#tags[fd] = tag;
    this.#data[fd] = data[0] as T;
  }

  /**
   * Changes what a registered descriptor is waited for, and arms a "oneshot" again. Never parks.
   *
   * @param data replaces what `add` was given, unless it is left out
   * @throws {SyscallError} whose `code` is "ENOENT" when the descriptor is not registered; the rest
   * as {@linkcode Poller.add}
   */
  modify(fd: number, interest: Interest, data?: T): void {
    const mode = this.#check("modify", fd, interest);
    this.#done(this.#raw.modify(fd, mode, interest.trigger ?? "level", this.#tags[fd] ?? 0));
    if (data !== undefined) this.#data[fd] = data;
  }

  /**
   * Ends a registration. Events of it that a wait has given and that are not taken yet are dropped,
   * so that they are never taken for those of a new descriptor with the same number. Never parks.
   *
   * @throws {SyscallError} as {@linkcode Poller.modify}
   */
  remove(fd: number): void {
    this.#check("remove", fd, {});
    this.#done(this.#raw.remove(fd));
    this.#tags[fd] = (this.#tags[fd] + 1) | 0;
    this.#data[fd] = undefined as T;
  }

  /**
   * Waits for events. It blocks the thread, and with it the host's loop: use
   * {@linkcode Poller.waitAsync} beside promises and timers of the host.
   *
   * @param ms milliseconds, fractions included; 0 only looks, negative waits until something comes
   * @returns the events, the same object each time; none if the time was up or `wake` was called
   * @throws {PollerClosedError} when the poller is closed; {@linkcode SyscallError} when the system
   * refuses; {@linkcode RangeError} when `ms` is not a number
   * @example
   * ```ts
   * for (const { fd, readable } of poller.wait()) if (readable) read(fd);
   * ```
   */
  wait(ms = -1): PollEvents<T> {
    const events = this.#events;
    this.#open();
    const delay = nanoseconds(ms);
    if (events.length > 0) return events;
    events.clear();
    this.#done(this.#raw.wait(delay, this.#sink), this.#raw.waitName);
    events.woken = this.#wake.take();
    return events;
  }

  /**
   * Waits for events while the host's loop goes on. One at a time.
   *
   * @param ms as of {@linkcode Poller.wait}
   * @returns a promise of the events; while it is open the process stays alive
   * @throws as {@linkcode Poller.wait}; {@linkcode PanicError} when another wait is open
   */
  async waitAsync(ms = -1): Promise<PollEvents<T>> {
    nanoseconds(ms);
    const until = ms < 0 ? Infinity : now() + ms;
    for (;;) {
      const events = this.wait(0);
      const left = until - now();
      if (events.length > 0 || events.woken || !(left > 0)) return events;
      await this.#watch.readable(left);
    }
  }

  /** The events of one wait after another, until the poller is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<PollEvents<T>, void, void> {
    try {
      for (;;) yield await this.waitAsync();
    } catch (error) {
      if (!(error instanceof PollerClosedError)) throw error;
    }
  }

  /**
   * Makes the wait that is under way, or the next one, return. From another thread:
   * `wake(poller.handle)`.
   *
   * @throws {PollerClosedError} when the poller is closed
   */
  wake(): void {
    this.#open();
    this.#wake.set();
    this.#raw.break();
  }

  /** Closes the poller; the descriptors in it stay open. A second close does nothing. */
  close(): void {
    if (this.#wake.closed) return;
    this.#wake.close();
    this.#watch.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): void {
    if (this.#wake.closed) throw new PollerClosedError();
  }

  /** The interest as bits. Throws for what the system could not tell, or not clearly. */
  #check(call: string, fd: number, interest: Interest): number {
    this.#open();
    if (!Number.isInteger(fd) || fd < 0 || fd > MOST_DESCRIPTORS) {
      throw new RangeError(
        `Cannot ${call} as the descriptor must be a whole number: current value is ${shown(fd)}`,
      );
    }
    needObject(call, "the interest", interest);
    const { read = false, write = false, trigger = "level" } = interest;
    for (const [name, value] of Object.entries({ read, write })) {
      if (typeof value !== "boolean") throw wrongArgument(call, name, "a boolean", value);
    }
    if (trigger !== "edge" && trigger !== "level" && trigger !== "oneshot") {
      throw wrongArgument(call, "trigger", '"edge", "level" or "oneshot"', trigger);
    }
    return (read ? POLL_READ : 0) | (write ? POLL_WRITE : 0);
  }

  #done(result: number, call: string = this.#raw.controlName): void {
    if (result < 0) throw new SyscallError(call, -result);
  }
}

function nanoseconds(ms: number): number {
  if (typeof ms === "number" && !Number.isNaN(ms)) return ms < 0 || ms === Infinity ? -1 : ms * 1e6;
  throw new RangeError(`Cannot wait as the time must be a number: current value is ${shown(ms)}`);
}

/**
 * Opens a poller. Never parks.
 *
 * @typeParam T what is kept for each descriptor
 * @throws {PlatformError} where the library cannot run, or there is no descriptor left
 * @example
 * ```ts
 * using poller = openPoller();
 * poller.add(0, { read: true }); // the terminal
 * for (const event of poller.wait(1000)) console.log(event.fd, event.readable);
 * ```
 */
export function openPoller<T = undefined>(): Poller<T> {
  return new Poller<T>();
}
