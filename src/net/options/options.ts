// SPDX-License-Identifier: MIT
/** Options of `listen` and `dial`. Go: `net.ListenConfig` and `net.Dialer`. */
import type { CallOptions } from "./call_options.ts";
import type { KeepAlive } from "../net.ts";
import type { ProxyHeaderOptions, ProxyProtocolOptions } from "./proxy_options.ts";
import type { Routine } from "../../sched/goroutine.ts";

/**
 * Called with each new socket before it is bound or connected, to set options that the library does
 * not expose. It must not close `fd`, keep it, or be async. Go: `net.ListenConfig.Control`.
 *
 * @param fd the descriptor
 * @param network the network with its IP version: "tcp4" or "tcp6"
 * @param address the address to bind, or for `dial` to connect to
 */
export type Control = (fd: number, network: string, address: string) => void;

/**
 * Custom resolver: returns the IP addresses of a host, best first. A synchronous one also works
 * under `runSync`.
 */
export type LookupHost = (host: string) => readonly string[] | PromiseLike<readonly string[]>;

/**
 * Who looks names of hosts up: the library's own resolver ("own"), the host's, which is `node:dns`
 * ("host"), or, with "auto", the own one unless the system's configuration wants more than it does,
 * as multicast DNS or LDAP. Go: `GODEBUG=netdns`.
 */
export type ResolverMode = "auto" | "own" | "host";

/** Looks up the addresses of hosts: a {@linkcode Resolver}, or an object of your own. */
export interface NameResolver {
  /**
   * Returns the IP addresses of a host, best first: at least one. May park. A {@linkcode DNSError}
   * that it throws becomes the cause of a dial's error; any other error passes through.
   */
  lookupHost(host: string): Routine<readonly string[]>;
}

/** Options of functions that look up names. Go: `net.Dialer.Resolver`. */
export interface LookupOptions extends CallOptions {
  /** Function to ask for every name instead of a resolver. */
  lookup?: LookupHost;
  /**
   * Resolver for names; "auto" by default. Under `runSync` the library's own one is used, whatever
   * the mode. See {@linkcode ResolverMode}.
   */
  resolver?: ResolverMode | NameResolver;
}

/** Options of all sockets. Omitted options keep the system's defaults. */
export interface SocketOptions {
  /**
   * Lets other sockets listen on the same port and share its connections. socket(7), SO_REUSEPORT.
   */
  reusePort?: boolean;
  /**
   * Allows binding to a port that an earlier connection still occupies (TIME_WAIT). On by default
   * for TCP listeners, as in Go. socket(7), SO_REUSEADDR.
   */
  reuseAddr?: boolean;
  /** Size of the receive buffer in bytes, set before a TCP connect. socket(7), SO_RCVBUF. */
  readBuffer?: number;
  /** Size of the send buffer in bytes. socket(7), SO_SNDBUF. */
  writeBuffer?: number;
  /** Network interface to use, such as "eth0". socket(7), SO_BINDTODEVICE. */
  bindToDevice?: string;
  /** Traffic class (DSCP and ECN) of each packet, a byte. ip(7), IP_TOS; ipv6(7), IPV6_TCLASS. */
  trafficClass?: number;
  /** Mark for packet filters and routing; needs privileges. socket(7), SO_MARK. */
  mark?: number;
  /** See {@linkcode Control}. An error that it throws becomes the cause of the call's OpError. */
  control?: Control;
}

/** Options of TCP connections; those of a listener apply to accepted connections. */
export interface TCPOptions extends SocketOptions {
  /** Keep-alive probes: off, on (the default), or with these intervals. */
  keepAlive?: boolean | KeepAlive;
  /** Whether small writes are sent at once; true by default, as in Go. tcp(7), TCP_NODELAY. */
  noDelay?: boolean;
  /** See {@linkcode Conn.setLinger}. */
  linger?: number | null;
  /**
   * Milliseconds, counted from `close`, that a closed connection waits for a peer that has not
   * acknowledged everything; 30,000 by default. See {@linkcode Conn.close}.
   */
  lingerTimeout?: number;
  /**
   * Milliseconds that sent data may stay unacknowledged before the connection is dropped; 0 means
   * the system's default. It also applies to a live peer that does not read. tcp(7),
   * TCP_USER_TIMEOUT.
   */
  userTimeout?: number;
}

