// SPDX-License-Identifier: MIT
/** Closes connections that send too little after the accept: the guard against slow requests. */
import { platform } from "../../platforms/platform.ts";
import { PlatformError } from "../../platforms/contract/platform.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer, NO_SLOT } from "../sched/timer_heap.ts";
import type { TrackedConn } from "./connection_set.ts";
import type { FirstBytes } from "./limit_options.ts";
import { headerBytes } from "../net/proxyproto/info.ts";
import { now } from "../sched/clock.ts";

/**
 * All have the same timeout, so they expire in order of arrival, and one timer serves all.
 * The kernel counts received bytes; it is asked once per connection, at its timeout.
 */
export class FirstBytesTimeout {
  readonly #within: number;
  readonly #bytes: number;
  readonly #expired: (one: TrackedConn) => void;
  readonly #young = new Set<TrackedConn>();
  readonly #timer = new CallTimer(() => this.#look());
  readonly #delivered: (sysfd: number) => number;

  /**
   * `expired` is called for each connection to close. Throws PlatformError if the system does not
   * count received bytes.
   */
  constructor({ within, bytes }: Required<FirstBytes>, expired: (one: TrackedConn) => void) {
    const { sockets } = platform();
    if (sockets.delivered === undefined) {
      throw new PlatformError(
        "Cannot enforce firstBytes: this system does not report how many bytes a peer has sent",
        "TCP_INFO",
      );
    }
    this.#delivered = (sysfd) => sockets.delivered!(sysfd);
    this.#within = within;
    this.#bytes = bytes;
    this.#expired = expired;
  }

  /** Starts its timeout. */
  add(one: TrackedConn): void {
    this.#young.add(one);
    if (this.#timer.slot === NO_SLOT) scheduler.timers.set(this.#timer, one.since + this.#within);
  }

  /** Removes it. */
  delete(one: TrackedConn): void {
    if (this.#young.delete(one) && this.#young.size === 0) scheduler.timers.stop(this.#timer);
  }

  /** Number of bytes sent by the peer itself, without a proxy's header. */
  #received({ fd }: TrackedConn): number {
    return this.#delivered(fd.sysfd) - headerBytes(fd);
  }

  #look(): void {
    const at = now();
    for (const one of this.#young) {
      const due = one.since + this.#within;
      if (due > at) return scheduler.timers.set(this.#timer, due);
      this.#young.delete(one);
      if (!one.fd.closed && this.#received(one) < this.#bytes) this.#expired(one);
    }
  }
}
