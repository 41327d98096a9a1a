// SPDX-License-Identifier: MIT
/**
 * A worker's reports of shed connections, batched: under a flood one message each would add to it.
 */
import { scheduler } from "../sched/thread.ts";
import { CallTimer, NO_SLOT } from "../sched/timer_heap.ts";
import type { Shed } from "../limit/limit_options.ts";
import { encodeAddr } from "./addr_codec.ts";
import type { ShedKey, ShedReport } from "./protocol.ts";
import { now } from "../sched/clock.ts";

/** Batching interval in milliseconds. */
const COLLECT_MS = 100;

/** See the top of this file. */
export class ShedReports {
  readonly #send: (reports: ShedReport[]) => void;
  readonly #collected = new Map<ShedKey, ShedReport>();
  readonly #timer = new CallTimer(() => this.flush());

  constructor(send: (reports: ShedReport[]) => void) {
    this.#send = send;
  }

  /** Records one. */
  readonly add = ({ limit, action, remote, count }: Shed): void => {
    const key: ShedKey = `${limit}:${action}`;
    const before = this.#collected.get(key)?.count ?? 0;
    const last = remote === null ? null : encodeAddr(remote);
    this.#collected.set(key, { limit, action, remote: last, count: before + count });
    if (this.#timer.slot === NO_SLOT) {
      scheduler.timers.set(this.#timer, now() + COLLECT_MS);
    }
  };

  /** Sends the report. */
  flush(): void {
    scheduler.timers.stop(this.#timer);
    if (this.#collected.size > 0) this.#send([...this.#collected.values()]);
    this.#collected.clear();
  }
}