/** Options of UDP sockets; other sockets ignore them. */
export interface PacketOptions {
  /**
   * Whether writes wait for the end of the scheduler's turn, and are then sent by one system call;
   * false by default. It makes a busy server faster, and delays a datagram until the goroutines
   * that are runnable have run.
   *
   * - `write` and `writeTo` copy the datagram and return. It is sent in their order: at the end of
   *   the turn, when 64 wait, before a `writeMsg`, `writeSegments` or `writeBatch`, and by `close`
   *   and `detach`. One longer than 2048 bytes is sent at once, after those that wait. An option
   *   such as `setTTL` or `setBroadcast` sends what waits, and then is set, unless the kernel has no
   *   space.
   * - An error of a datagram that was sent later is thrown by the next write of any kind, as an
   *   {@linkcode OpError} with `earlierDatagram`; the datagram of that write is not sent. The
   *   datagrams after the one that failed are sent. Of several errors the first is thrown; one that
   *   no write follows is lost.
   * - While the kernel has no buffer space the datagrams wait, and writes park as they do without
   *   this option. `close` and `detach` lose what there is no space for.
   *
   * Effective on Linux (sendmmsg(2)) and in simulations; elsewhere each datagram is sent at once.
   */
  coalesce?: boolean;
}

/**
 * Options of {@linkcode listen}. Go: `net.ListenConfig`. The {@linkcode CallOptions} limit the name
 * lookup, because nothing else has to wait.
 */
export interface ListenOptions extends TCPOptions, LookupOptions {
  /** Maximum number of queued connections; the system's maximum by default. listen(2). */
  backlog?: number;
  /**
   * Whether an IPv6 socket rejects IPv4; by default this depends on the network. ipv6(7),
   * IPV6_V6ONLY.
   */
  ipv6Only?: boolean;
  /**
   * Enables TCP Fast Open, optionally with a maximum number of pending requests. tcp(7),
   * TCP_FASTOPEN.
   */
  fastOpen?: boolean | number;
  /**
   * Delays an accept until the peer has sent data, for up to about this many milliseconds; the
   * kernel counts its retransmissions. tcp(7), TCP_DEFER_ACCEPT.
   */
  deferAccept?: number;
  /** Reads a header of the PROXY protocol before each connection is accepted. TCP, "unix" only. */
  proxyProtocol?: ProxyProtocolOptions;
}

/**
 * Options of {@linkcode listenPacket}. Go: `net.ListenConfig`. The {@linkcode CallOptions} limit
 * the name lookup.
 */
export interface ListenPacketOptions extends SocketOptions, PacketOptions, LookupOptions {
  /**
   * Whether an IPv6 socket rejects IPv4; by default this depends on the network. ipv6(7),
   * IPV6_V6ONLY.
   */
  ipv6Only?: boolean;
}

/** Options of {@linkcode dial}. Go: `net.Dialer`. */
export interface DialOptions extends TCPOptions, PacketOptions, LookupOptions {
  /**
   * Header of the PROXY protocol, sent before `dial` returns. TCP, "unix" only. It is for one
   * client: such a connection must not serve another.
   */
  proxyProtocol?: ProxyHeaderOptions;
  /** Local address, "host:port"; an empty host or port 0 lets the system choose. */
  localAddress?: string;
  /**
   * Happy Eyeballs delay: if a name has IPv6 and IPv4 addresses, milliseconds after which the other
   * family is tried in parallel. Negative disables it; 300 by default. RFC 6555, RFC 8305.
   */
  fallbackDelay?: number;
  /**
   * Sends the first written bytes with the SYN (TCP Fast Open). `dial` then returns at once, and
   * the peer sees nothing until the first write, which may succeed although no one listens: the
   * next call reports that. tcp(7), TCP_FASTOPEN_CONNECT.
   */
  fastOpen?: boolean;
}
