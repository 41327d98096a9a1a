// SPDX-License-Identifier: MIT
/** The connections that a thread has let in, and which of them has been silent for longest. */
import type { Addr } from "../net/addr/addr.ts";
import type { NetFD } from "../net/socket/net_fd.ts";

/** One connection. */
export interface TrackedConn {
  readonly fd: NetFD<Addr>;
  /** What the limit of an address counts it under. */
  readonly address: string;
  /** When it was let in, in milliseconds of `performance.now()`. */
  readonly since: number;
}

/** A connection that was idle when it was looked at. */
interface Idle {
  readonly one: TrackedConn;
  /** Since when. */
  readonly since: number;
}

/** Looking at all connections for each one that is closed would be slow: so many are found at once. */
const BATCH = 64;

/** See the top of this file. */
export class ConnectionSet {
  /** By what holds the descriptor, in the order in which they came. */
  readonly #all = new Map<NetFD<Addr>, TrackedConn>();
  /** The idlest at the last look, the idlest last. */
  #batch: Idle[] = [];

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** Takes one in. */
  add(one: TrackedConn): void {
    this.#all.set(one.fd, one);
  }

  /** Takes one out; gives false if it was out before. */
  delete(one: TrackedConn): boolean {
    return this.#all.delete(one.fd);
  }

  /** Returns the one whose descriptor `holder` holds, or held until it was closed. */
  of(holder: unknown): TrackedConn | undefined {
    return this.#all.get(holder as NetFD<Addr>);
  }

  /** In the order in which they came. */
  [Symbol.iterator](): Iterator<TrackedConn> {
    return this.#all.values();
  }

  /** The one that has been idle for longest, of `address` or of all; null if none is. */
  oldestIdle(address: string | null): TrackedConn | null {
    if (address !== null) return this.#idle(address).pop()?.one ?? null;
    // Who has done nothing since the last look is still the idlest.
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

  /** Those that are idle, the idlest last; of several that are alike, the one that came first. */
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

/** Since when nothing has come and nothing is on its way; null if that is not so. */
function idleSince({ fd }: TrackedConn): number | null {
  if (fd.closed || fd.pd === null) return null;
  const since = fd.pd.idleSince;
  if (since === null) return null;
  const { sockets, sysfd } = fd;
  if (sockets.ready(sysfd, "read") !== 0) return null;
  const left = sockets.underWay?.(sysfd) ?? sockets.unacknowledged(sysfd);
  return left === 0 ? since : null;
}
