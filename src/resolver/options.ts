// SPDX-License-Identifier: MIT
/** Options of a resolver. Go: `net.Resolver`. */
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { UDPConn } from "../net/udp/udp.ts";
import type { ResolverMode } from "../net/options/options.ts";

/**
 * Connects to a name server. A stream, which `dial` may return for "udp" as well, carries messages
 * as TCP does, each with a length prefix; so a transport such as TLS is a function of a few lines.
 * Go: `net.Resolver.Dial`.
 *
 * @param network "udp", or "tcp" for a query whose response is too long for a datagram
 * @param address the server, "address:port"
 */
export type ResolverDial = (
  network: "udp" | "tcp",
  address: string,
) => Routine<Conn | UDPConn>;

/** A file: its path, or its text, which never changes. */
export type FileSource = string | { readonly text: string };

/** Limits of a cache. */
export interface ResolverCacheOptions {
  /** Maximum number of answers; 1000 by default. The least recently used one is evicted first. */
  readonly size?: number;
  /** Maximum time in seconds that an answer is cached, whatever its TTL; 3600 by default. */
  readonly maxTTL?: number;
}

/** Options of {@linkcode Resolver}. */
export interface ResolverOptions {
  /** Resolver of host names; "auto" by default. See {@linkcode ResolverMode}. */
  readonly mode?: ResolverMode;
  /**
   * Name servers to ask instead of those in resolv.conf: IP addresses, each with a port
   * unless it is 53. The other settings of resolv.conf then have their defaults, unless `resolvConf` is set too.
   */
  readonly servers?: readonly string[];
  /** Custom connections to servers. See {@linkcode ResolverDial}. */
  readonly dial?: ResolverDial;
  /**
   * Whether a server's failure for one type of addresses, or for one name of the search list, fails
   * the whole lookup. Go: `net.Resolver.StrictErrors`.
   */
  readonly strictErrors?: boolean;
  /** Caches answers for the duration of their TTL; off by default, as in Go. */
  readonly cache?: boolean | ResolverCacheOptions;
  /**
   * resolv.conf(5); "/etc/resolv.conf" by default. On Deno the servers of any other one need net
   * permission, as those of `servers` do.
   */
  readonly resolvConf?: FileSource;
  /** hosts(5); that of the system by default. */
  readonly hosts?: FileSource;
  /** nsswitch.conf(5); "/etc/nsswitch.conf" by default. */
  readonly nsswitch?: FileSource;
  /** Called with a line for each lookup that the host's resolver performs, and the reason. */
  readonly debug?: (line: string) => void;
}
