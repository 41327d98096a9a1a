// SPDX-License-Identifier: MIT
/** Runs of simulations as text, as traces and as pages. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gosched } from "../../mod.ts";
import { formatRun, pageOfRun, simulateSync, type SimulationRun, traceRun } from "../../sim.ts";
import { onWindows } from "../support/harness.ts";
import { checkPageSource } from "../support/page_source.ts";
import { outputOnBoth } from "./both_runtimes.ts";
import { failedRun, longRun } from "./viewed_runs.ts";

const failed = failedRun();

test("a failed run as text", () => {
  const text = formatRun(failed, { last: 10_000 });
  const lines = text.split("\n");
  assert.match(
    lines[0],
    /^failed: PropertyError: always "few questions" is false: \{limit: 5\} \(host test, goroutine 1 \[main\]\)$/,
  );
  assert.match(lines[1], /^seed 7, hash [0-9a-f]{16}, \d+\.\d{3} ms of virtual time, \d+ turns$/);
  assert.match(text, /^ +ms {2}host +goroutine +event$/m);
  // Faults are marked, what mends them is not.
  assert.match(text, / {2}\(network\) +1 main +! partition a <-> client$/m);
  assert.match(text, / {2}\(network\) +1 main {3,}heal partition a <-> client$/m);
  assert.match(text, / {2}b +1 main +! paused$/m);
  assert.match(text, / {2}c +1 main +! crashed$/m);
  assert.match(text, /! #\d+ lost -> a:7: partition$/m);
  assert.match(text, / {2}client +\d+ dial +connect\(\d+\) = EINPROGRESS$/m);
  assert.match(text, / {2}client +\d+ ask +operation 1 invoke a: "question 0"$/m);
  assert.match(text, /tcp data 5 bytes -> client:\d+$/m);
  assert.match(text, /^properties:\n {2}reachable "<\/script><!--": 0\n/m);
  assert.match(text, /^ {2}always "few questions": 0 true, 1 false$/m);
  assert.match(text, /^goroutines:\n {2}goroutine 1 \[running\]: main\n/m);
  assert.ok(lines.every((line) => line === line.trimEnd()));
});

test("the last events, and those of selected hosts", () => {
  const rows = (text: string) => text.split("\n\n")[1].split("\n").slice(1);
  const last = rows(formatRun(failed, { last: 5 }));
  assert.equal(last.length, 6);
  assert.equal(last[0].trim(), "...");
  assert.match(last[5], /always "few questions" is false/);
  const all = rows(formatRun(failed, { last: 10_000 }));
  const ofB = rows(formatRun(failed, { last: 10_000, hosts: ["b"] }));
  assert.ok(ofB.length > 20 && ofB.length < all.length);
  assert.ok(ofB.every((line) => / b |\(network\)|(?:<-|->) b/.test(line)), ofB.join("\n"));
  // Without the option record there are the last few.
  assert.match(formatRun(failedRun({})), /\n +\.\.\.\n/);
});

test("a passed run as text, with turns that do nothing else", () => {
  const run = simulateSync({ seed: 2, record: true }, function* () {
    yield* gosched();
  });
  assert.match(
    formatRun(run),
    /^passed\nseed 2, .*\n\n.*\n\d\.\d{3} {2}test {2}1 main {5} {2}runs main\n\d.* runs main\n$/,
  );
});

interface Item {
  readonly ph: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: number;
  readonly name: string;
  readonly cat?: string;
  readonly args?: { name?: string };
}

test("a run as a trace, with hosts as processes, goroutines as tracks, packets as arrows", () => {
  const trace = JSON.parse(traceRun(failed)) as { traceEvents: Item[]; otherData: object };
  assert.deepEqual(trace.otherData, {
    seed: 7,
    hash: failed.hash,
    failure: 'PropertyError: always "few questions" is false: {limit: 5}',
  });
  const items = trace.traceEvents;
  const named = (kind: string) => items.filter(({ name }) => name === kind);
  const processes = named("process_name").map(({ pid, args }) => [pid, args!.name]);
  assert.deepEqual(processes, [
    [0, "network"],
    [1, "test"],
    [2, "a"],
    [3, "b"],
    [4, "c"],
    [5, "client"],
  ]);
  const tracks = named("thread_name").map(({ pid, args }) => `${pid} ${args!.name}`);
  assert.ok(tracks.includes("5 kernel"));
  assert.ok(tracks.some((name) => /^2 goroutine \d+: echoServer$/.test(name)), tracks.join());

  // Each arrow has two ends, the second not before the first, in the midst of a moment.
  const ends = (ph: string) => items.filter((item) => item.ph === ph);
  const from = new Map(ends("s").map((item) => [item.id, item]));
  const to = ends("f");
  const delivered = failed.events.filter(({ kind }) => kind === "deliver");
  assert.equal(to.length, delivered.length);
  assert.equal(from.size, to.length);
  const spans = ends("X");
  for (const end of [...from.values(), ...to]) {
    const { pid, tid, ts } = end;
    const around = spans.some((span) =>
      span.pid === pid && span.tid === tid && span.ts <= ts && ts <= span.ts + span.dur!
    );
    assert.ok(around, JSON.stringify(end));
  }
  for (const end of to) assert.ok(end.ts >= from.get(end.id)!.ts);

  // What lasts has a beginning and an end.
  const begun = ends("b");
  assert.deepEqual(begun.map(({ id }) => id), [...new Set(begun.map(({ id }) => id))]);
  assert.deepEqual(
    begun.map(({ id }) => id).sort(),
    ends("e").map(({ id }) => id).sort(),
  );
  const names = begun.map(({ pid, name }) => `${pid} ${name}`);
  for (const name of ["0 partition a <-> client", "3 paused", "4 down", '5 a: "question 0"']) {
    assert.ok(names.includes(name), names.join("\n"));
  }
  assert.ok(ends("i").some(({ cat, name }) => cat === "drop" && /lost/.test(name)));
});

test("every item has what the trace format asks of its kind", () => {
  const text = traceRun(failed);
  const { traceEvents } = JSON.parse(text) as { traceEvents: Record<string, unknown>[] };
  const needed: Readonly<Record<string, readonly string[]>> = {
    M: ["name", "args"],
    X: ["name", "ts", "dur", "tid"],
    i: ["name", "ts", "s"],
    s: ["name", "ts", "tid", "id", "cat"],
    f: ["name", "ts", "tid", "id", "cat", "bp"],
    b: ["name", "ts", "id", "cat"],
    e: ["name", "ts", "id", "cat"],
  };
  const seen = new Set<string>();
  for (const item of traceEvents) {
    const { ph } = item as { ph: string };
    seen.add(ph);
    assert.ok(Number.isInteger(item.pid), JSON.stringify(item));
    for (const field of needed[ph]) assert.ok(field in item, `${field}: ${JSON.stringify(item)}`);
    for (const field of ["ts", "dur"]) {
      if (field in item) assert.ok(Number.isFinite(item[field]) && item[field] as number >= 0);
    }
    if (ph === "i") assert.ok(["g", "p", "t"].includes(item.s as string));
    if (ph === "f") assert.equal(item.bp, "e");
  }
  assert.deepEqual([...seen].sort(), Object.keys(needed).sort());
});

test("spans of a track are nested or disjoint", () => {
  for (const run of [failed, longRun(200)] as SimulationRun[]) {
    const tracks = new Map<string, { ts: number; end: number }[]>();
    const { traceEvents } = JSON.parse(traceRun(run)) as { traceEvents: Item[] };
    for (const { ph, pid, tid, ts, dur } of traceEvents) {
      if (ph !== "X") continue;
      assert.ok(dur! > 0);
      const track = tracks.get(`${pid} ${tid}`) ?? [];
      tracks.set(`${pid} ${tid}`, [...track, { ts, end: ts + dur! }]);
    }
    for (const [track, spans] of tracks) {
      spans.sort((a, b) => a.ts - b.ts);
      for (let i = 1; i < spans.length; i++) {
        const [before, span] = [spans[i - 1], spans[i]];
        const nested = before.ts === span.ts && before.end === span.end;
        assert.ok(
          nested || span.ts >= before.end - 1e-6,
          `${track}: ${JSON.stringify([before, span])}`,
        );
      }
    }
  }
});

test("a run as a page that needs and allows no outside access", () => {
  const page = pageOfRun(failed);
  const [, policy] = page.match(/http-equiv="Content-Security-Policy"\s+content="([^"]+)"/)!;
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
  for (const [directive, element] of [["script", "<script>"], ["style", "<style>"]]) {
    const from = page.indexOf(element) + element.length;
    const text = page.slice(from, page.indexOf(`</${directive}>`, from));
    const hash = createHash("sha256").update(text).digest("base64");
    assert.ok(policy.includes(`${directive}-src 'sha256-${hash}'`), directive);
  }
  assert.doesNotMatch(page.replace(/http:\/\/www\.w3\.org\/2000\/svg/g, ""), /https?:/);
  // What the program says cannot end the element of the data.
  assert.equal(page.match(/<\/script>/g)?.length, 2);
  assert.ok(!page.includes("<!--"));
  const [, data] = page.match(/<script type="application\/json" id="run">([^]*?)<\/script>/)!;
  const run = JSON.parse(data) as { events: unknown[]; properties: { name: string }[] };
  assert.equal(run.events.length, failed.events.length);
  assert.equal(run.properties[0].name, "</script><!--");
});

test("text, trace and page are identical on Bun and on Deno, and Deno needs no permission", {
  skip: onWindows && "the other runtime is not started under Wine",
}, () => {
  assert.ok(outputOnBoth("views.ts").length > 100_000);
});

test("the page's module is up to date with its sources", () => checkPageSource("src/sim/view"));

test("invalid arguments are named in the error", () => {
  for (const call of [formatRun, traceRun, pageOfRun]) {
    assert.throws(() => call({} as never), /must be the result or the error of a simulation/);
    assert.throws(() => call(null as never), TypeError);
  }
  assert.throws(() => formatRun(failed, { last: 0 }), RangeError);
});
