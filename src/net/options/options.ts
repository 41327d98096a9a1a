// SPDX-License-Identifier: MIT
/** Settings of `listen` and `dial`. Go: `net.ListenConfig`, `net.Dialer`, and what their Control is for. */
import type { CallOptions } from "./call_options.ts";
import type { KeepAlive } from "../net.ts";

/**
 * Called for a socket that is not bound or connected yet, to set what has no option of its own. It
 * must neither close `fd` nor keep it, and must not be async.
 *
 * @param fd the descriptor's number
 * @param network which version of IP it is of: "tcp4", "tcp6"
 * @param address what it is to be bound to, or for `dial` connected to
 */
export type Control = (fd: number, network: string, address: string) => void;

/**
 * Gives the IP addresses of a host, best first. One that gives them at once works under `runSync`
 * as well.
 */
export type LookupHost = (host: string) => readonly string[] | PromiseLike<readonly string[]>;

/** Settings of whatever looks up names. Go: `net.Resolver`. */
export interface LookupOptions extends CallOptions {
  /** Asked for every name, in the place of `node:dns`. */
  lookup?: LookupHost;
}

/** Settings of every socket. What is left out stays as the system has it. */
export interface SocketOptions {
  /** Lets other sockets have the same port, and share what comes in. socket(7), SO_REUSEPORT. */
  reusePort?: boolean;
  /**
   * Lets it have a port that an earlier connection has not quite left yet. A TCP listener has it
   * from the start, as in Go. socket(7), SO_REUSEADDR.
   */
  reuseAddr?: boolean;
  /** Bytes of the receive buffer, as TCP needs them before it connects. socket(7), SO_RCVBUF. */
  readBuffer?: number;
  /** Bytes of the send buffer. socket(7), SO_SNDBUF. */
  writeBuffer?: number;
  /** The interface that everything goes through: "eth0". socket(7), SO_BINDTODEVICE. */
  bindToDevice?: string;
  /** The byte in each packet that says how it is to be treated. ip(7), IP_TOS; ipv6(7), IPV6_TCLASS. */
  trafficClass?: number;
  /** The number by which packet filters and routes know it; needs privileges. socket(7), SO_MARK. */
  mark?: number;
  /** See {@linkcode Control}. Its error is the cause of the call's OpError. */
  control?: Control;
}

/** Settings of every TCP connection; a listener's are those of what it accepts. */
export interface TCPOptions extends SocketOptions {
  /** Probes of a silent peer: off, on (as it is from the start), or with these times. */
  keepAlive?: boolean | KeepAlive;
  /** Whether small writes go out at once; they do from the start, as in Go. tcp(7), TCP_NODELAY. */
  noDelay?: boolean;
  /** As {@linkcode Conn.setLinger}. */
  linger?: number | null;
  /**
   * Milliseconds for which what was sent may stay unacknowledged, before the connection is given up;
   * 0 for as long as the system tries. It counts as well for a peer that is alive and does not read.
   * tcp(7), TCP_USER_TIMEOUT.
   */
  userTimeout?: number;
}

/**
 * Settings of {@linkcode listen}. Go: `net.ListenConfig`. Limits are those of the look-up of a name,
 * for nothing else of it has to wait.
 */
export interface ListenOptions extends TCPOptions, LookupOptions {
  /** Connections that may wait to be accepted; the system's greatest from the start. listen(2). */
  backlog?: number;
  /** Whether a socket of IPv6 is deaf for IPv4; from the start the network says so. ipv6(7). */
  ipv6Only?: boolean;
  /** Takes data with the first packet: on, or for at most so many at once. tcp(7), TCP_FASTOPEN. */
  fastOpen?: boolean | number;
  /**
   * Milliseconds for which a connection stays unseen until its peer has sent something; the kernel
   * counts its own tries, so this is about. tcp(7), TCP_DEFER_ACCEPT.
   */
  deferAccept?: number;
}

/** Settings of {@linkcode listenPacket}. Go: `net.ListenConfig`. Limits are as those of `listen`. */
export interface ListenPacketOptions extends SocketOptions, LookupOptions {
  /** Whether a socket of IPv6 is deaf for IPv4; from the start the network says so. ipv6(7). */
  ipv6Only?: boolean;
}

/** Settings of {@linkcode dial}. Go: `net.Dialer`. */
export interface DialOptions extends TCPOptions, LookupOptions {
  /** "host:port" of this end; an empty host or port 0 leaves it to the system. */
  localAddress?: string;
  /**
   * Of a name with addresses of both versions of IP, milliseconds after which the other version is
   * tried beside the first; negative for never. 300 from the start. RFC 6555.
   */
  fallbackDelay?: number;
  /**
   * Sends the first bytes that are written along with the first packet. `dial` then returns at once,
   * and the peer hears nothing before the first write. tcp(7), TCP_FASTOPEN_CONNECT.
   */
  fastOpen?: boolean;
}
