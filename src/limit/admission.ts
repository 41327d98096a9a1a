// SPDX-License-Identifier: MIT
/** The connections of a thread under its limits: admission, rejection, eviction. */
import type { Addr } from "../net/addr/addr.ts";
import type { Conn } from "../net/net.ts";
import { DESCRIPTOR } from "../net/socket/descriptor.ts";
import { countLingering, cutLingering } from "../fd/lingering.ts";
import { hostOf, type NetFD } from "../net/socket/net_fd.ts";
import { scheduler } from "../sched/thread.ts";
import { addressKey, WHOLE_ADDRESS } from "./address_key.ts";
import { ConnectionSet, type TrackedConn } from "./connection_set.ts";
import { FirstBytesTimeout } from "./first_bytes_timeout.ts";
import { Limiter } from "./limiter.ts";
import type { CheckedLimits, LimitName } from "./limit_options.ts";
import { Rejection } from "./rejection.ts";
import { noteShed } from "./shed_counts.ts";
import { now } from "../sched/clock.ts";

/** See the top of this file. */
export class AdmissionControl {
  readonly limiter: Limiter;
  readonly #refusal: Rejection;
  readonly #guard: FirstBytesTimeout | null;
  readonly #admitted = new ConnectionSet();

  /** Throws PlatformError if first bytes are limited and the system does not count them. */
  constructor(limits: CheckedLimits) {
    this.limiter = new Limiter(limits, {
      goroutines: () => scheduler.count,
      lingering: () => this.#lingering(),
      cutLingering: (address) =>
        cutLingering(({ holder }) => {
          const one = this.#admitted.of(holder);
          return one !== undefined && (address === null || one.address === address);
        }),
      closeOldestIdle: (limit, address) => this.#closeOldestIdle(limit, address),
    });
    this.#refusal = new Rejection(limits.reply);
    this.#guard = limits.firstBytes === null
      ? null
      : new FirstBytesTimeout(limits.firstBytes, (one) => this.#close(one, "firstBytes"));
  }

  /**
   * Returns the connection that `make` creates over `sysfd`, or null if it was refused. `freed` is
   * called once, when the descriptor is closed, and `lingering` if it is closed and lingers before
   * that.
   */
  admit<C extends Conn>(
    sysfd: number,
    remote: Addr,
    make: () => C,
    freed: () => void = () => {},
    lingering: (fd: NetFD<Addr>) => void = () => {},
  ): C | null {
    const { perAddress } = this.limiter.limits;
    const address = addressKey(remote, perAddress?.ipv6Prefix ?? WHOLE_ADDRESS);
    const forbidden = this.limiter.enter(address);
    if (forbidden !== null) {
      this.#refusal.refuse(sysfd, hostOf(remote), freed);
      this.limiter.limits.onShed({ limit: forbidden, action: "refused", remote, count: 1 });
      return null;
    }
    let conn: C;
    try {
      conn = make();
    } catch (error) {
      this.limiter.leave(address);
      freed();
      throw error;
    }
    const fd = (conn as unknown as { [DESCRIPTOR]: NetFD<Addr> })[DESCRIPTOR];
    const one: TrackedConn = { fd, address, since: now() };
    fd.onFreed = () => {
      this.#left(one);
      freed();
    };
    fd.onLingering = () => {
      lingering(fd);
      this.limiter.look();
    };
    this.#admitted.add(one);
    this.#guard?.add(one);
    return conn;
  }

  /** Closes all connections without waiting. */
  closeAll(): void {
    for (const { fd } of this.#admitted) fd.closeAtOnce();
  }

  /** Removes a closed or closing connection, which makes room for another. */
  #left(one: TrackedConn): void {
    if (!this.#admitted.delete(one)) return;
    this.#guard?.delete(one);
    this.limiter.leave(one.address);
  }

  #lingering(): number {
    return countLingering(({ holder }) => this.#admitted.of(holder) !== undefined);
  }

  #closeOldestIdle(limit: LimitName, address: string | null): boolean {
    const one = this.#admitted.oldestIdle(address);
    if (one === null) return false;
    this.#close(one, limit);
    return true;
  }

  #close(one: TrackedConn, limit: LimitName): void {
    const remote = one.fd.remoteAddr;
    this.#left(one);
    one.fd.closeAtOnce();
    this.limiter.counters.closed[limit]++;
    noteShed("closed", limit);
    this.limiter.limits.onShed({ limit, action: "closed", remote, count: 1 });
  }
}
