// SPDX-License-Identifier: MIT
/**
 * Decides on admission. It knows counts and addresses but no descriptors: those may be in
 * this thread, or in the workers of a reactor.
 */
import type { Watcher } from "../netpoll/poll_extras.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import type { CheckedLimits, LimitName } from "./limit_options.ts";
import { noteShed } from "./shed_counts.ts";
import { TokenBucket } from "./token_bucket.ts";
import { now } from "../sched/clock.ts";

/** Interval of the check for fewer goroutines, in milliseconds: their end is not reported. */
const GOROUTINES_MS = 10;

/** The limiter's view of the connections. */
export interface LimiterOwner {
  /** Whether a server is available; from the start one is. */
  ready?(): boolean;
  /** Number of goroutines. */
  goroutines(): number;
  /** Number of counted connections that are closed already but linger; none by default. */
  lingering?(): number;
  /**
   * Closes the oldest lingering connection, of one address or of all; returns false if there is
   * none.
   */
  cutLingering?(address: string | null): boolean;
  /**
   * Closes the longest idle connection, of one address or of all; returns false if none is idle.
   */
  closeOldestIdle(limit: LimitName, address: string | null): boolean;
}

/** Counters of a server's connections. */
export interface LimitCounters {
  /** Open connections. */
  readonly open: number;
  /** Accepted connections. */
  readonly accepted: number;
  /** Refused connections, by limit. */
  readonly refused: Readonly<Record<LimitName, number>>;
  /** Connections that were closed to make room or for sending too little, by limit. */
  readonly closed: Readonly<Record<LimitName, number>>;
  /** Number of times accepting stopped, by limit. */
  readonly stopped: Readonly<Record<LimitName, number>>;
}

function zeroes(): Record<LimitName, number> {
  return { connections: 0, perAddress: 0, goroutines: 0, acceptRate: 0, firstBytes: 0 };
}

/** See the top of this file. */
export class Limiter {
  readonly limits: CheckedLimits;
  readonly counters = {
    open: 0,
    accepted: 0,
    refused: zeroes(),
    closed: zeroes(),
    stopped: zeroes(),
  };
  readonly #keeper: LimiterOwner;
  readonly #bucket: TokenBucket | null;
  readonly #perAddress = new Map<string, number>();
  readonly #watchers = new Set<Watcher>();
  readonly #timer = new CallTimer(() => this.look());
  #stoppedBy: LimitName | null = null;
  /** Time at which it may open without a notification. */
  #lookAt = Infinity;

  constructor(limits: CheckedLimits, keeper: LimiterOwner) {
    this.limits = limits;
    this.#keeper = keeper;
    const { acceptRate } = limits;
    this.#bucket = acceptRate === null
      ? null
      : new TokenBucket(acceptRate.perSecond, acceptRate.burst);
  }

  /** Whether another connection may be accepted now. If not, watchers are notified when it may. */
  get open(): boolean {
    if (this.#keeper.ready?.() === false) return false;
    const by = this.#stops();
    if (by !== null && by !== this.#stoppedBy) {
      this.counters.stopped[by]++;
      noteShed("stopped", by);
      this.limits.onShed({ limit: by, action: "stopped", remote: null, count: 1 });
    }
    this.#stoppedBy = by;
    return by === null;
  }

  /** Notifies `watcher` when the limiter may have opened. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
    if (this.#stoppedBy === null || this.#lookAt === Infinity) return;
    scheduler.timers.set(this.#timer, this.#lookAt);
  }

  /** Ends a `watch`. Without a watcher there is no timer either. */
  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) scheduler.timers.stop(this.#timer);
  }

  /** Whether it has watchers. */
  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Notifies all watchers. */
  look(): void {
    for (const watcher of [...this.#watchers]) watcher.retry();
  }

  /**
   * Admits a connection of `address` and returns null, or returns the limit that forbids it. Each
   * admitted connection must {@linkcode leave}.
   */
  enter(address: string): LimitName | null {
    const forbidden = this.#forbids(address);
    if (forbidden !== null) {
      this.counters.refused[forbidden]++;
      noteShed("refused", forbidden);
      return forbidden;
    }
    this.#bucket?.take();
    this.counters.open++;
    this.counters.accepted++;
    if (this.limits.perAddress !== null) {
      this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    }
    return null;
  }

  /** Removes a connection of `address`. */
  leave(address: string): void {
    this.counters.open--;
    const left = (this.#perAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    if (this.#stoppedBy !== null) this.look();
  }

  /** Returns the limit that stops accepting, if one does. */
  #stops(): LimitName | null {
    const { connections, goroutines, acceptRate } = this.limits;
    this.#lookAt = Infinity;
    // Lingering connections make room when the next one arrives.
    if (
      connections?.policy === "wait" && this.counters.open >= connections.most &&
      this.counters.open - (this.#keeper.lingering?.() ?? 0) >= connections.most
    ) return "connections";
    if (goroutines?.policy === "wait" && this.#keeper.goroutines() >= goroutines.most) {
      this.#lookAt = now() + GOROUTINES_MS;
      return "goroutines";
    }
    if (acceptRate?.policy === "wait") {
      const at = now();
      const wait = this.#bucket!.wait(at);
      this.#lookAt = at + wait;
      if (wait > 0) return "acceptRate";
    }
    return null;
  }

  /**
   * Returns the limit that rejects a connection of `address`, or null. The workers' goroutines may
   * have exceeded their limit since the limiter was open: with the policy "wait", connections accepted
   * in the meantime are admitted.
   */
  #forbids(address: string): LimitName | null {
    const { perAddress, connections, goroutines, acceptRate } = this.limits;
    if (acceptRate !== null && this.#bucket!.wait(now()) > 0) return "acceptRate";
    if (perAddress !== null && (this.#perAddress.get(address) ?? 0) >= perAddress.most) {
      if (!this.#makesRoom("perAddress", address)) return "perAddress";
    }
    if (connections !== null && this.counters.open >= connections.most) {
      if (!this.#makesRoom("connections", null)) return "connections";
    }
    const counted = goroutines !== null && goroutines.policy !== "wait";
    if (counted && this.#keeper.goroutines() >= goroutines.most) {
      if (!this.#makesRoom("goroutines", null)) return "goroutines";
    }
    return null;
  }

  #makesRoom(limit: "connections" | "perAddress" | "goroutines", address: string | null): boolean {
    if (this.#keeper.cutLingering?.(address)) return true;
    if (this.limits[limit]!.policy !== "closeOldestIdle") return false;
    return this.#keeper.closeOldestIdle(limit, address);
  }
}
