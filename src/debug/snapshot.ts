// SPDX-License-Identifier: MIT
/** The data of the debug page, as its JSON has it. Times are in milliseconds. */
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

/** Rows of a table, and how many there would be without the limit. */
export interface DebugRows<T> {
  /** Number of rows that match the search. */
  readonly total: number;
  /** The first of them. */
  readonly rows: readonly T[];
}

/** A reactor, as the page shows it. */
export interface DebugReactorState {
  /** Name of the reactor in {@linkcode DebugOptions}. */
  readonly name: string;
  /** The workers; `share` is the part of all connections that the worker has, from 0 to 1. */
  readonly workers: readonly (DebugWorker & { readonly share: number })[];
  /** Counters of accepted, refused and closed connections. */
  readonly counters: LimitCounters;
}

/** Everything that the page shows of one thread at one moment. */
export interface DebugSnapshot {
  /** Time of the snapshot, in milliseconds since the epoch. */
  readonly at: number;
  /** Time that the process has been up, in milliseconds. */
  readonly uptime: number;
  /** The process and what it runs on. */
  readonly process: {
    /** Process ID. */
    readonly pid: number;
    /** JavaScript runtime: "bun" or "deno". */
    readonly runtime: string;
    /** Operating system, as Go calls it. */
    readonly os: string;
    /** Poller of the operating system. */
    readonly poller: string;
    /** Memory of the process in bytes. */
    readonly rss: number;
  };
  /** Counters of the thread. */
  readonly stats: Stats;
  /** Goroutines by state. */
  readonly states: Readonly<Record<GoroutineStatus, number>>;
  /** Goroutines with the same function, place and wait, the most numerous first. */
  readonly groups: readonly DebugGoroutineGroup[];
  /** Goroutines, those that have waited longest first. */
  readonly goroutines: DebugRows<DebugGoroutine>;
  /** Open descriptors, the oldest first. */
  readonly connections: DebugRows<DebugConnection>;
  /** Channels, locks and the like that goroutines wait for. */
  readonly waits: readonly DebugWait[];
  /** Timers that are active, and milliseconds until the next is due; null without one. */
  readonly timers: { readonly active: number; readonly next: number | null };
  /** The loop that runs goroutines beside the host's. */
  readonly loop: {
    /** Whether `runSync` has the thread. */
    readonly blocking: boolean;
    /** Turns beside the host's loop. */
    readonly turns: number;
    /** Turns that ended in a sleep. */
    readonly sleeps: number;
    /** How late the host's timers were while the page was watched, in milliseconds. */
    readonly lateness: { readonly mean: number; readonly max: number };
  };
  /** What the limits of this thread refused, closed or stopped, by limit. */
  readonly shed: ShedCounts;
  /** The reactors that the handler was given. */
  readonly reactors: readonly DebugReactorState[];
}

/** What of a snapshot is wanted. */
export interface SnapshotQuery {
  /** Text that a row must contain, whatever its case; "" for all. */
  readonly search: string;
  /** State, or reason of the wait, that a goroutine must have; "" for all. */
  readonly state: string;
  /** Rows of a table at most. */
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
