// SPDX-License-Identifier: MIT
/**
 * Reads PROXY protocol headers ahead of a listener's accept: a connection of a trusted peer is
 * accepted once its header is complete, in the order of completion. So a peer without a header does
 * not block others, limits count the announced address, and TLS begins after the header.
 */
import { platform } from "../../../platforms/platform.ts";
import type { Addr } from "../addr/addr.ts";
import type { ProxyProtocolOptions } from "../options/proxy_options.ts";
import type { NetFD } from "../socket/net_fd.ts";
import type { ListenFD, Preamble } from "../socket/stream_listener.ts";
import { SyscallError } from "../../fd/errors.ts";
import { now } from "../../sched/clock.ts";
import { scheduler } from "../../sched/thread.ts";
import { CallTimer, NO_SLOT } from "../../sched/timer_heap.ts";
import { ProxyProtocolError } from "../proxy_error.ts";
import { infoOf, type ProxyInfo, setProxyInfo } from "./info.ts";
import { PendingHeader, type PendingOwner } from "./pending_header.ts";
import { TrustedPeers } from "./trusted.ts";

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 4_096;
const MOST_PENDING = 1_024;
/** Maximum number of connections handled per call, for fairness. */
const MOST_AT_ONCE = 64;

/** The connection accepted last. */
interface Passed {
  readonly peer: Addr;
  readonly info: ProxyInfo | null;
}

/** See the top of this file. */
export class HeaderGate implements Preamble, PendingOwner {
  readonly #fd: ListenFD<Addr>;
  readonly #trusted: TrustedPeers;
  readonly #options: Required<Omit<ProxyProtocolOptions, "onRefused" | "trusted">>;
  readonly #onRefused: NonNullable<ProxyProtocolOptions["onRefused"]>;
  /** In the order of arrival: all have the same timeout. */
  readonly #waiting = new Set<PendingHeader>();
  /** Connections with new data. */
  readonly #changed = new Set<PendingHeader>();
  readonly #complete: PendingHeader[] = [];
  readonly #expiry = new CallTimer(() => this.#expire());
  readonly #again = new CallTimer(() => this.#fd.acceptAgain());
  #passed: Passed | null = null;

  constructor(fd: ListenFD<Addr>, trusted: TrustedPeers, options: ProxyProtocolOptions) {
    const { untrusted = "refuse", timeout = TIMEOUT_MS, onRefused = () => {} } = options;
    const { maxBytes = MOST_BYTES, maxPending = MOST_PENDING } = options;
    this.#fd = fd;
    this.#trusted = trusted;
    this.#options = { untrusted, timeout, maxBytes, maxPending };
    this.#onRefused = onRefused;
  }

  tryAccept(accept: () => number | null): number | null {
    this.#look();
    for (let left = MOST_AT_ONCE; left > 0; left--) {
      const done = this.#complete.shift();
      if (done !== undefined) return this.#pass(done);
      // Pending connections make room, at the latest when they time out.
      if (this.#waiting.size >= this.#options.maxPending) return null;
      const sysfd = accept();
      if (sysfd === null || this.#begin(sysfd)) return sysfd;
    }
    scheduler.timers.set(this.#again, now());
    return null;
  }

  get remote(): Addr {
    const { peer, info } = this.#passed!;
    return info?.source ?? peer;
  }

  announce(fd: NetFD<Addr>): void {
    const { info } = this.#passed!;
    if (info === null) return;
    fd.setAddrs(info.destination, this.remote);
    setProxyInfo(fd, info);
  }

  close(): void {
    scheduler.timers.stop(this.#expiry);
    scheduler.timers.stop(this.#again);
    for (const one of [...this.#waiting, ...this.#complete]) one.end();
    this.#waiting.clear();
    this.#changed.clear();
    this.#complete.length = 0;
  }

  changed(one: PendingHeader): void {
    if (!this.#waiting.has(one)) return;
    this.#changed.add(one);
    this.#fd.acceptAgain();
  }

  closed(one: PendingHeader): void {
    this.#leave(one);
    const at = this.#complete.indexOf(one);
    if (at >= 0) this.#complete.splice(at, 1);
  }

  /** Whether the connection that was just accepted needs no header. */
  #begin(sysfd: number): boolean {
    const { sockets } = platform();
    const { untrusted, maxBytes, timeout } = this.#options;
    const peer = this.#fd.nameOf(sockets.peer());
    if (!this.#trusted.has(peer)) {
      this.#passed = { peer, info: null };
      if (untrusted === "direct") return true;
      sockets.close(sysfd);
      this.#onRefused(new ProxyProtocolError("untrusted", `${peer} is not trusted`), peer);
      return false;
    }
    const one = new PendingHeader(sysfd, peer, now(), maxBytes, this);
    const done = one.begin();
    if (done < 0) {
      sockets.close(sysfd);
      throw new SyscallError(platform().registerName, -done);
    }
    this.#waiting.add(one);
    if (this.#expiry.slot === NO_SLOT) scheduler.timers.set(this.#expiry, one.since + timeout);
    this.#advance(one);
    return false;
  }

  #pass(one: PendingHeader): number {
    const { peer, reader } = one;
    this.#passed = { peer, info: infoOf(reader.header!, reader.length, peer) };
    return one.take();
  }

  #look(): void {
    for (const one of this.#changed) {
      this.#changed.delete(one);
      this.#advance(one);
    }
  }

  /** Reads available data. */
  #advance(one: PendingHeader): void {
    try {
      if (!one.advance()) return;
    } catch (error) {
      this.#refuse(one, error as ProxyProtocolError);
      return;
    }
    this.#leave(one);
    this.#complete.push(one);
  }

  #refuse(one: PendingHeader, error: ProxyProtocolError): void {
    this.#leave(one);
    one.end();
    // Not reported: a connection that ends before its first byte is a port check.
    if (error.reason !== "ended" || one.reader.length > 0) this.#onRefused(error, one.peer);
  }

  #leave(one: PendingHeader): void {
    this.#changed.delete(one);
    if (!this.#waiting.delete(one)) return;
    if (this.#waiting.size === 0) scheduler.timers.stop(this.#expiry);
  }

  /** Reads once more before timing out, since the accepting goroutine may have been busy. */
  #expire(): void {
    const { timeout } = this.#options;
    for (const one of this.#waiting) {
      const due = one.since + timeout;
      if (due > now()) {
        scheduler.timers.set(this.#expiry, due);
        break;
      }
      this.#advance(one);
      if (!this.#waiting.has(one)) continue;
      const error = new ProxyProtocolError("timeout", `no complete header within ${timeout} ms`);
      this.#refuse(one, error);
    }
    this.#fd.acceptAgain();
  }
}

/**
 * Returns a function that creates the gate of a listener on `network`.
 *
 * @throws {TypeError} if an option is invalid
 */
export function headerGate(
  network: string,
  options: ProxyProtocolOptions,
): (fd: ListenFD<Addr>) => HeaderGate {
  if (network === "unixpacket") {
    throw new TypeError(
      "Cannot listen on unixpacket with proxyProtocol: packets have no header",
    );
  }
  const trusted = new TrustedPeers(options.trusted);
  return (fd) => new HeaderGate(fd, trusted, options);
}
