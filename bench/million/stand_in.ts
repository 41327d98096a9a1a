// SPDX-License-Identifier: MIT
// A stand-in for the kernel: sockets without memory, and a poller that follows a script. What a
// program uses over it, in time and in memory, is the library's and the runtime's alone.
import { exchangePlatform, platform } from "../../platforms/platform.ts";
import {
  POLL_READ,
  POLL_WRITE,
  type Poller,
  type PollSink,
  type SocketCalls,
} from "../../platforms/contract/platform.ts";
import { packAddress } from "../../platforms/shared/packed_address.ts";

/** The listener's descriptor; those of connections follow. */
const LISTENER = 3;
/** Connections per event of the listener. */
const QUEUED = 64;
/** Bytes of a message. */
const SIZE = 64;

/** Wake-up events per poll, as with epoll. */
export const AT_ONCE = 32;

/** Decides what happens, and measures. */
export interface Script {
  /** Called when the thread enters the poller, before anything else. */
  entered(): void;
  /** Called when the thread leaves the poller's own work. */
  left(): void;
  /**
   * Called when all earlier events were reported and handled. Returns the number of connections to
   * accept, or the descriptors of connections that have a message each.
   */
  next(): number | Int32Array;
}

/** Descriptor of a connection by its number, from 0 on. */
export function descriptor(number: number): number {
  return LISTENER + 1 + number;
}

/** See the top of this file. */
class StandInPoller implements Poller {
  readonly edgePerArrival = true;
  readonly waitDescriptor = -1;
  readonly breakDescriptor = -1;
  readonly #script: Script;
  /** By descriptor. */
  readonly #slots: Int32Array;
  readonly #sequences: Int32Array;
  /** Connections that the listener has left. */
  queued = 0;
  /** Descriptors with events, and the number of those that were reported. */
  #fds: Int32Array = new Int32Array(0);
  #at = 0;
  /** Slot and sequence of the events of one poll. */
  readonly #events = new Int32Array(2 * AT_ONCE);

  constructor(script: Script, most: number) {
    this.#script = script;
    this.#slots = new Int32Array(most + LISTENER + 1);
    this.#sequences = new Int32Array(most + LISTENER + 1);
  }

  open(fd: number, slot: number, sequence: number): number {
    this.#slots[fd] = slot;
    this.#sequences[fd] = sequence;
    return 0;
  }

  close(): number {
    return 0;
  }

  poll(_delay: number, sink: PollSink): number {
    this.#script.entered();
    const from = this.#at === this.#fds.length ? this.#wait() : this.#at;
    const to = this.#at = Math.min(from + AT_ONCE, this.#fds.length);
    // In the kernel's memory on a real system, so it is read before the time continues.
    for (let i = from; i < to; i++) {
      const fd = this.#fds[i];
      this.#events[2 * (i - from)] = this.#slots[fd];
      this.#events[2 * (i - from) + 1] = this.#sequences[fd];
    }
    this.#script.left();
    for (let i = 0; i < to - from; i++) {
      sink(this.#events[2 * i], this.#events[2 * i + 1], POLL_READ | POLL_WRITE);
    }
    return to - from;
  }

  /** Gets the next events. */
  #wait(): number {
    const next = this.#script.next();
    this.queued = typeof next === "number" ? Math.min(QUEUED, next) : 0;
    this.#fds = typeof next === "number" ? Int32Array.of(LISTENER) : next;
    return 0;
  }

  break(): void {}

  isPollDescriptor(): boolean {
    return false;
  }

  dispose(): void {}
}

/** Replaces the platform's sockets and poller. Connections must not read without an event. */
export function standIn(script: Script, most: number): void {
  const real = platform();
  const address = real.sockaddr.encode({ ip: Uint8Array.of(10, 0, 0, 1), port: 7, scope: 0 });
  const again = -real.errno.EAGAIN;
  const poller = new StandInPoller(script, most);
  let last = LISTENER;
  const calls: Partial<SocketCalls> = {
    streamSocket: () => LISTENER,
    bind: () => 0,
    listen: () => 0,
    acceptName: "accept4",
    accept: () => {
      if (poller.queued === 0) return again;
      poller.queued--;
      return ++last;
    },
    peer: () => address.slice(),
    packedPeer: () => packAddress(address, true) + last % 60_000,
    recv: () => SIZE,
    send: (_fd, _buffer, length) => length,
    // The peers are gone, so that no close lingers.
    shutdown: () => -real.errno.ENOTCONN,
    close: () => 0,
    getOption: () => 0,
    setOption: () => 0,
    setLinger: () => 0,
    linger: () => -1,
    localAddress: () => address.slice(),
    remoteAddress: () => address.slice(),
    maxBacklog: () => 128,
    spareDescriptor: () => -1,
  };
  // A call that is not here must not happen: it would throw.
  const sockets = calls as SocketCalls;
  const replaced = { ...real, sockets, openPoller: () => poller };
  exchangePlatform(() => replaced);
}
