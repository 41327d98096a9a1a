// SPDX-License-Identifier: MIT
/** Ports of a host, for one protocol. See ip(7), ip_local_port_range. */
import { ANY, isV4, type SocketAddress } from "./address.ts";
import { EADDRINUSE, EADDRNOTAVAIL } from "./errno.ts";

/** Linux's net.ipv4.ip_local_port_range. */
const FIRST = 32_768;
const LAST = 60_999;

/** A socket with a port. */
export interface PortHolder {
  readonly localIp: string;
  readonly localPort: number;
  readonly remote: { readonly ip: string; readonly port: number } | null;
  /** Whether it is an IPv6 socket, and if so, whether it rejects IPv4. */
  readonly wide: boolean;
  readonly v6only: boolean;
  readonly listening: boolean;
  readonly reuseAddr: boolean;
  readonly reusePort: boolean;
  /** Time until which it blocks its port after the close: TIME_WAIT. */
  readonly blocksUntil: number;
}

/** Whether two bound addresses overlap. */
function overlap(a: PortHolder, b: PortHolder): boolean {
  if (a.localIp === b.localIp) return a.wide === b.wide || !(a.v6only || b.v6only);
  if (a.localIp !== ANY && b.localIp !== ANY) return false;
  const [any, one] = a.localIp === ANY ? [a, b] : [b, a];
  return any.wide ? !isV4(one.localIp) || !any.v6only : isV4(one.localIp);
}

/** Key of a connection on a port. */
function between(localIp: string, remote: SocketAddress): string {
  return `${localIp} ${remote.ip} ${remote.port}`;
}

/** See the top of this file. */
export class Ports<H extends PortHolder> {
  /** Holders other than connections of listeners. */
  readonly #byPort = new Map<number, Set<H>>();
  /** Connections of listeners, by the listener's port and by both addresses. */
  readonly #accepted = new Map<number, Map<string, H>>();
  readonly #now: () => number;
  /** Whether address reuse applies to all sockets (UDP), or not while one listens (TCP). */
  readonly #sharedByAll: boolean;
  #next = FIRST;

  constructor(now: () => number, sharedByAll: boolean) {
    this.#now = now;
    this.#sharedByAll = sharedByAll;
  }

  /** Returns the holders of `port` other than connections of a listener. */
  holders(port: number): Iterable<H> {
    return this.#byPort.get(port) ?? [];
  }

  /** Returns the connection of a listener between two addresses, or null. */
  accepted(localIp: string, localPort: number, remote: SocketAddress): H | null {
    return this.#accepted.get(localPort)?.get(between(localIp, remote)) ?? null;
  }

  /** Returns all holders. */
  *all(): Generator<H> {
    for (const holders of this.#byPort.values()) yield* holders;
    for (const holders of this.#accepted.values()) yield* holders.values();
  }

  /** Returns 0 if `holder` may use its port, or minus an errno. */
  check(holder: H): number {
    const { localPort } = holder;
    const fails = this.#conflicts(holder, this.holders(localPort)) ||
      this.#conflicts(holder, this.#accepted.get(localPort)?.values() ?? []);
    return fails ? -EADDRINUSE : 0;
  }

  /** Returns a port that `free` accepts, or minus an errno. */
  ephemeral(free: (port: number) => boolean): number {
    for (let tries = FIRST; tries <= LAST; tries++) {
      const port = this.#next;
      this.#next = port === LAST ? FIRST : port + 1;
      if (free(port)) return port;
    }
    return -EADDRNOTAVAIL;
  }

  /** Adds `holder` to its port. */
  add(holder: H): void {
    const { localPort } = holder;
    const holders = this.#byPort.get(localPort);
    if (holders === undefined) this.#byPort.set(localPort, new Set([holder]));
    else holders.add(holder);
  }

  /** Adds the connection of a listener to the listener's port. */
  addAccepted(holder: H, remote: SocketAddress): void {
    const { localIp, localPort } = holder;
    let holders = this.#accepted.get(localPort);
    if (holders === undefined) this.#accepted.set(localPort, holders = new Map());
    holders.set(between(localIp, remote), holder);
  }

  /** Removes `holder` from its port. */
  remove(holder: H): void {
    const { localIp, localPort, remote } = holder;
    const holders = this.#byPort.get(localPort);
    if (holders?.delete(holder) && holders.size === 0) this.#byPort.delete(localPort);
    const accepted = this.#accepted.get(localPort);
    if (accepted === undefined || remote === null) return;
    const key = between(localIp, remote);
    if (accepted.get(key) === holder) accepted.delete(key);
    if (accepted.size === 0) this.#accepted.delete(localPort);
  }

  /** Removes all holders after a crash. */
  clear(): void {
    this.#byPort.clear();
    this.#accepted.clear();
  }

  #conflicts(holder: H, others: Iterable<H>): boolean {
    for (const other of others) {
      if (other !== holder && overlap(holder, other) && this.#conflict(holder, other)) return true;
    }
    return false;
  }

  #conflict(a: H, b: H): boolean {
    if (b.blocksUntil < Infinity && b.blocksUntil <= this.#now()) {
      this.remove(b);
      return false;
    }
    if (a.reusePort && b.reusePort) return false;
    if (!a.reuseAddr || !b.reuseAddr) return true;
    // A listening socket has the address exclusively; its connections do not.
    return !this.#sharedByAll && b.listening;
  }
}
