// SPDX-License-Identifier: MIT
/** A listener of an event server: accepts in turns of its loop, without a goroutine. */
import type { PollHandler } from "../netpoll/poll_desc.ts";
import type { Watcher } from "../netpoll/poll_extras.ts";
import type { Addr, TCPAddr } from "../net/addr/addr.ts";
import type { ListenFD } from "../net/socket/stream_listener.ts";
import type { UnixAddr } from "../net/addr/unix_addr.ts";
import type { RunQueue } from "../sched/run_queue.ts";
import type { Listening } from "./conn/listening.ts";
import type { Loop, Turn } from "./conn/loop.ts";
import type { StreamNet } from "./conn/stream_net.ts";

/** Maximum number of connections accepted per turn, for fairness. */
const ACCEPTS = 64;

/** Receiver of accepted connections. */
export interface Accepting {
  /** Called for each connection. */
  accepted(sysfd: number, net: StreamNet, addrIndex: number): void;
  /** Called when the listener has failed for good. */
  fail(error: unknown): void;
}

/** See the top of this file. */
export class EventAcceptor implements Turn, PollHandler, Watcher, Listening {
  nextTurn: Turn | null = null;
  queued = false;
  readonly #server: Accepting;
  readonly #loop: Loop;
  readonly #fd: ListenFD<TCPAddr> | ListenFD<UnixAddr>;
  readonly #net: StreamNet;
  readonly #addrIndex: number;
  #paused = false;

  constructor(
    server: Accepting,
    loop: Loop,
    fd: ListenFD<TCPAddr> | ListenFD<UnixAddr>,
    net: StreamNet,
    addrIndex: number,
  ) {
    this.#server = server;
    this.#loop = loop;
    this.#fd = fd;
    this.#net = net;
    this.#addrIndex = addrIndex;
    fd.pd!.handler = this;
    // Notified once a descriptor is available again.
    fd.pd!.watch("read", this);
    loop.enqueue(this);
  }

  get addr(): Addr {
    return this.#fd.localAddr!;
  }

  /** Stops accepting: the kernel queues new connections, up to the backlog. */
  pause(): void {
    this.#paused = true;
  }

  /** Resumes accepting. */
  resume(): void {
    this.#paused = false;
    this.#loop.enqueue(this);
  }

  pollReady(_mode: number, toRun: RunQueue): void {
    this.#loop.enqueueReady(this, toRun);
  }

  retry(): void {
    this.#loop.enqueue(this);
  }

  turn(): void {
    try {
      for (let left = ACCEPTS; left > 0; left--) {
        if (this.#paused || this.#fd.closed) return;
        const sysfd = this.#fd.tryAccept();
        if (sysfd === null) return;
        this.#server.accepted(sysfd, this.#net, this.#addrIndex);
      }
      this.#loop.enqueue(this);
    } catch (error) {
      this.#server.fail(error);
    }
  }

  /** Stops listening. */
  close(): void {
    if (this.#fd.closed) return;
    this.#fd.pd!.unwatch("read", this);
    this.#fd.close();
  }
}
