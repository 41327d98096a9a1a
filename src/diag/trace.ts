// SPDX-License-Identifier: MIT
/** Traces of what goroutines do, in the format of Chrome's tracing. Go: runtime/trace. */
import { needObject, shown } from "../validate/argument.ts";
import { allGoroutines } from "../sched/dump.ts";
import { PanicError } from "../sched/goroutine.ts";
import { observe, unobserve } from "../sched/observer.ts";
import { scheduler } from "../sched/thread.ts";
import type { TraceEvent } from "./trace_ring.ts";
import { Tracer } from "./tracer.ts";
import { registerState } from "../sched/thread_state.ts";

/** Events kept, unless told otherwise: some 30 MB of JSON. */
const LIMIT = 200_000;

let tracer: Tracer | null = null;

registerState<Tracer | null>("tracer", {
  fresh: () => null,
  save: () => tracer,
  restore: (state) => tracer = state,
});

/** Settings of {@linkcode startTrace}. */
export interface TraceOptions {
  /** How many spans and ends of arrows are kept; when there are more, the oldest go. 200,000. */
  limit?: number;
}

/**
 * Begins to record what the goroutines of this thread do. A turn of a goroutine then costs up to half a
 * microsecond more; while no trace is recorded it costs nothing. Never parks. Go: `trace.Start`.
 *
 * @throws {PanicError} when one is being recorded already
 * @throws {RangeError} when `limit` is not a whole number above 0
 * @example
 * ```ts
 * startTrace();
 * yield* work();
 * writeFileSync("trace.json", stopTrace()); // for https://ui.perfetto.dev
 * ```
 */
export function startTrace(options: TraceOptions = {}): void {
  needObject("start a trace", "its options", options);
  const { limit = LIMIT } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new RangeError(
      `Cannot start a trace as its limit must be a whole number above 0: current value is ${
        shown(limit)
      }`,
    );
  }
  if (tracer !== null) throw new PanicError("tracing is already enabled");
  tracer = new Tracer(limit, allGoroutines(scheduler));
  observe(scheduler, tracer);
}

/**
 * Ends what {@linkcode startTrace} began. Never parks. Go: `trace.Stop`.
 *
 * @returns the trace as JSON in the format of Chrome's tracing, which https://ui.perfetto.dev opens:
 * a track a goroutine, with spans for running, runnable and whatever it waits for, and an arrow from
 * whoever woke it; track 0 stands for the poller, the timers and the host. `otherData.dropped` says
 * how many events were too many.
 * @throws {PanicError} when none is being recorded
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

/** The spans, and those arrows of which both ends are left. */
function* events({ ring }: Tracer): Generator<object> {
  const all = [...ring.events()];
  const from = new Set(all.filter(({ kind }) => kind === "from").map(({ name }) => name));
  for (const event of all) {
    if (event.kind === "span") yield span(event);
    else if (from.has(event.name)) yield arrow(event);
  }
}

/** The format counts in microseconds. */
function span({ track, at, end, name }: TraceEvent): object {
  return { ph: "X", pid: 1, tid: track, ts: at * 1000, dur: (end - at) * 1000, name };
}

function arrow({ kind, track, at, name }: TraceEvent): object {
  const both = { pid: 1, tid: track, ts: at * 1000, id: name, name: "wake", cat: "wake" };
  return kind === "from" ? { ph: "s", ...both } : { ph: "f", bp: "e", ...both };
}
