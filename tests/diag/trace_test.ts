// SPDX-License-Identifier: MIT
/** Traces: the JSON is parsed, and what it says must fit together. Go: runtime/trace. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chan,
  go,
  gosched,
  PanicError,
  run,
  runSync,
  sleep,
  startTrace,
  stopTrace,
} from "../../mod.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { both, pair } from "../support/harness.ts";

interface Event {
  ph: "M" | "X" | "s" | "f";
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  name: string;
  id?: number;
  bp?: string;
  args?: { name: string };
}

interface Trace {
  traceEvents: Event[];
  otherData: { dropped: number };
}

function stopped(): Trace {
  return JSON.parse(stopTrace()) as Trace;
}

/** Microseconds that adding and multiplying may be off. */
const SLACK = 0.01;

/** The spans of each track, in order; fails if any two overlap. */
function spansOf({ traceEvents }: Trace): Map<number, Event[]> {
  const tracks = new Map<number, Event[]>();
  for (const event of traceEvents) {
    if (event.ph !== "X") continue;
    assert.ok(event.dur >= 0 && Number.isFinite(event.ts), JSON.stringify(event));
    tracks.set(event.tid, [...tracks.get(event.tid) ?? [], event]);
  }
  for (const spans of tracks.values()) {
    spans.sort((a, b) => a.ts - b.ts || a.dur - b.dur);
    for (let i = 1; i < spans.length; i++) {
      const end = spans[i - 1].ts + spans[i - 1].dur;
      assert.ok(end <= spans[i].ts + SLACK, JSON.stringify([spans[i - 1], spans[i]]));
    }
  }
  return tracks;
}

/** Each arrow has two ends, from a span of the waker to where the woken one became runnable. */
function checkArrows(trace: Trace): number {
  const tracks = spansOf(trace);
  const within = (event: Event, name: RegExp) =>
    tracks.get(event.tid)?.some((span) =>
      name.test(span.name) && span.ts <= event.ts + SLACK && event.ts <= span.ts + span.dur + SLACK
    );
  const ends = (ph: "s" | "f") => trace.traceEvents.filter((event) => event.ph === ph);
  const to = new Map(ends("f").map((event) => [event.id, event]));
  assert.equal(ends("s").length, to.size);
  for (const from of ends("s")) {
    const end = to.get(from.id)!;
    assert.ok(end !== undefined, `arrow ${from.id} ends somewhere`);
    assert.ok(from.ts <= end.ts + SLACK);
    assert.ok(within(from, from.tid === 0 ? /^wake goroutine/ : /^running$/), JSON.stringify(from));
    assert.ok(within(end, /^runnable$/), JSON.stringify(end));
    assert.equal(end.bp, "e");
  }
  return to.size;
}

function trackOf({ traceEvents }: Trace, name: string): number {
  const found = traceEvents.find(({ ph, args }) => ph === "M" && args!.name.endsWith(`: ${name}`));
  assert.ok(found !== undefined, `a track of ${name}`);
  return found.tid;
}

both(
  "each goroutine is running, runnable or waiting at any time, and arrows show who woke it",
  function* () {
    const ch = chan<number>();
    const [a, b] = yield* pair();
    startTrace();
    const all = [
      go(function* producer() {
        for (let i = 0; i < 20; i++) yield* ch.send(i);
        yield* a.write(new Uint8Array(5));
      }),
      go(function* consumer() {
        for (let i = 0; i < 20; i++) yield* ch.recv();
      }),
      go(function* reader() {
        yield* b.read(new Uint8Array(10));
      }),
      go(function* sleeper() {
        yield* sleep(2);
        yield* gosched();
      }),
    ];
    for (const g of all) yield* g.join();
    const trace = stopped();
    a.close();
    b.close();
    assert.equal(trace.otherData.dropped, 0);
    const tracks = spansOf(trace);
    const names = (name: string) => tracks.get(trackOf(trace, name))!.map((span) => span.name);
    assert.deepEqual(names("sleeper"), [
      "runnable",
      "running",
      "sleep",
      "runnable",
      "running",
      "runnable",
      "running",
    ]);
    assert.deepEqual(names("reader"), ["runnable", "running", "IO wait", "runnable", "running"]);
    assert.ok(
      names("producer").includes("chan send") || names("consumer").includes("chan receive"),
    );
    for (const [track, spans] of tracks) {
      if (track === 0) continue;
      for (let i = 1; i < spans.length; i++) {
        const gap = spans[i].ts - spans[i - 1].ts - spans[i - 1].dur;
        assert.ok(gap <= SLACK, "no time is missing");
      }
    }
    assert.ok(checkArrows(trace) >= 20);
    const woken = trace.traceEvents.filter(({ ph, tid }) =>
      ph === "f" && tid === trackOf(trace, "sleeper")
    );
    const from = new Map(
      trace.traceEvents.filter(({ ph }) => ph === "s").map((e) => [e.id, e.tid]),
    );
    assert.deepEqual(
      woken.map(({ id }) => from.get(id) === 0),
      [false, true],
      "by main, by its timer",
    );
  },
);

both("goroutines that started before the trace and outlive it have spans as well", function* () {
  const before = go(function* before() {
    yield* sleep(60_000);
  });
  yield* gosched();
  startTrace();
  yield* sleep(1);
  const trace = stopped();
  const spans = spansOf(trace).get(before.id)!;
  assert.deepEqual(spans.map(({ name }) => name), ["sleep"]);
  assert.ok(spans[0].dur >= 1000, "from the first to the last moment");
});

both("ended goroutines, and those that end others, leave the trace in order", function* () {
  startTrace();
  for (let i = 0; i < 20; i++) {
    yield* (function* () {
      const inner = runnerOf(i);
      yield* inner.join();
    })();
  }
  const trace = stopped();
  checkArrows(trace);
});

function runnerOf(i: number) {
  return go(function* runner() {
    const ch = chan();
    const g = go(function* victim() {
      try {
        yield* ch.recv();
      } finally {
        go(function* nextOwner() {});
      }
    });
    yield* gosched();
    scheduler.end(g as never);
    if (i % 2 === 0) yield* gosched();
  });
}

test("beyond the maximum number of events the oldest are dropped, and counted", () => {
  const trace = runSync(function* () {
    startTrace({ limit: 100 });
    for (let i = 0; i < 500; i++) yield* gosched();
    yield* go(function* late() {}).join();
    return stopped();
  });
  assert.ok(trace.otherData.dropped >= 900);
  assert.ok(trace.traceEvents.filter(({ ph }) => ph !== "M").length <= 100);
  trackOf(trace, "late");
  checkArrows(trace);
});

test("a trace spans several runs, and times without any", async () => {
  startTrace();
  await Promise.all([run(() => sleep(2)), run(() => sleep(1))]);
  const trace = stopped();
  assert.equal(spansOf(trace).size, 3, "two goroutines and the outside");
  checkArrows(trace);
  assert.equal(scheduler.observer, null, "nothing is recorded any more");
});

test("misuse: started twice, stopped without a start, an invalid limit", () => {
  assert.throws(stopTrace, PanicError);
  startTrace();
  assert.throws(() => startTrace(), new PanicError("tracing is already enabled"));
  stopTrace();
  for (const limit of [0, -1, 1.5, NaN]) assert.throws(() => startTrace({ limit }), RangeError);
  assert.throws(stopTrace, PanicError);
});
