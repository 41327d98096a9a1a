// SPDX-License-Identifier: MIT
/** Admitted connections of a thread, ordered by idle time on request. */
import type { Addr } from "../net/addr/addr.ts";
import type { NetFD } from "../net/socket/net_fd.ts";

/** One connection. */
export interface TrackedConn {
  readonly fd: NetFD<Addr>;
  /** Key under which the limit of an address counts it. */
  readonly address: string;
  /** Time of its admission, in milliseconds of `performance.now()`. */
  readonly since: number;
}

/** A connection that was idle at the last check. */
interface Idle {
  readonly one: TrackedConn;
  /** Start of its idle time. */
  readonly since: number;
}

/**
 * Number of idle connections found per scan: scanning all connections for each close would be slow.
 */
const BATCH = 64;

/** See the top of this file. */
export class ConnectionSet {
  /** By owner of the descriptor, in order of arrival. */
  readonly #all = new Map<NetFD<Addr>, TrackedConn>();
  /** Idle connections of the last scan, the longest idle last. */
  #batch: Idle[] = [];

  /** Number of connections. */
  get size(): number {
    return this.#all.size;
  }

  /** Adds a connection. */
  add(one: TrackedConn): void {
    this.#all.set(one.fd, one);
  }

  /** Removes a connection; returns false if it was not in the set. */
  delete(one: TrackedConn): boolean {
    return this.#all.delete(one.fd);
  }

  /** Returns the connection of `holder`, also once it is closed. */
  of(holder: unknown): TrackedConn | undefined {
    return this.#all.get(holder as NetFD<Addr>);
  }

  /** Iterates in order of arrival. */
  [Symbol.iterator](): Iterator<TrackedConn> {
    return this.#all.values();
  }

  /**
   * Returns the one that has been idle for longest, of `address` or of all; null if none is idle.
   */
  oldestIdle(address: string | null): TrackedConn | null {
    if (address !== null) return this.#idle(address).pop()?.one ?? null;
    // A connection without activity since the last look is still the longest idle.
    for (let fresh = false;;) {
      const idle = this.#batch.pop();
      if (idle !== undefined) {
        if (this.#all.has(idle.one.fd) && idleSince(idle.one) === idle.since) return idle.one;
      } else if (fresh) {
        return null;
      } else {
        this.#batch = this.#idle(null).slice(-BATCH);
        fresh = true;
      }
    }
  }

  /** Returns the idle ones, the longest idle last; of equals, the first to arrive comes last. */
  #idle(address: string | null): Idle[] {
    const found: Idle[] = [];
    for (const one of this.#all.values()) {
      if (address !== null && one.address !== address) continue;
      const since = idleSince(one);
      if (since !== null) found.push({ one, since });
    }
    return found.reverse().sort((a, b) => b.since - a.since);
  }
}

/** Returns since when it is idle: nothing received, nothing in flight; null if it is active. */
function idleSince({ fd }: TrackedConn): number | null {
  if (fd.closed || fd.pd === null) return null;
  const since = fd.pd.idleSince;
  if (since === null) return null;
  const { sockets, sysfd } = fd;
  if (sockets.ready(sysfd, "read") !== 0) return null;
  const left = sockets.underWay?.(sysfd) ?? sockets.unacknowledged(sysfd);
  return left === 0 ? since : null;
}
