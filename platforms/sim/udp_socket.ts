// SPDX-License-Identifier: MIT
/** UDP sockets. See udp(7), ip(7). */
import { type ControlInfo, type ControlRequest, NO_CONTROL } from "../contract/packets.ts";
import type { RawAddress } from "../contract/sockets.ts";
import { viewOf } from "../shared/view.ts";
import { bytesOf, isV4, keyOf, type SocketAddress } from "./address.ts";
import * as E from "./errno.ts";
import { Fifo } from "./fifo.ts";
import { InetSocket } from "./inet_socket.ts";
import type { Kernel } from "./kernel.ts";
import type { MessageSocket, OutgoingMessage, ReceivedMessage } from "./message.ts";
import { Packet } from "./packet.ts";
import { modeOf } from "./poller.ts";
import type { SocketOption } from "./sim_socket.ts";

/** Maximum length of a datagram, for each IP version. */
const MOST4 = 65_507;
const MOST6 = 65_527;
/** Default receive buffer size, unless set by SO_RCVBUF; Linux's net.core.rmem_default. */
const BUFFER = 212_992;
/** Linux's per-datagram overhead in the receive buffer. */
const OVERHEAD = 768;
/** Broadcast addresses: of the network, and of the loopback network. */
const BROADCAST = "255.255.255.255";
const OWN_BROADCAST = "127.255.255.255";
/** Interface index reported by IP_PKTINFO: 1 is the loopback interface. */
const ETHERNET = 2;
const TO_ITSELF = 1;

/** A datagram in the receive queue. */
interface Waiting {
  readonly data: Uint8Array;
  readonly from: SocketAddress;
  readonly to: string;
  readonly interfaceIndex: number;
  /** Size of each coalesced datagram, or 0. */
  readonly segment: number;
}

function isBroadcast(key: string): boolean {
  return key === BROADCAST || key === OWN_BROADCAST;
}

/** Whether a key is a multicast address. */
function isMulticast(key: string): boolean {
  return isV4(key) ? /^2(2[4-9]|3\d)\./.test(key) : key.startsWith("ff");
}

/** A datagram on the network. */
class Datagram extends Packet {
  readonly #host: Kernel;
  readonly #sender: UdpSocket;
  readonly #source: SocketAddress;
  readonly #target: string;
  readonly #data: Uint8Array;
  readonly #segment: number;

  constructor(
    host: Kernel,
    sender: UdpSocket,
    source: SocketAddress,
    target: SocketAddress,
    data: Uint8Array,
    segment: number,
  ) {
    super(sender.station, host, "udp", data.length, target.port);
    this.#host = host;
    this.#sender = sender;
    this.#source = source;
    this.#target = target.ip;
    this.#data = data;
    this.#segment = segment;
  }

