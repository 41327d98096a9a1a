// SPDX-License-Identifier: MIT
/** The connections of a thread under its limits: who comes in, who is turned away, who must go. */
import type { Addr } from "../net/addr/addr.ts";
import type { Conn } from "../net/net.ts";
import { DESCRIPTOR } from "../net/socket/descriptor.ts";
import type { NetFD } from "../net/socket/net_fd.ts";
import { scheduler } from "../sched/thread.ts";
import { type Admitted, AdmittedSet } from "./connection_set.ts";
import { FirstBytesGuard } from "./first_bytes_timeout.ts";
import { Gate } from "./limiter.ts";
import type { CheckedLimits, LimitName } from "./limit_options.ts";
import { Refusal } from "./rejection.ts";

/** See the top of this file. */
export class Admission {
  readonly gate: Gate;
  readonly #refusal: Refusal;
  readonly #guard: FirstBytesGuard | null;
  readonly #admitted = new AdmittedSet();

  /** Throws PlatformError where the system does not count first bytes, if they are to be counted. */
  constructor(limits: CheckedLimits) {
    this.gate = new Gate(limits, {
      goroutines: () => scheduler.count,
      closeOldestIdle: (limit, address) => this.#closeOldestIdle(limit, address),
    });
    this.#refusal = new Refusal(limits.reply);
    this.#guard = limits.firstBytes === null
      ? null
      : new FirstBytesGuard(limits.firstBytes, (one) => this.#close(one, "firstBytes"));
  }

  /**
   * The connection over `sysfd`, which `make` makes, or null if it was refused. `freed` is called
   * once, when the number is free.
   */
  admit<C extends Conn>(
    sysfd: number,
    remote: Addr,
    make: () => C,
    freed: () => void = () => {},
  ): C | null {
    const address = hostOf(remote);
    const forbidden = this.gate.enter(address);
    if (forbidden !== null) {
      this.#refusal.refuse(sysfd, freed);
      this.gate.limits.onShed({ limit: forbidden, action: "refused", remote, count: 1 });
      return null;
    }
    let conn: C;
    try {
      conn = make();
    } catch (error) {
      this.gate.leave(address);
      freed();
      throw error;
    }
    const fd = (conn as unknown as { [DESCRIPTOR]: NetFD<Addr> })[DESCRIPTOR];
    const one: Admitted = { fd, address, since: performance.now() };
    fd.onFreed = () => {
      this.#left(one);
      freed();
    };
    this.#admitted.add(one);
    this.#guard?.add(one);
    return conn;
  }

  /** Closes all, without waiting for anything. */
  closeAll(): void {
    for (const { fd } of this.#admitted) fd.closeAtOnce();
  }

  /** It is closed, or is going to be: there is room for another. */
  #left(one: Admitted): void {
    if (!this.#admitted.delete(one)) return;
    this.#guard?.delete(one);
    this.gate.leave(one.address);
  }

  #closeOldestIdle(limit: LimitName, address: string | null): boolean {
    const one = this.#admitted.oldestIdle(address);
    if (one === null) return false;
    this.#close(one, limit);
    return true;
  }

  #close(one: Admitted, limit: LimitName): void {
    const remote = one.fd.remoteAddr;
    this.#left(one);
    one.fd.closeAtOnce();
    this.gate.counters.closed[limit]++;
    this.gate.limits.onShed({ limit, action: "closed", remote, count: 1 });
  }
}

/** What the limit of an address counts: the host without the port. */
export function hostOf(remote: Addr): string {
  return (remote as { ip?: string }).ip ?? "";
}
