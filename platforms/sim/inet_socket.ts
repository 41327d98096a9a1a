// SPDX-License-Identifier: MIT
/** Base class of TCP and UDP sockets: addresses and ports. */
import type { RawAddress } from "../contract/sockets.ts";
import { SOCKADDR } from "../linux/structs.ts";
import { SOCKADDR_IN, SOCKADDR_IN6 } from "../shared/sockaddr.ts";
import { ANY, bytesOf, isV4, keyOf, LOOPBACK4, LOOPBACK6, type SocketAddress } from "./address.ts";
import * as E from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import type { PortHolder, Ports } from "./ports.ts";
import { SimSocket, type SocketOption } from "./sim_socket.ts";

/** See the top of this file. */
export abstract class InetSocket extends SimSocket implements PortHolder {
  readonly domain: "ip4" | "ip6";
  readonly wide: boolean;
  localIp: string = ANY;
  localPort = 0;
  remote: SocketAddress | null = null;
  blocksUntil: number = Infinity;
  readonly #boot: number;

  constructor(station: Kernel, family: "ip4" | "ip6") {
    super(station);
    this.domain = family;
    this.wide = family === "ip6";
    this.#boot = station.boot;
  }

  /** Port table of its protocol. */
  protected abstract readonly ports: Ports<PortHolder>;

  /** Whether its host has crashed since it was created. */
  get gone(): boolean {
    return this.#boot !== this.station.boot;
  }

  get v6only(): boolean {
    return this.options.get("IPV6_V6ONLY") === 1;
  }

  get reuseAddr(): boolean {
    return this.options.get("SO_REUSEADDR") === 1;
  }

  get reusePort(): boolean {
    return this.options.get("SO_REUSEPORT") === 1;
  }

  get localAddress(): RawAddress {
    return this.encode(this.localIp, this.localPort);
  }

  get remoteAddress(): RawAddress | number {
    const { remote } = this;
    return remote === null ? -E.ENOTCONN : this.encode(remote.ip, remote.port);
  }

  bind(address: RawAddress): number {
    if (this.localPort !== 0) return -E.EINVAL;
    const to = this.decode(address);
    if (typeof to === "number") return to;
    if (to.ip !== ANY && !this.station.has(to.ip)) return -E.EADDRNOTAVAIL;
    this.localIp = to.ip;
    const done = this.takePort(to.port);
    if (done < 0) this.localIp = ANY;
    // As in Linux: a socket bound to one IPv6 address never receives IPv4.
    else if (this.wide && to.ip !== ANY && !isV4(to.ip)) this.options.set("IPV6_V6ONLY", 1);
    return done;
  }

  override setOption(option: SocketOption, value: number): number {
    if (option === "SO_MARK") return -E.EPERM;
    if (!this.wide && option.startsWith("IPV6_")) return -E.ENOPROTOOPT;
    return super.setOption(option, value);
  }

  protected encode(ip: string, port: number): RawAddress {
    return SOCKADDR.encode({ ip: bytesOf(ip, this.wide), port, scope: 0 });
  }

  protected decode(address: RawAddress): SocketAddress | number {
    const v4 = SOCKADDR.isInet4(address);
    const size = this.wide ? SOCKADDR_IN6.size : SOCKADDR_IN.size;
    if (v4 === this.wide || address.length < size) return -E.EAFNOSUPPORT;
    const { ip, port } = SOCKADDR.decode(address);
    return { ip: keyOf(ip), port };
  }

  /** Resolves the unspecified address to this machine. */
  protected unspecified(ip: string): string {
    if (ip !== ANY) return ip;
    return this.wide ? LOOPBACK6 : LOOPBACK4;
  }

  /**
   * Binds to a local address and port for `ip`; with `address` false, to the port on all addresses.
   */
  protected autobind(ip: string, address = true): number {
    const source = this.station.sourceFor(ip);
    if (typeof source === "number") return source;
    if (address && this.localIp === ANY) this.localIp = source;
    return this.localPort === 0 ? this.takePort(0) : 0;
  }

  /** Allocates `port`, or a free one for 0. */
  protected takePort(port: number): number {
    const { ports } = this;
    const free = (wanted: number) => {
      this.localPort = wanted;
      return ports.check(this) === 0;
    };
    const done = port === 0 ? ports.ephemeral(free) : free(port) ? 0 : -E.EADDRINUSE;
    if (done < 0) {
      this.localPort = 0;
      return done;
    }
    ports.add(this);
    return 0;
  }

  /** Releases its port. */
  protected forgetPort(): void {
    this.ports.remove(this);
  }
}