  override copy(): Datagram {
    const target = { ip: this.#target, port: this.port };
    const segment = this.#segment;
    return new Datagram(this.#host, this.#sender, this.#source, target, this.#data, segment);
  }

  protected override arrive(): void {
    const interfaceIndex = this.from === this.to ? TO_ITSELF : ETHERNET;
    const common = { from: this.#source, to: this.#target, interfaceIndex };
    const waiting = { ...common, data: this.#data, segment: this.#segment };
    const sockets = socketsFor(this.#host, { ip: this.#target, port: this.port }, this.#source);
    for (const socket of sockets) if (!socket.take(waiting)) this.drop("receive buffer full");
    if (sockets.length > 0 || isMulticast(this.#target) || isBroadcast(this.#target)) return;
    const back = this.#host.network.link(this.#host, this.#sender.station);
    back.send(new Unreachable(this.#host, this.#sender, this.#source.port));
  }
}

/** ICMP port unreachable. */
class Unreachable extends Packet {
  readonly #sender: UdpSocket;

  constructor(host: Kernel, sender: UdpSocket, port: number) {
    super(host, sender.station, "icmp port unreachable", 0, port);
    this.#sender = sender;
  }

  override copy(): Unreachable {
    return new Unreachable(this.from as Kernel, this.#sender, this.port);
  }

  protected override arrive(): void {
    this.#sender.refused();
  }
}

/** Returns the sockets of `host` that receive a datagram. */
function socketsFor(host: Kernel, to: SocketAddress, from: SocketAddress): UdpSocket[] {
  const group = isMulticast(to.ip);
  const all = [...host.udp.holders(to.port)].filter((holder): holder is UdpSocket =>
    holder instanceof UdpSocket && holder.hears(to, from)
  );
  if (group || isBroadcast(to.ip)) return all;
  const best = Math.max(...all.map((socket) => socket.closeness));
  const fit = all.filter((socket) => socket.closeness === best);
  if (fit.length < 2) return fit;
  // Linux hashes both addresses, so that a sender always reaches the same socket.
  return [fit[(from.port + from.ip.length) % fit.length]];
}

/** See the top of this file. */
export class UdpSocket extends InetSocket implements MessageSocket {
  readonly type = "dgram";
  readonly #queue = new Fifo<Waiting>();
  #queued = 0;
  readonly #groups = new Set<string>();

  protected override get ports(): Kernel["udp"] {
    return this.station.udp;
  }

  get mode(): number {
    return modeOf(this.#queue.length > 0, true, false, this.error !== 0);
  }

  get nextLength(): number {
    if (this.error !== 0) return -this.takeError();
    return this.#queue.first?.data.length ?? -E.EAGAIN;
  }

  /** Specificity of a match: a connected socket is preferred over one bound to an address. */
  get closeness(): number {
    return (this.remote === null ? 0 : 2) + (this.localIp === "*" ? 0 : 1);
  }

  /** Whether a datagram matches this socket. */
  hears(to: SocketAddress, from: SocketAddress): boolean {
    const { remote } = this;
    if (remote !== null && (remote.port !== from.port || remote.ip !== from.ip)) return false;
    if (isMulticast(to.ip)) return this.#groups.has(to.ip);
    if (isV4(to.ip) ? this.wide && this.v6only : !this.wide) return false;
    if (isBroadcast(to.ip)) return this.localIp === "*" || this.localIp === to.ip;
    return this.localIp === "*" || this.localIp === to.ip;
  }

  /** Queues a received datagram. Returns false if there is no room. */
  take(waiting: Waiting): boolean {
    const { segment, data } = waiting;
    if (segment > 0 && this.options.get("UDP_GRO") !== 1) {
      let all = true;
      for (let at = 0; at < data.length; at += segment) {
        const one = { ...waiting, data: data.subarray(at, at + segment), segment: 0 };
        all = this.take(one) && all;
      }
      return all;
    }
    const size = waiting.data.length + OVERHEAD;
    if (this.gone || this.#queued + size > this.getOption("SO_RCVBUF")) return false;
    this.#queued += size;
    this.#queue.push(waiting);
    this.wake();
    return true;
  }

  /** Handles ICMP port unreachable. */
  refused(): void {
    if (this.remote === null || this.gone) return;
    this.error = E.ECONNREFUSED;
    this.wake();
  }

  /** Joins or leaves a group. */
  member(group: string, on: boolean): number {
    if (!isMulticast(group) || (!this.wide && !isV4(group))) return -E.EINVAL;
    if (on === this.#groups.has(group)) return on ? -E.EADDRINUSE : -E.EADDRNOTAVAIL;
    if (on) this.#groups.add(group);
    else this.#groups.delete(group);
    return 0;
  }

  connect(address: RawAddress): number {
    const to = this.decode(address);
    if (typeof to === "number") return to;
    const ip = this.unspecified(to.ip);
    const done = this.autobind(ip);
    if (done < 0) return done;
    this.remote = { ip, port: to.port };
    return 0;
  }

  recv(buffer: Uint8Array, length: number): number {
    const message = this.receiveMessage(length);
    if (typeof message === "number") return message;
    viewOf(buffer).set(message.data);
    return message.data.length;
  }

  send(buffer: Uint8Array, length: number): number {
    return this.sendMessage({ data: viewOf(buffer, 0, length), to: null, control: null });
  }

  receiveMessage(capacity: number): ReceivedMessage | number {
    if (this.error !== 0) return -this.takeError();
    const waiting = this.#queue.shift();
    if (waiting === undefined) return -E.EAGAIN;
    const { data, from } = waiting;
    this.#queued -= data.length + OVERHEAD;
    return {
      data: data.subarray(0, capacity),
      whole: data.length,
      from: this.encode(from.ip, from.port),
      control: this.#control(waiting),
    };
  }

  sendMessage({ data, to, control }: OutgoingMessage): number {
    if (this.error !== 0) return -this.takeError();
    const target = to === null ? this.remote : this.decode(to);
    if (target === null) return -E.EDESTADDRREQ;
    if (typeof target === "number") return target;
    const ip = this.unspecified(target.ip);
    const segment = control?.segmentSize ?? this.options.get("UDP_SEGMENT") ?? 0;
    const size = segment > 0 ? Math.min(segment, data.length) : data.length;
    if (size > (isV4(ip) ? MOST4 : MOST6)) return -E.EMSGSIZE;
    if (isBroadcast(ip) && this.options.get("SO_BROADCAST") !== 1) return -E.EACCES;
    const source = this.#sourceFor(ip, control);
    if (typeof source === "number") return source;
    const done = this.autobind(ip, false);
    if (done < 0) return done;
    this.#sendTo({ ip, port: target.port }, source, data.slice(), size);
    return data.length;
  }

  shutdown(): number {
    return this.remote === null ? -E.ENOTCONN : 0;
  }

  closed(): void {
    this.forgetPort();
  }

  override getOption(option: SocketOption): number {
    if (option === "SO_TYPE") return 2;
    if (option === "SO_RCVBUF" || option === "SO_SNDBUF") return this.options.get(option) ?? BUFFER;
    if (option === "IP_TTL") return this.options.get(option) ?? 64;
    if (option.endsWith("MULTICAST_LOOP")) return this.options.get(option) ?? 1;
    return super.getOption(option);
  }

  override setOption(option: SocketOption, value: number): number {
    const doubled = option === "SO_RCVBUF" || option === "SO_SNDBUF";
    return super.setOption(option, doubled ? Math.max(2304, 2 * value) : value);
  }

  /** Returns the source address of a datagram, or minus an errno. */
  #sourceFor(ip: string, control: ControlRequest | null): string | number {
    if ((control?.interfaceIndex ?? 0) > ETHERNET) return -E.ENODEV;
    if (control?.source !== undefined) {
      const source = keyOf(control.source);
      return this.station.has(source) ? source : -E.EINVAL;
    }
    if (this.localIp !== "*" && !isMulticast(this.localIp)) return this.localIp;
    return this.station.sourceFor(ip);
  }

  /**
   * Sends data; segmented data reaches this host in one piece, and other hosts as separate
   * datagrams.
   */
  #sendTo(to: SocketAddress, source: string, data: Uint8Array, size: number): void {
    const { station } = this;
    const from = { ip: source, port: this.localPort };
    for (const host of this.#hostsAt(to.ip)) {
      const link = station.network.link(station, host);
      const whole = host === station && size < data.length;
      const step = whole ? data.length : Math.max(1, size);
      for (let at = 0; at === 0 || at < data.length; at += step) {
        const piece = data.subarray(at, at + step);
        link.send(new Datagram(host, this, from, to, piece, whole ? size : 0));
      }
    }
  }

  #hostsAt(ip: string): readonly Kernel[] {
    const { station } = this;
    if (ip === BROADCAST) return station.network.hosts;
    if (ip === OWN_BROADCAST) return [station];
    if (isMulticast(ip)) {
      const loop = this.getOption(isV4(ip) ? "IP_MULTICAST_LOOP" : "IPV6_MULTICAST_LOOP") === 1;
      const others = station.network.hosts.filter((host) => host !== station);
      return loop ? [station, ...others] : others;
    }
    const host = station.hostAt(ip);
    return host === null ? [] : [host];
  }

  #control({ to, interfaceIndex, segment }: Waiting): ControlInfo {
    const segmentSize = segment;
    const asked = this.options.get("IP_PKTINFO") === 1 ||
      this.options.get("IPV6_RECVPKTINFO") === 1;
    if (!asked) return segment === 0 ? NO_CONTROL : { ...NO_CONTROL, segmentSize };
    const destination = isV4(to) ? bytesOf(to, false) : bytesOf(to, true);
    return { ...NO_CONTROL, segmentSize, destination, interfaceIndex };
  }
}
