// SPDX-License-Identifier: MIT
/**
 * The raw poller: a thin layer over the system's own that checks its arguments. mio: Poll,
 * Registry.
 */
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

/** Conditions to report. */
export interface Interest {
  /** Report when a read would not have to wait; false by default. */
  read?: boolean;
  /** Report when a write would not have to wait; false by default. */
  write?: boolean;
  /**
   * "level" (the default): report in every wait while the condition holds. "edge": report once each
   * time the condition becomes true, after which the caller must continue until a call returns
   * AGAIN; on Windows, only calls of `sys` re-arm the edge. "oneshot": report once, until `modify`
   * re-arms it.
   */
  trigger?: Trigger;
}

/** Usual maximum number of descriptors of a Linux process. */
const MOST_DESCRIPTORS = 0x7fffffff;

/**
 * The operating system's poller for custom event loops: epoll, kqueue or AFD. It belongs to the
 * thread that opened it; only `wake` may be called from other threads. Made by
 * {@linkcode openPoller}.
 *
 * @typeParam T the type of the data that `add` associates with a descriptor
 */
export class Poller<T = undefined> implements Disposable {
  readonly #raw: RawPoller = platform().openRawPoller();
  readonly #wake = new WakeWords();
  readonly #watch: HostWatch = new HostWatch(this.#raw);
  /** By descriptor: counts registrations, which identifies stale events. */
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

  /** Descriptor of the poller itself, which another poller can wait for; -1 once closed. */
  get descriptor(): number {
    return this.#wake.closed ? -1 : this.#raw.waitDescriptor;
  }

  /** Handle with which another thread can call `wake(handle)`. */
  get handle(): WakerHandle {
    return { memory: this.#wake.memory, descriptor: this.#raw.breakDescriptor };
  }

  /**
   * Registers a descriptor. It remains yours: `remove` it before you close it. Never parks.
   * epoll_ctl(2).
   *
   * @param fd a socket, pipe, terminal, inotify or timerfd descriptor, or another poller; on
   * Windows, a socket
   * @param interest the conditions to report; errors and hang-ups are always reported
   * @param data associated data, returned with the events of this descriptor
   * @throws {SyscallError} whose `code` is "EPERM" if the descriptor cannot be polled, such as a
   * regular file; "EEXIST" if it is already registered; "EBADF" if it is not open
   * @throws {PollerClosedError} if the poller is closed
   * @throws {TypeError} or {@linkcode RangeError} for an invalid argument
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
   * Changes the conditions of a registered descriptor, and re-arms "oneshot". Never parks.
   *
   * @param fd the descriptor
   * @param interest the conditions to report from now on
   * @param data new associated data; unchanged if omitted
   * @throws {SyscallError} whose `code` is "ENOENT" if the descriptor is not registered; otherwise
   * as {@linkcode Poller.add}
   */
  modify(fd: number, interest: Interest, data?: T): void {
    const mode = this.#check("modify", fd, interest);
    this.#done(this.#raw.modify(fd, mode, interest.trigger ?? "level", this.#tags[fd] ?? 0));
    if (data !== undefined) this.#data[fd] = data;
  }

  /**
   * Removes a descriptor. Its remaining events of the last wait are dropped, so they are never
   * mistaken for those of a new descriptor with the same number. Never parks.
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
   * Waits for events. It blocks the thread, including the host's event loop; use
   * {@linkcode Poller.waitAsync} beside promises and timers of the host. epoll_wait(2).
   *
   * @param ms timeout in milliseconds, may be fractional; 0 returns immediately, negative waits
   * without a timeout
   * @returns the events, always the same object; empty after a timeout or a `wake`
   * @throws {PollerClosedError} if the poller is closed; {@linkcode SyscallError} if the system
   * call fails; {@linkcode RangeError} if `ms` is not a number
   * @example
   * ```ts
   * for (const { fd, readable } of poller.wait()) if (readable) read(fd);
   * ```
   */
  wait(ms = -1): PollEvents<T> {
    const events = this.#events;
    this.#open();
    let delay = nanoseconds(ms);
    if (events.length > 0) return events;
    events.clear();
    const until = delay > 0 ? now() + ms : 0;
    for (;;) {
      this.#done(this.#raw.wait(delay, this.#sink), this.#raw.waitName);
      events.woken = this.#wake.take();
      if (events.length > 0 || events.woken || delay === 0) return events;
      if (delay < 0) continue;
      // A signal interrupted the wait, such as a profiler's every millisecond: wait for the rest of
      // the time.
      delay = nanoseconds(Math.max(0, until - now()));
    }
  }

  /**
   * Waits for events while the host's event loop keeps running. Only one such wait at a time. The
   * pending wait keeps the process alive. On Deno each pending wait occupies one of the 32 threads
   * on which the runtime reads files and looks up names.
   *
   * @param ms as for {@linkcode Poller.wait}
   * @returns a promise of the events
   * @throws as {@linkcode Poller.wait}; {@linkcode PanicError} if another wait is pending
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

  /** Iterates over waits until the poller is closed, yielding the events of each. */
  async *[Symbol.asyncIterator](): AsyncGenerator<PollEvents<T>, void, void> {
    try {
      for (;;) yield await this.waitAsync();
    } catch (error) {
      if (!(error instanceof PollerClosedError)) throw error;
    }
  }

  /**
   * Interrupts the current wait, or the next one. From another thread: `wake(poller.handle)`. Never
   * parks.
   *
   * @throws {PollerClosedError} if the poller is closed
   */
  wake(): void {
    this.#open();
    this.#wake.set();
    this.#raw.break();
  }

  /** Closes the poller; registered descriptors stay open. Closing it again has no effect. */
  close(): void {
    if (this.#wake.closed) return;
    this.#wake.close();
    this.#watch.close();
  }

  /** Closes the poller. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): void {
    if (this.#wake.closed) throw new PollerClosedError();
  }

  /** Converts the interest to bits. Throws if it is invalid or ambiguous. */
  #check(call: string, fd: number, interest: Interest): number {
    this.#open();
    if (!Number.isInteger(fd) || fd < 0 || fd > MOST_DESCRIPTORS) {
      throw new RangeError(
        `Cannot ${call} as fd must be a non-negative integer: current value is ${shown(fd)}`,
      );
    }
    needObject(call, "interest", interest);
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
  throw new RangeError(`Cannot wait as ms must be a number: current value is ${shown(ms)}`);
}

/**
 * Opens a poller. Never parks. epoll_create1(2), kqueue(2).
 *
 * @typeParam T the type of the data associated with each descriptor
 * @throws {PlatformError} if the platform is not supported, or the process has no free descriptor
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
