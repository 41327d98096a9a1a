// SPDX-License-Identifier: MIT
// Ten times the server's capacity: it serves at its limit, and recovers.
import { go, type Goroutine, type Routine, run, sleep } from "../../mod.ts";
import { quantile, Talkers, tryDial } from "./clients.ts";
import { type Figures, until } from "./faults.ts";
import { type Runtime, type Served, startServer } from "./served.ts";
import type { Timeline } from "./timeline.ts";

/** Offered load as a multiple of the capacity. */
const TIMES = 10;
/** Connection limit of the server. */
const MOST = 16;
const BUSY = "busy";
/** Duration of each part, in milliseconds. */
const PART_MS = 3000;
/** Interval between new clients, in milliseconds. */
const TICK_MS = 5;
/** Number of capacity measurements, for the timeline. */
const CAPACITY_PARTS = 6;
/** Interval of the timeline's points during the flood, in milliseconds. */
const POINT_MS = 250;

/** Results of a flood's clients. */
class Flood {
  offered = 0;
  served = 0;
  refused = 0;
  failed = 0;
  /** Whether no more clients arrive. */
  over = false;
  readonly latencies: number[] = [];

  /** A client that connects, sends one request, and disconnects after its reply. */
  *client(server: Served): Routine<void> {
    const start = performance.now();
    this.offered++;
    const conn = yield* tryDial(server, PART_MS);
    if (conn === null) return void this.failed++;
    using _ = conn;
    try {
      conn.setDeadline(Date.now() + PART_MS);
      yield* conn.write(new TextEncoder().encode("w"));
      const buf = new Uint8Array(16);
      const n = yield* conn.read(buf);
      const answer = new TextDecoder().decode(buf.subarray(0, n ?? 0));
      if (answer === "ok") {
        this.served++;
        this.latencies.push(performance.now() - start);
      } else if (answer === BUSY) this.refused++;
      else this.failed++;
    } catch {
      this.failed++;
    }
  }
}

/** Clients that wait for each reply: measures the capacity per second. */
function* capacity(served: Served, timeline: Timeline): Routine<number> {
  const talkers = new Talkers(served, 4, "w", 2);
  yield* talkers.rate(PART_MS / 6);
  const parts = [];
  for (let i = 0; i < CAPACITY_PARTS; i++) {
    const rate = yield* talkers.rate(PART_MS / 2 / CAPACITY_PARTS);
    timeline.add({ served: rate });
    parts.push(rate);
  }
  yield* talkers.stop();
  return parts.reduce((a, b) => a + b) / parts.length;
}

/** Adds the rates of `flood` to the timeline until it is over. */
function* observe(flood: Flood, timeline: Timeline): Routine<void> {
  for (let { offered, served, refused } = flood, then = performance.now(); !flood.over;) {
    yield* sleep(POINT_MS);
    const now = performance.now();
    const rate = (count: number, before: number) => (count - before) * 1000 / (now - then);
    timeline.add({
      offered: rate(flood.offered, offered),
      served: rate(flood.served, served),
      refused: rate(flood.refused, refused),
    });
    ({ offered, served, refused } = flood);
    then = now;
  }
}

/** Starts clients at a fixed rate, regardless of earlier ones. */
function* flood(
  served: Served,
  rate: number,
  ms: number,
  timeline: Timeline,
): Routine<[Flood, number]> {
  const result = new Flood();
  go(observe, result, timeline);
  const clients: Goroutine<void>[] = [];
  const start = performance.now();
  let memory = 0;
  for (let now = start; now < start + ms; now = performance.now()) {
    const due = Math.floor((now - start) * rate / 1000) - result.offered;
    for (let i = 0; i < due; i++) clients.push(go(() => result.client(served)));
    memory = Math.max(memory, served.memory);
    yield* sleep(TICK_MS);
  }
  result.over = true;
  for (const client of clients) yield* client.join();
  return [result, memory];
}

/** Each request takes 5 ms of a worker's CPU time. */
export async function tenTimes(runtime: Runtime, timeline: Timeline): Promise<Figures> {
  const limits = { connections: { most: MOST, policy: "refuse" as const }, reply: BUSY };
  using served = await startServer(runtime, { workers: 1, limits });
  return await run(function* () {
    const before = yield* capacity(served, timeline);
    const memory = served.memory;
    const [result, most] = yield* flood(served, before * TIMES, PART_MS, timeline);
    const { counters } = yield* served.stats();
    const empty = yield* until("all are gone", function* () {
      return (yield* served.stats()).counters.open === 0;
    });
    const after = yield* capacity(served, timeline);
    return {
      "capacity, 1/s": before,
      "offered, 1/s": result.offered * 1000 / PART_MS,
      "served, 1/s": result.served * 1000 / PART_MS,
      "served of the capacity": result.served * 1000 / PART_MS / before,
      refused: result.refused,
      failed: result.failed,
      "refused by its own count": counters.refused.connections,
      "latency of the served p50, ms": quantile(result.latencies, 0.5),
      "latency of the served p99, ms": quantile(result.latencies, 0.99),
      "memory before, MiB": memory,
      "memory at most, MiB": most,
      "all gone after, ms": empty,
      "capacity after, 1/s": after,
      "capacity after of before": after / before,
    };
  });
}
