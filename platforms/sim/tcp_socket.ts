// SPDX-License-Identifier: MIT
/** TCP sockets: the handshake, and the calls of a program. See tcp(7). */
import type { RawAddress, ShutdownHow } from "../contract/sockets.ts";
import { ANY, isV4, type SocketAddress } from "./address.ts";
import * as E from "./errno.ts";
import { NetEvent } from "./event_heap.ts";
import { Fifo } from "./fifo.ts";
import { InetSocket } from "./inet_socket.ts";
import type { Kernel } from "./kernel.ts";
import { modeOf } from "./poller.ts";
import type { PortHolder } from "./ports.ts";
import { ACK, resetFor, RST, Segment, type SegmentTarget, SYN } from "./segment.ts";
import type { SocketOption } from "./sim_socket.ts";
import { type StreamOwner, TcpStream } from "./tcp_stream.ts";

/**
 * Linux's tcp_syn_retries and tcp_synack_retries: the first timeout is one second, then it doubles.
 */
const SYN_RETRIES = 6;
const SYN_ACK_RETRIES = 5;
const FIRST_SYN_MS = 1000;
/** Time until an address without a host is unreachable: three ARP requests. */
const NO_HOST_MS = 3000;
/** Duration of TIME_WAIT, and of FIN_WAIT2 of a closed descriptor. */
const WAIT_MS = 60_000;
/** Linux's net.core.somaxconn. */
const MOST_BACKLOG = 4096;
/** Default buffer sizes, unless set by SO_SNDBUF or SO_RCVBUF. */
const SEND_BUFFER = 256 * 1024;
const RECEIVE_BUFFER = 128 * 1024;
/** Sizes that Linux then reports. */
const REPORTED: Partial<Record<SocketOption, number>> = {
  SO_SNDBUF: 16_384,
  SO_RCVBUF: 131_072,
  TCP_KEEPIDLE: 7200,
  TCP_KEEPINTVL: 75,
  TCP_KEEPCNT: 9,
};
/** Minimum buffer sizes, as Linux counts them: twice the requested size. */
const LEAST_BUFFER: Partial<Record<SocketOption, number>> = { SO_SNDBUF: 4608, SO_RCVBUF: 2304 };

/** Maximum option values of Linux. */
const MOST: Partial<Record<SocketOption, number>> = {
  TCP_KEEPIDLE: 32_767,
  TCP_KEEPINTVL: 32_767,
  TCP_KEEPCNT: 127,
};

type State =
  | "closed"
  | "listening"
  | "syn sent"
  | "syn received"
  | "established"
  | "failed";

/** Calls a function at a time that may change while it is scheduled. */
class SocketTimer extends NetEvent {
  readonly #f: () => void;

  constructor(f: () => void) {
    super();
    this.#f = f;
  }

  override fire(): void {
    this.#f();
  }
}

/** Dispatcher of a host's port, for segments that start a connection. */
class LocalDispatcher implements SegmentTarget {
  readonly station: Kernel;
  readonly localIp: string;
  readonly localPort: number;
  readonly remote: SocketAddress;

  constructor(station: Kernel, to: SocketAddress, from: SocketAddress) {
    this.station = station;
    this.localIp = to.ip;
    this.localPort = to.port;
    this.remote = from;
  }

  receive(segment: Segment): void {
    const holder = this.#find(segment.source);
    if (holder !== null) holder.receive(segment);
    else if (!(segment.flags & RST)) {
      this.station.network.link(this.station, segment.from as Kernel).send(resetFor(segment));
    }
  }

