// SPDX-License-Identifier: MIT
/** Options of the PROXY protocol: headers that a listener expects, and those that a dial sends. */
import type { Addr } from "../addr/addr.ts";
import type { ProxyProtocolError } from "../proxy_error.ts";

/** Type-length-value field of a header of version 2. */
export interface ProxyTLV {
  /** Type, from 0 to 255: 0x01 is ALPN, 0x02 the authority, 0x05 a unique ID, 0x20 TLS. */
  readonly type: number;
  /** Value, at most 65,532 bytes. */
  readonly value: Uint8Array;
}

/**
 * Options of listeners whose clients come through proxies, such as HAProxy, nginx or a cloud's load
 * balancer, which announce them by the PROXY protocol, version 1 or 2.
 */
export interface ProxyProtocolOptions {
  /**
   * Peers that must begin each connection with a header, and whose header is believed: IP
   * addresses, networks such as "10.0.0.0/8", and "unix" for every peer of a Unix socket.
   */
  trusted: readonly string[];
  /**
   * What happens to connections of other peers. "refuse" (the default): they are closed. "direct":
   * they are accepted under their own address, and a header is part of their data.
   */
  untrusted?: "refuse" | "direct";
  /** Milliseconds from the accept(2) in which the header must be complete; 5,000 by default. */
  timeout?: number;
  /**
   * Longest header of version 2, in bytes; 4,096 by default, at most 65,551. A line of version 1
   * has at most 107.
   */
  maxBytes?: number;
  /**
   * Number of connections that may wait for their header at once; 1,024 by default. Further ones
   * stay in the kernel's queue.
   */
  maxPending?: number;
  /**
   * Called for each connection that was closed before it was accepted, with the reason and the real
   * remote address, except for one that ended before its first byte. It must not throw.
   */
  onRefused?: (error: ProxyProtocolError, peer: Addr) => void;
}

/**
 * Header of the PROXY protocol to send. Without `source` and `destination` it announces no client:
 * "UNKNOWN" in version 1, LOCAL in version 2.
 */
export interface ProxyHeaderOptions {
  /** Version; 2 by default. nginx before 1.23 sends, and its stream module receives, 1 at best. */
  version?: 1 | 2;
  /**
   * Client's address, mostly `remoteAddr` of the connection that is forwarded. An address of a Unix
   * socket announces no client.
   */
  source?: Addr;
  /** Address that the client connected to, mostly `localAddr` of that connection. */
  destination?: Addr;
  /** Fields, version 2 only. nginx's stream module takes no header of more than 107 bytes. */
  tlvs?: readonly ProxyTLV[];
  /** Whether to add a checksum, version 2 only; false by default. */
  crc32c?: boolean;
}
