// SPDX-License-Identifier: MIT
/** Options of a resolver. Go: `net.Resolver`. */
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { UDPConn } from "../net/udp/udp.ts";
import type { ResolverMode } from "../net/options/options.ts";

/**
 * Connects to a name server. A stream, which `dial` may return for "udp" as well, carries messages
 * as TCP does, each behind its length; so a transport such as TLS is a function of a few lines. Go:
 * `net.Resolver.Dial`.
 *
 * @param network "udp", or "tcp" for a query whose answer is too long for a datagram
 * @param address the server, "address:port"
 */
export type ResolverDial = (
  network: "udp" | "tcp",
  address: string,
) => Routine<Conn | UDPConn>;

/** A file: its path, or its text, which never changes. */
export type FileSource = string | { readonly text: string };

/** Bounds of a cache. */
export interface ResolverCacheOptions {
  /**
   * Most answers that are kept; 1000 by default. The one that was used least recently goes first.
   */
  readonly size?: number;
  /** Most seconds that an answer is kept, whatever its TTL; 3600 by default. */
  readonly maxTTL?: number;
}

/** Options of {@linkcode Resolver}. */
export interface ResolverOptions {
  /** Who looks names of hosts up; "auto" by default. See {@linkcode ResolverMode}. */
  readonly mode?: ResolverMode;
  /**
   * Name servers to ask instead of those in resolv.conf: IP addresses, each with a port
   * unless it is 53. The other settings of resolv.conf then have their defaults, unless `resolvConf` is set too.
   */
  readonly servers?: readonly string[];
  /** Connects to servers in another way. See {@linkcode ResolverDial}. */
  readonly dial?: ResolverDial;
  /**
   * Whether a server's failure for one type of addresses, or for one name of the search list, fails
   * the whole lookup. Go: `net.Resolver.StrictErrors`.
   */
  readonly strictErrors?: boolean;
  /** Keeps answers for as long as their TTL allows; off by default, as in Go. */
  readonly cache?: boolean | ResolverCacheOptions;
  /** resolv.conf(5); "/etc/resolv.conf" by default. */
  readonly resolvConf?: FileSource;
  /** hosts(5); that of the system by default. */
  readonly hosts?: FileSource;
  /** nsswitch.conf(5); "/etc/nsswitch.conf" by default. */
  readonly nsswitch?: FileSource;
  /** Called with a line for each lookup that the host's resolver performs, and the reason. */
  readonly debug?: (line: string) => void;
}
