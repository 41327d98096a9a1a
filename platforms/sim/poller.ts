// SPDX-License-Identifier: MIT
/**
 * The poller of a simulation: edge-triggered, like epoll. Virtual time advances in its wait if no
 * goroutine is runnable. See epoll(7).
 */
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type Poller,
  type PollSink,
} from "../contract/pollers.ts";
import { EBADF, EEXIST, ENOENT } from "./errno.ts";
import type { World } from "./world.ts";

/** Maximum number of wake-up events per poll, as with epoll. */
const MOST_AT_ONCE = 32;
/**
 * Maximum time in milliseconds that the network may continue while all goroutines wait for it
 * without a timer: longer than any socket timeout (keep-alive's two hours and 11 minutes). Beyond
 * that, no goroutine will ever be woken.
 */
const LONGEST_SILENCE_MS = 3 * 3600_000;

/** An object that can be registered. */
export interface Pollable {
  /** Current readiness bits, as in {@linkcode PollSink}. */
  readonly mode: number;
  /** Host whose context is entered before its events are reported. */
  readonly station: object;
}

/** A registered descriptor. */
export class Registration {
  readonly what: Pollable;
  readonly fd: number;
  readonly slot: number;
  readonly sequence: number;
  /** Whether it is in the list of pending registrations. */
  pending = false;
  /** Whether to report it although it is not ready. */
  spurious = false;
  /** Whether it has ended. */
  ended = false;

  constructor(what: Pollable, fd: number, slot: number, sequence: number) {
    this.what = what;
    this.fd = fd;
    this.slot = slot;
    this.sequence = sequence;
  }
}

/** Descriptor lookup. */
export interface Descriptors {
  /** Returns the open file of `fd`, or null. */
  find(fd: number): (Pollable & { registrations: Registration[] }) | null;
}

/** See the top of this file. */
export class SimPoller implements Poller {
  readonly edgePerArrival = true;
  readonly waitDescriptor = -1;
  readonly breakDescriptor = -1;
  /** Host whose events are being reported. */
  handing: object | null = null;
  readonly #world: World;
  readonly #descriptors: Descriptors;
  readonly #byFd = new Map<number, Registration>();
  #ready: Registration[] = [];
  #broken = false;

  constructor(world: World, descriptors: Descriptors) {
    this.#world = world;
    this.#descriptors = descriptors;
  }

  /** Reports `registrations` at the next poll; with `spurious`, even if they are not ready. */
  wake(registrations: readonly Registration[], spurious = false): void {
    for (const one of registrations) {
      if (spurious) one.spurious = true;
      if (one.pending) continue;
      one.pending = true;
      this.#ready.push(one);
    }
  }

  open(fd: number, slot: number, sequence: number): number {
    const file = this.#descriptors.find(fd);
    if (file === null) return -EBADF;
    if (this.#byFd.has(fd)) return -EEXIST;
    const one = new Registration(file, fd, slot, sequence);
    this.#byFd.set(fd, one);
    file.registrations.push(one);
    if (file.mode !== 0) this.wake([one]);
    return 0;
  }

  close(fd: number): number {
    const one = this.#byFd.get(fd);
    if (one === undefined) return -ENOENT;
    this.#byFd.delete(fd);
    one.ended = true;
    const { registrations } = one.what as unknown as { registrations: Registration[] };
    registrations.splice(registrations.indexOf(one), 1);
    return 0;
  }

  poll(delay: number, sink: PollSink): number {
    const world = this.#world;
    const until = world.now + (delay < 0 ? LONGEST_SILENCE_MS : delay / 1e6);
    while (this.#ready.length === 0 && !this.#broken) {
      if (delay < 0 && world.events.size === 0) break;
      if (!world.advance(until)) break;
    }
    if (delay < 0 && this.#ready.length === 0 && !this.#broken) world.stuck = true;
    this.#broken = false;
    return this.#report(sink);
  }

  /** Reports the oldest first; those beyond the maximum stay for the next poll. */
  #report(sink: PollSink): number {
    const ready = this.#ready;
    let taken = 0;
    for (let woken = 0; taken < ready.length && woken < MOST_AT_ONCE;) {
      const one = ready[taken++];
      one.pending = false;
      const mode = one.what.mode || (one.spurious ? POLL_READ | POLL_WRITE : 0);
      one.spurious = false;
      if (one.ended || mode === 0) continue;
      this.handing = one.what.station;
      if (sink(one.slot, one.sequence, mode)) woken++;
    }
    this.handing = null;
    if (taken > 0) this.#ready = ready.slice(taken);
    return taken;
  }

  break(): void {
    this.#broken = true;
  }

  isPollDescriptor(): boolean {
    return false;
  }

  dispose(): void {}
}

/** Returns the mode bits of a socket's state; an error alone is reported as such. */
export function modeOf(
  readable: boolean,
  writable: boolean,
  hangup: boolean,
  error: boolean,
): number {
  if (error && !readable && !writable && !hangup) {
    return POLL_READ | POLL_WRITE | POLL_HANGUP | POLL_ERROR;
  }
  let mode = 0;
  if (readable || error) mode |= POLL_READ;
  if (writable || error) mode |= POLL_WRITE;
  if (hangup || error) mode |= POLL_HANGUP;
  return mode;
}
