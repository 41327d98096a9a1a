// SPDX-License-Identifier: MIT
/** Data of the debug page, in the form of its JSON. Times are in milliseconds. */
import process from "node:process";
import { type Stats, stats } from "../diag/stats.ts";
import type { LimitCounters } from "../limit/limiter.ts";
import { type ShedCounts, shedCounts } from "../limit/shed_counts.ts";
import { platformInfo } from "../netpoll/info.ts";
import { epoch, now } from "../sched/clock.ts";
import type { GoroutineStatus } from "../sched/goroutine.ts";
import { host, scheduler } from "../sched/thread.ts";
import { connectionRows, type DebugConnection } from "./connections.ts";
import {
  type DebugGoroutine,
  type DebugGoroutineGroup,
  type DebugWait,
  GoroutineCensus,
} from "./goroutines.ts";
import type { Lateness } from "./lateness.ts";
import type { CheckedDebugOptions, DebugWorker } from "./options.ts";

/** Rows of a table, and their number without the limit. */
export interface DebugRows<T> {
  /** Number of rows that match the search. */
  readonly total: number;
  /** The first rows, up to the limit. */
  readonly rows: readonly T[];
}

/** A reactor, as the page shows it. */
export interface DebugReactorState {
  /** Name of the reactor in {@linkcode DebugOptions}. */
  readonly name: string;
  /** Workers; `share` is the worker's fraction of all connections, from 0 to 1. */
  readonly workers: readonly (DebugWorker & { readonly share: number })[];
  /** Counters of accepted, refused and closed connections. */
  readonly counters: LimitCounters;
}

/** All data of the page for one thread at one time. */
export interface DebugSnapshot {
  /** Time of the snapshot, in milliseconds since the epoch. */
  readonly at: number;
  /** Uptime of the process in milliseconds. */
  readonly uptime: number;
  /** The process and its platform. */
  readonly process: {
    /** Process ID. */
    readonly pid: number;
    /** JavaScript runtime: "bun" or "deno". */
    readonly runtime: string;
    /** Operating system, as in Go's GOOS. */
    readonly os: string;
    /** Poller of the operating system. */
    readonly poller: string;
    /** Resident memory of the process in bytes. */
    readonly rss: number;
  };
  /** Counters of the thread. */
  readonly stats: Stats;
  /** Goroutines by state. */
  readonly states: Readonly<Record<GoroutineStatus, number>>;
  /** Goroutines with the same function, location and wait, the largest group first. */
  readonly groups: readonly DebugGoroutineGroup[];
  /** Goroutines, the longest waiting first. */
  readonly goroutines: DebugRows<DebugGoroutine>;
  /** Open descriptors, the oldest first. */
  readonly connections: DebugRows<DebugConnection>;
  /** Channels, locks and similar objects with waiters. */
  readonly waits: readonly DebugWait[];
  /** Number of active timers, and milliseconds until the next one; null without any. */
  readonly timers: { readonly active: number; readonly next: number | null };
  /** The loop that runs goroutines beside the host's. */
  readonly loop: {
    /** Whether `runSync` is running. */
    readonly blocking: boolean;
    /** Turns beside the host's loop. */
    readonly turns: number;
    /** Turns that ended in a sleep. */
    readonly sleeps: number;
    /** Latency of the host's timers while the page is in use, in milliseconds. */
    readonly lateness: { readonly mean: number; readonly max: number };
  };
  /** Counts of refusals, closes and stops by this thread's limits. */
  readonly shed: ShedCounts;
  /** Reactors passed to the handler. */
  readonly reactors: readonly DebugReactorState[];
}

/** Filter and limit of a snapshot. */
export interface SnapshotQuery {
  /** Text that a row must contain, ignoring case; "" for all. */
  readonly search: string;
  /** State or wait reason of goroutines; "" for all. */
  readonly state: string;
  /** Maximum number of rows per table. */
  readonly limit: number;
}

/** Takes a snapshot of the calling thread. */
export function takeSnapshot(
  options: CheckedDebugOptions,
  lateness: Lateness,
  query: SnapshotQuery,
): DebugSnapshot {
  const { runtime, os, poller } = platformInfo();
  const at = now();
  const census = new GoroutineCensus(at, query);
  return {
    at: epoch(),
    uptime: Math.round(process.uptime() * 1000),
    process: { pid: process.pid, runtime, os, poller, rss: process.memoryUsage().rss },
    stats: stats(),
    states: census.states,
    groups: census.groups(),
    goroutines: census.rows(),
    connections: connectionRows(at, query),
    waits: census.waits(),
    timers: { active: scheduler.timers.size, next: nextTimer(at) },
    loop: {
      blocking: scheduler.blocking,
      turns: host.turns,
      sleeps: host.sleeps,
      lateness: lateness.read(),
    },
    shed: shedCounts(),
    reactors: Object.entries(options.reactors).map(([name, reactor]) => {
      const { workers, counters } = reactor;
      return { name, workers: withShares(workers), counters };
    }),
  };
}

function nextTimer(at: number): number | null {
  const { next } = scheduler.timers;
  return next === Infinity ? null : Math.max(0, Math.round(next - at));
}

function withShares(workers: readonly DebugWorker[]): (DebugWorker & { share: number })[] {
  const all = workers.map(({ id, state, connections }) => ({ id, state, connections }));
  const sum = all.reduce((sum, { connections }) => sum + connections, 0);
  return all.map((one) => ({ ...one, share: sum === 0 ? 0 : one.connections / sum }));
}