  /** Finds the target: a connection, then a listener on this address, then one on all. */
  #find(source: SegmentTarget): SegmentTarget | null {
    const from = { ip: source.localIp, port: source.localPort };
    const connection = this.station.tcp.accepted(this.localIp, this.localPort, from);
    if (connection !== null) return connection;
    const listeners: (PortHolder & SegmentTarget)[] = [];
    for (const holder of this.station.tcp.holders(this.localPort)) {
      const any = holder.localIp === ANY;
      if (!any && holder.localIp !== this.localIp) continue;
      if (any && isV4(this.localIp) === holder.wide && (!holder.wide || holder.v6only)) continue;
      const { remote } = holder;
      if (remote !== null) {
        if (remote.port === source.localPort && remote.ip === source.localIp) return holder;
      } else if (holder.listening) listeners.push(holder);
    }
    const exact = listeners.filter(({ localIp }) => localIp !== ANY);
    const fit = exact.length > 0 ? exact : listeners;
    if (fit.length < 2) return fit[0] ?? null;
    // SO_REUSEPORT distributes connections.
    const { name, world } = this.station;
    return fit[world.choices.stream(`host ${name} reuseport`).choose(fit.length)];
  }
}

/** See the top of this file. */
export class TcpSocket extends InetSocket implements StreamOwner {
  readonly type = "stream";
  orphan = false;
  #state: State = "closed";
  #stream: TcpStream | null = null;
  /** Other end of a handshake or connection. */
  #peer: SegmentTarget | null = null;
  /** Listener that this connection comes from. */
  #listener: TcpSocket | null = null;
  #backlog = 0;
  /** Connections in the handshake, by the dialing socket. */
  readonly #pending = new Map<SegmentTarget, TcpSocket>();
  /** Connections to accept. */
  readonly #queue = new Fifo<TcpSocket>();
  #readShut = false;
  #writeShut = false;
  /** Whether a failure was already reported. */
  #broken = false;
  #tries = 0;
  readonly #handshake = new SocketTimer(() => this.#handshakeTimeout());
  #handshakeDue = Infinity;
  readonly #keepAlive = new SocketTimer(() => this.#keepAliveDue());
  #probes = 0;

  override get listening(): boolean {
    return this.#state === "listening";
  }

  protected override get ports(): Kernel["tcp"] {
    return this.station.tcp;
  }

  get userTimeout(): number {
    return this.options.get("TCP_USER_TIMEOUT") ?? 0;
  }

  override get remoteAddress(): RawAddress | number {
    return this.#state === "established" ? super.remoteAddress : -E.ENOTCONN;
  }

  override get unacknowledged(): number {
    return this.#stream?.unacknowledged ?? 0;
  }

  override get delivered(): number {
    return this.#stream?.received.next ?? 0;
  }

