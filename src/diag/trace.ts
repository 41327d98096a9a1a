// SPDX-License-Identifier: MIT
/** Execution traces of goroutines, in Chrome's trace format. Go: runtime/trace. */
import { needObject, shown } from "../validate/argument.ts";
import { allGoroutines } from "../sched/dump.ts";
import { PanicError } from "../sched/goroutine.ts";
import { observe, unobserve } from "../sched/observer.ts";
import { scheduler } from "../sched/thread.ts";
import type { TraceEvent } from "./trace_ring.ts";
import { Tracer } from "./tracer.ts";
import { registerState } from "../sched/thread_state.ts";

/** Default number of events to keep: some 30 MB of JSON. */
const LIMIT = 200_000;

let tracer: Tracer | null = null;

registerState<Tracer | null>("tracer", {
  fresh: () => null,
  save: () => tracer,
  restore: (state) => tracer = state,
});

/** Options of {@linkcode startTrace}. */
export interface TraceOptions {
  /** Number of spans and arrow ends to keep, 200,000 by default; older ones are dropped. */
  limit?: number;
}

/**
 * Starts recording the goroutines of this thread. Each goroutine switch then takes up to half a
 * microsecond longer; without a trace there is no cost. Never parks. Go: `trace.Start`.
 *
 * @throws {PanicError} if a trace is already being recorded
 * @throws {RangeError} if `limit` is not a positive integer
 * @example
 * ```ts
 * startTrace();
 * yield* work();
 * writeFileSync("trace.json", stopTrace()); // for https://ui.perfetto.dev
 * ```
 */
export function startTrace(options: TraceOptions = {}): void {
  needObject("start a trace", "options", options);
  const { limit = LIMIT } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new RangeError(
      `Cannot start a trace as limit must be a positive integer: current value is ${shown(limit)}`,
    );
  }
  if (tracer !== null) throw new PanicError("tracing is already enabled");
  tracer = new Tracer(limit, allGoroutines(scheduler));
  observe(scheduler, tracer);
}

/**
 * Stops the recording that {@linkcode startTrace} began. Never parks. Go: `trace.Stop`.
 *
 * @returns the trace as JSON in Chrome's trace format, which https://ui.perfetto.dev opens: one
 * track per goroutine, with spans for running, runnable and each kind of wait, and an arrow from
 * whatever woke it. Track 0 stands for the poller, the timers and the host. `otherData.dropped` is
 * the number of events beyond `limit`.
 * @throws {PanicError} if no trace is being recorded
 * @example
 * ```ts
 * writeFileSync("trace.json", stopTrace());
 * ```
 */
export function stopTrace(): string {
  const ended = tracer;
  if (ended === null) throw new PanicError("tracing is not enabled");
  tracer = null;
  unobserve(scheduler, ended);
  ended.end();
  return JSON.stringify({
    traceEvents: [...metadata(ended), ...events(ended)],
    displayTimeUnit: "ns",
    otherData: { dropped: ended.ring.dropped },
  });
}

function* metadata({ names }: Tracer): Generator<object> {
  const name = (track: number, name: string) => ({
    ph: "M",
    pid: 1,
    tid: track,
    name: "thread_name",
    args: { name },
  });
  yield { ph: "M", pid: 1, name: "process_name", args: { name: "netpoll" } };
  yield name(0, "poller, timers, host");
  for (const [id, text] of names) yield name(id, `goroutine ${id}: ${text}`);
}

/** Yields the spans, and the arrows of which both ends were kept. */
function* events({ ring }: Tracer): Generator<object> {
  const all = [...ring.events()];
  const from = new Set(all.filter(({ kind }) => kind === "from").map(({ name }) => name));
  for (const event of all) {
    if (event.kind === "span") yield span(event);
    else if (from.has(event.name)) yield arrow(event);
  }
}

/** Converts an event; the format counts in microseconds. */
function span({ track, at, end, name }: TraceEvent): object {
  return { ph: "X", pid: 1, tid: track, ts: at * 1000, dur: (end - at) * 1000, name };
}

function arrow({ kind, track, at, name }: TraceEvent): object {
  const both = { pid: 1, tid: track, ts: at * 1000, id: name, name: "wake", cat: "wake" };
  return kind === "from" ? { ph: "s", ...both } : { ph: "f", bp: "e", ...both };
}
