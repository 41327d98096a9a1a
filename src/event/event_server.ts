// SPDX-License-Identifier: MIT
/** An event server: its listeners, its loops, its connections, and its shutdown. */
import { platform } from "../../platforms/platform.ts";
import type { SocketCalls } from "../../platforms/contract/platform.ts";
import type { Addr } from "../net/addr/addr.ts";
import { dial } from "../net/dial.ts";
import { DESCRIPTOR } from "../net/socket/descriptor.ts";
import type { DialOptions } from "../net/options/options.ts";
import type { TCPNetwork } from "../net/resolve/resolve.ts";
import type { TCPConn } from "../net/tcp/tcp.ts";
import { onCancel } from "../context/abort_signal.ts";
import { ClosedError, SyscallError } from "../fd/errors.ts";
import { takeShared } from "../fd/shared_numbers.ts";
import { go } from "../sched/api.ts";
import { needObject, shown, wrongArgument } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import { type Action, wrongAnswer } from "./api/action.ts";
import { parseServeAddress } from "./address.ts";
import { Balancer } from "./api/balance.ts";
import type { EventConn } from "./api/conn.ts";
import type { ConnHost } from "./conn/conn_host.ts";
import { ConnList } from "./conn/conn_list.ts";
import type { Events } from "./api/events.ts";
import { listenOn } from "./listen_on.ts";
import type { Listening } from "./conn/listening.ts";
import { Loop } from "./conn/loop.ts";
import { acceptedPeer, connectedPeer, type Peer } from "./conn/peer.ts";
import type { AdoptOptions, Server } from "./api/server.ts";
import { checkSettings, type Settings } from "./api/settings.ts";
import { EventStreamConn } from "./conn/stream_conn.ts";
import { readyToAdopt, type StreamNet, streamNet } from "./conn/stream_net.ts";
import { Ticker } from "./ticker.ts";
import { now } from "../sched/clock.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/** See the top of this file. */
export class EventServer<C> implements Server<C>, ConnHost<C> {
  readonly events: Events<C>;
  readonly settings: Settings;
  readonly sockets: SocketCalls = platform().sockets;
  readonly again: number = -platform().errno.EAGAIN;
  readonly interrupted: number = -platform().errno.EINTR;
  readonly addrs: Addr[] = [];
  closing = false;
  readonly #loops: readonly Loop[];
  readonly #balancer: Balancer;
  readonly #conns = new ConnList<EventStreamConn<C>>();
  readonly #listening: Listening[] = [];
  readonly #grace: CallTimer = new CallTimer(() => {
    for (const conn of this.#conns) conn.timedOut(false);
  });
  #ticker: Ticker | null = null;
  /** The error that ends it; null for a shutdown. */
  #failure: { readonly error: unknown } | null = null;

  /** Throws TypeError if a setting is invalid. */
  constructor(events: Events<C>) {
    this.settings = checkSettings(events);
    this.events = events;
    this.#loops = Array.from({ length: this.settings.numLoops }, (_, i) => new Loop(i));
    this.#balancer = new Balancer(this.settings.loadBalance);
  }

  /** Serves until it is shut down. Parks. Throws what `serving` or `onError` threw. */
  *serve(addresses: readonly string[]): Routine<void> {
    const { context } = this.settings;
    const forget = context === null ? null : onCancel(context, () => this.shutdown());
    try {
      if (context !== null && context.err !== null) return;
      const parsed = addresses.map(parseServeAddress);
      for (const [i, address] of parsed.entries()) {
        const listening = yield* listenOn(address, this, this.#loops[i % this.numLoops], i);
        this.#listening.push(listening);
        this.addrs.push(listening.addr);
      }
      this.act(this.events.serving?.(this));
      if (this.events.tick !== undefined) this.#ticker = new Ticker(this, this.#loops[0]);
      if (this.closing) this.#stopTicking();
      const loops = this.#loops.map((loop) => go(() => loop.run()));
      for (const loop of loops) yield* loop.join();
    } finally {
      forget?.();
      this.#kill();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** See {@linkcode Server.numLoops}. */
  get numLoops(): number {
    return this.#loops.length;
  }

  /** See {@linkcode Server.connections}. */
  get connections(): number {
    return this.#conns.size;
  }

  /** See {@linkcode Server.loads}. */
  loads(): number[] {
    return this.#loops.map(({ connections }) => connections);
  }

  /** See {@linkcode Server.conns}. */
  conns(): Iterable<EventConn<C>> {
    // The caller may park while it iterates, and connections may close meanwhile.
    return [...this.#conns];
  }

  /** See {@linkcode Server.pauseAccept}. */
  pauseAccept(addrIndex?: number): void {
    for (const listening of this.#chosen(addrIndex)) listening.pause();
  }

  /** See {@linkcode Server.resumeAccept}. */
  resumeAccept(addrIndex?: number): void {
    for (const listening of this.#chosen(addrIndex)) listening.resume();
  }

  /** See {@linkcode Server.dial}. */
  *dial(address: string, options: DialOptions = {}, context?: C): Routine<EventConn<C>> {
    const { network, address: to } = parseServeAddress(address);
    const net = streamNet(network);
    if (this.closing) throw new ClosedError();
    const dialled = (yield* dial(network as TCPNetwork, to, options)) as TCPConn;
    if (this.closing) {
      dialled.close();
      throw new ClosedError();
    }
    const { sysfd, pd } = dialled[DESCRIPTOR];
    const conn = this.#placeConnected(net, sysfd, -1);
    conn.takeOver(pd!);
    this.#begin(conn, context);
    return conn;
  }

  /** See {@linkcode Server.adopt}. */
  adopt(fd: number, options: AdoptOptions = {}, context?: C): EventConn<C> {
    // A fraction would be truncated on its way to the kernel, and name another descriptor.
    if (!(Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31)) {
      throw new RangeError(
        `Cannot adopt a descriptor as fd must be a non-negative integer: current value is ${
          shown(fd)
        }`,
      );
    }
    needObject("adopt a descriptor", "options", options);
    const { network = "tcp", addrIndex = -1 } = options;
    if (!Number.isInteger(addrIndex)) {
      throw wrongArgument("adopt a descriptor", "addrIndex", "an integer", addrIndex);
    }
    const net = streamNet(network);
    if (this.closing) throw new ClosedError();
    readyToAdopt(fd, net);
    const conn = this.take(fd, net, addrIndex, context);
    if (takeShared(fd)) conn.share();
    return conn;
  }

  /** As {@linkcode adopt}, for a descriptor that is known to be suitable. */
  take(fd: number, net: StreamNet, addrIndex: number, context?: C): EventStreamConn<C> {
    const conn = this.#placeConnected(net, fd, addrIndex);
    const done = conn.register();
    if (done < 0) throw new SyscallError(platform().registerName, -done);
    this.#begin(conn, context);
    return conn;
  }

  /** See {@linkcode Server.shutdown}. */
  shutdown(): void {
    if (this.closing) return;
    this.closing = true;
    this.#listening.forEach((listening) => listening.close());
    this.#stopTicking();
    for (const conn of this.#conns) conn.close();
    if (this.#conns.size === 0) return this.#endLoops();
    const { grace } = this.settings;
    if (grace !== Infinity) scheduler.timers.set(this.#grace, now() + grace);
  }

  /** Ends it because of `error`, which `serve` throws. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.shutdown();
  }

  report(error: unknown, conn: EventConn<C> | null): void {
    try {
      if (this.events.onError !== undefined) this.events.onError(error, conn);
      else console.error("netpoll: an event handler threw:", error);
    } catch (worse) {
      this.fail(worse);
    }
  }

  act(action: Action | undefined | void): void {
    switch (action) {
      case "shutdown":
        return this.shutdown();
      case undefined:
      case "none":
      case "close":
      case "detach":
        return;
    }
    throw wrongAnswer("an action", "none, detach, close or shutdown", action);
  }

  left(conn: EventStreamConn<C>): void {
    this.#conns.remove(conn);
    this.#loops[conn.loop].connections--;
    if (this.closing && this.#conns.size === 0) this.#endLoops();
  }

  /** Called for each new connection. */
  accepted(sysfd: number, net: StreamNet, addrIndex: number): void {
    const conn = this.#place(net, sysfd, acceptedPeer(this.sockets, net), addrIndex);
    const done = conn.register();
    if (done >= 0) return this.#begin(conn);
    this.sockets.close(sysfd);
    this.report(new SyscallError(platform().registerName, -done), null);
  }

  #place(net: StreamNet, sysfd: number, peer: Peer, addrIndex: number): EventStreamConn<C> {
    const loop = this.#loops[this.#balancer.choose(this.#loops)];
    return new EventStreamConn<C>(this, loop, net, sysfd, peer, addrIndex);
  }

  #placeConnected(net: StreamNet, sysfd: number, addrIndex: number): EventStreamConn<C> {
    return this.#place(net, sysfd, connectedPeer(this.sockets, net, sysfd), addrIndex);
  }

  #begin(conn: EventStreamConn<C>, context?: C): void {
    if (context !== undefined) conn.context = context;
    const loop = this.#loops[conn.loop];
    this.#conns.add(conn);
    loop.connections++;
    loop.enqueue(conn);
  }

  #chosen(addrIndex: number | undefined): readonly Listening[] {
    if (addrIndex === undefined) return this.#listening;
    const chosen = Number.isInteger(addrIndex) ? this.#listening[addrIndex] : undefined;
    if (chosen !== undefined) return [chosen];
    throw new RangeError(
      `Cannot pause or resume as addrIndex must be the index of an address: current value is ${
        shown(addrIndex)
      }`,
    );
  }

  #stopTicking(): void {
    this.#ticker?.stop();
  }

  #endLoops(): void {
    scheduler.timers.stop(this.#grace);
    this.#loops.forEach((loop) => loop.end());
  }

  /** Ends all remaining connections at once. */
  #kill(): void {
    this.closing = true;
    this.#listening.forEach((listening) => listening.close());
    this.#stopTicking();
    for (const conn of this.#conns) conn.closeQuietly();
    this.#endLoops();
  }
}

notesCalls(EventServer.prototype, "server", "dial");