  get mode(): number {
    const stream = this.#stream;
    if (this.#state === "listening") return modeOf(this.#queue.length > 0, false, false, false);
    if (this.#state === "syn sent" || this.#state === "syn received") return 0;
    if (this.#state !== "established") return modeOf(true, true, true, this.error !== 0);
    const hangup = stream!.peerEnded || this.#readShut;
    const readable = hangup || stream!.received.readable > 0;
    return modeOf(readable, stream!.writable || this.#writeShut, hangup, this.error !== 0);
  }

  override bind(address: RawAddress): number {
    return this.#state === "closed" ? super.bind(address) : -E.EINVAL;
  }

  override listen(backlog: number): number {
    if (this.#state !== "closed" && this.#state !== "listening") return -E.EINVAL;
    this.#backlog = Math.max(0, Math.min(backlog, MOST_BACKLOG));
    if (this.#state === "listening") return 0;
    if (this.localPort === 0) {
      const done = this.takePort(0);
      if (done < 0) return done;
    }
    this.#state = "listening";
    const done = this.station.tcp.check(this);
    if (done < 0) this.#state = "closed";
    return done;
  }

  connect(address: RawAddress): number {
    if (this.#state === "syn sent") return -E.EALREADY;
    if (this.#state === "established" || this.#state === "listening") return -E.EISCONN;
    if (this.#state === "failed") return -E.ECONNABORTED;
    const to = this.decode(address);
    if (typeof to === "number") return to;
    const ip = this.unspecified(to.ip);
    const done = this.autobind(ip);
    if (done < 0) return done;
    this.remote = { ip, port: to.port };
    this.#state = "syn sent";
    this.#dial(ip, to.port);
    return -E.EINPROGRESS;
  }

  override accept(): TcpSocket | number {
    if (this.#state !== "listening") return -E.EINVAL;
    const next = this.#queue.first;
    if (next === undefined) return -E.EAGAIN;
    return next;
  }

  override get peerName(): RawAddress {
    const { ip, port } = this.remote!;
    return this.encode(ip, port);
  }

  override accepted(): void {
    this.#queue.shift()!.#listener = null;
  }

  recv(buffer: Uint8Array, length: number): number {
    const stream = this.#stream;
    const readable = stream !== null && stream.received.readable > 0;
    if (readable) return stream.read(buffer, length);
    if (this.error !== 0) return -this.takeError();
    if (this.#state === "syn sent") return -E.EAGAIN;
    if (stream === null) return this.#broken ? 0 : -E.ENOTCONN;
    if (stream.peerEnded || this.#readShut || this.#state === "failed") return 0;
    return -E.EAGAIN;
  }

  send(buffer: Uint8Array, length: number): number {
    if (this.error !== 0) return -this.takeError();
    if (this.#state === "syn sent") return -E.EAGAIN;
    if (this.#state !== "established" || this.#writeShut) return -E.EPIPE;
    if (length === 0) return 0;
    return this.#stream!.write(buffer, length) || -E.EAGAIN;
  }

  shutdown(how: ShutdownHow): number {
    if (this.#state !== "established") return -E.ENOTCONN;
    if (how === "read") this.#readShut = true;
    else if (!this.#writeShut) {
      this.#writeShut = true;
      this.#stream!.end();
    }
    this.wake();
    return 0;
  }

  override getOption(option: SocketOption): number {
    if (option === "SO_ERROR") return this.takeError();
    if (option === "SO_TYPE") return 1;
    return this.options.get(option) ?? REPORTED[option] ?? 0;
  }

  override setOption(option: SocketOption, value: number): number {
    const least = LEAST_BUFFER[option];
    if (value > (MOST[option] ?? Infinity)) return -E.EINVAL;
    const kept = least === undefined ? value : Math.max(least, value * 2);
    const done = super.setOption(option, kept);
    if (done < 0) return done;
    if (this.#stream !== null) {
      this.#stream.sendBuffer = this.#sendBuffer;
      this.#stream.receiveBuffer = Math.max(this.#stream.receiveBuffer, this.#receiveBuffer);
      if (option.startsWith("TCP_KEEP") || option === "SO_KEEPALIVE") this.#armKeepAlive();
    }
    return 0;
  }

  closed(): void {
    this.orphan = true;
    if (this.#state === "listening") return this.#stopListening();
    const stream = this.#stream;
    if (this.#state !== "established" || stream === null) return this.#forget();
    if (this.lingerSeconds === 0 || stream.received.readable > 0) {
      stream.reset();
      return this.#forget();
    }
    stream.end();
    this.directionEnded();
  }

  receive(segment: Segment): void {
    if (this.gone) return this.#refuse(segment);
    switch (this.#state) {
      case "listening":
        return this.#incoming(segment);
      case "syn sent":
        return this.#answered(segment);
      case "syn received":
        return this.#completed(segment);
      case "established":
        this.#probes = 0;
        // The reply to the last step of the handshake was lost.
        if (segment.flags & SYN) return this.#stream!.acknowledge();
        return this.#stream!.receive(segment);
      default:
        return this.#refuse(segment);
    }
  }

  override cutOff(): void {
    const peer = this.#stream?.peer;
    if (this.#state !== "established" || peer === undefined) return;
    const { station } = this;
    const link = station.network.link(peer.station as Kernel, station);
    this.#stream!.reset();
    link.send(new Segment(peer, this, this.localPort, RST, 0, 0, 0));
  }

  readinessChanged(): void {
    this.wake();
  }

  failed(errno: number): void {
    const stream = this.#stream;
    if (errno !== 0) this.error = errno;
    else this.error = stream?.peerEnded === true ? E.EPIPE : E.ECONNRESET;
    stream?.stop();
    this.#broken = true;
    this.#forget();
    const listener = this.#listener;
    if (listener !== null && listener.#queue.length > 0) listener.wake();
    this.wake();
  }

  directionEnded(): void {
    const stream = this.#stream!;
    if (stream.endAcknowledged && stream.peerEnded) {
      if (!this.orphan) return;
      this.blocksUntil = stream.endedFirst ? this.station.world.now + WAIT_MS : 0;
      if (!stream.endedFirst) this.forgetPort();
    } else if (this.orphan && stream.endAcknowledged) {
      const timer = new SocketTimer(() => {
        if (!stream.peerEnded) this.#forget();
      });
      this.station.world.schedule(timer, WAIT_MS);
    }
  }

  get #sendBuffer(): number {
    return (this.options.get("SO_SNDBUF") ?? 2 * SEND_BUFFER) / 2;
  }

  get #receiveBuffer(): number {
    return (this.options.get("SO_RCVBUF") ?? 2 * RECEIVE_BUFFER) / 2;
  }

  /** Releases the port and ends the connection. */
  #forget(): void {
    this.#state = "failed";
    this.#handshakeDue = Infinity;
    this.forgetPort();
  }

  #dial(ip: string, port: number): void {
    const { station } = this;
    const host = station.hostAt(ip);
    if (host === null) {
      const timer = new SocketTimer(() => {
        if (this.#state === "syn sent") this.failed(E.EHOSTUNREACH);
      });
      return station.world.schedule(timer, NO_HOST_MS);
    }
    this.#peer = new LocalDispatcher(host, { ip, port }, {
      ip: this.localIp,
      port: this.localPort,
    });
    this.#sendHandshake();
  }

  /** Sends a SYN or its reply, and retransmits it on timeout. */
  #sendHandshake(): void {
    const flags = this.#state === "syn sent" ? SYN : SYN | ACK;
    const { world } = this.station;
    this.#sendBare(flags);
    this.#handshakeDue = world.now + FIRST_SYN_MS * 2 ** this.#tries++;
    if (!this.#handshake.scheduled) world.events.add(this.#handshake, this.#handshakeDue);
  }

  #sendBare(flags: number): void {
    const peer = this.#peer!;
    const link = this.station.network.link(this.station, peer.station as Kernel);
    link.send(new Segment(this, peer, this.remote!.port, flags, 0, 0, this.#receiveBuffer));
  }

  #handshakeTimeout(): void {
    const waiting = this.#state === "syn sent" || this.#state === "syn received";
    if (!waiting || this.gone) return;
    const { world } = this.station;
    if (this.#handshakeDue > world.now) {
      if (this.#handshakeDue < Infinity) world.events.add(this.#handshake, this.#handshakeDue);
      return;
    }
    const most = this.#state === "syn sent" ? SYN_RETRIES : SYN_ACK_RETRIES;
    if (this.#tries <= most) return this.#sendHandshake();
    this.#leaveListener();
    this.failed(E.ETIMEDOUT);
  }

  /** Handles a segment for a listener. */
  #incoming(segment: Segment): void {
    const { source, flags } = segment;
    const known = this.#pending.get(source);
    if (known !== undefined) return known.#sendBare(SYN | ACK);
    if (!(flags & SYN)) return this.#refuse(segment);
    // As in Linux: the queue may exceed the backlog by one.
    if (this.#queue.length > this.#backlog) return segment.drop("backlog full");
    const child = new TcpSocket(this.station, this.domain);
    for (const [option, value] of this.options) child.options.set(option, value);
    child.lingerSeconds = this.lingerSeconds;
    child.localIp = segment.target.localIp;
    child.localPort = this.localPort;
    child.remote = { ip: source.localIp, port: source.localPort };
    child.#peer = source;
    child.#listener = this;
    child.#state = "syn received";
    child.#open(segment.window);
    this.station.tcp.addAccepted(child, child.remote);
    this.#pending.set(source, child);
    child.#sendHandshake();
  }

  /** Handles the reply of the dialed host. */
  #answered(segment: Segment): void {
    const { flags } = segment;
    if (flags & RST) {
      this.#handshakeDue = Infinity;
      this.#broken = true;
      this.error = E.ECONNREFUSED;
      this.#forget();
      return this.wake();
    }
    if (!(flags & SYN)) return;
    this.#peer = segment.source;
    this.#open(segment.window);
    this.#state = "established";
    if (flags & ACK) this.#stream!.acknowledge();
    // Simultaneous open, or a self-connect. RFC 9293, 3.5.
    else this.#sendBare(SYN | ACK);
    this.#armKeepAlive();
    this.wake();
  }

  /** Handles the last step of the handshake, or the first data after it. */
  #completed(segment: Segment): void {
    const listener = this.#listener!;
    if (segment.flags & RST) {
      this.#leaveListener();
      return this.#forget();
    }
    if (segment.flags & SYN) return this.#sendBare(SYN | ACK);
    // Not accepted until there is data to read.
    const deferred = segment.bytes === 0 && listener.getOption("TCP_DEFER_ACCEPT") > 0;
    // Otherwise the reply is sent again, whose acknowledgment may find room.
    if (!deferred && listener.#queue.length > listener.#backlog) {
      return segment.drop("backlog full");
    }
    this.#handshakeDue = Infinity;
    if (deferred) return;
    listener.#pending.delete(segment.source);
    listener.#queue.push(this);
    this.#state = "established";
    this.#stream!.receive(segment);
    this.#armKeepAlive();
    listener.wake();
  }

  #open(window: number): void {
    const peer = this.#peer!;
    const link = this.station.network.link(this.station, peer.station as Kernel);
    const buffers = { send: this.#sendBuffer, receive: this.#receiveBuffer, window };
    this.#stream = new TcpStream(this, peer, link, buffers);
  }

  #leaveListener(): void {
    const listener = this.#listener;
    if (listener === null) return;
    listener.#pending.delete(this.#peer!);
    listener.#queue.remove(this);
  }

  #stopListening(): void {
    this.#forget();
    for (const one of [...this.#pending.values(), ...this.#queue]) {
      one.orphan = true;
      one.#stream!.reset();
      one.#forget();
    }
    this.#pending.clear();
    this.#queue.clear();
  }

  #refuse(segment: Segment): void {
    if (segment.flags & RST) return;
    const { station } = this;
    station.network.link(station, segment.from as Kernel).send(resetFor(segment));
  }

  #armKeepAlive(): void {
    if (this.options.get("SO_KEEPALIVE") !== 1 || this.#keepAlive.scheduled) return;
    this.station.world.schedule(this.#keepAlive, this.#seconds("TCP_KEEPIDLE"));
  }

  #seconds(option: SocketOption): number {
    return this.getOption(option) * 1000;
  }

  #keepAliveDue(): void {
    const stream = this.#stream!;
    const { world } = this.station;
    if (this.#state !== "established" || this.gone) return;
    if (this.options.get("SO_KEEPALIVE") !== 1) return;
    const idleUntil = stream.heardAt + this.#seconds("TCP_KEEPIDLE");
    if (this.#probes === 0 && idleUntil > world.now) {
      return world.events.add(this.#keepAlive, idleUntil);
    }
    if (this.#probes >= this.getOption("TCP_KEEPCNT")) {
      stream.reset();
      return this.failed(E.ETIMEDOUT);
    }
    // While data is unacknowledged, its retransmission replaces the probe.
    if (stream.unacknowledged === 0) {
      this.#probes++;
      stream.probe();
    }
    world.schedule(this.#keepAlive, this.#seconds("TCP_KEEPINTVL"));
  }
}
