// SPDX-License-Identifier: MIT
/** The watchdog of a run. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { go, type Goroutine, gosched, run, runSync, sleep, stats } from "../../mod.ts";
import { scheduler } from "../../src/sched/thread.ts";

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

for (const driver of ["run", "runSync"] as const) {
  const start = (main: Parameters<typeof run>[0], options: Parameters<typeof run>[1]) =>
    driver === "run" ? run(main, options) : Promise.resolve(runSync(main, options));

  test(`the watchdog names the goroutine that ran too long, and how long (${driver})`, async () => {
    const slow: [string, number][] = [];
    const onSlow = ({ name }: Goroutine, ms: number) => void slow.push([name, ms]);
    await start(function* () {
      const all = [
        go(function* greedy() {
          yield* sleep(1);
          block(60);
          yield* sleep(1);
        }),
        go(function* modest() {
          for (let i = 0; i < 30; i++) {
            block(3);
            yield* gosched();
          }
        }),
        go(function* last() {
          yield* sleep(1);
          block(60);
        }),
      ];
      for (const g of all) yield* g.join();
    }, { watchdog: 50, onSlow });
    // Goroutines that the machine kept from running meanwhile are named as well.
    const times = (name: string) => slow.filter(([each]) => each === name).length;
    assert.ok(times("greedy") > 0 && times("last") > 0 && times("modest") < 30, String(slow));
    for (const [, ms] of slow) assert.ok(ms >= 50);
    assert.equal(scheduler.observer, null, "it watches no longer than its run");
  });

  test(`a slow finally block is reported, too (${driver})`, async () => {
    const slow: string[] = [];
    await start(function* () {
      go(function* ended() {
        try {
          yield* sleep(60_000);
        } finally {
          block(30);
        }
      });
      yield* gosched();
    }, { watchdog: 20, onSlow: ({ name }) => void slow.push(name) });
    assert.ok(slow.includes("ended"));
  });

  test(`an error thrown by onSlow ends the run (${driver})`, async () => {
    const worse = new Error("too slow");
    const main = function* () {
      block(5);
      yield* sleep(60_000);
    };
    const onSlow = () => {
      throw worse;
    };
    await assert.rejects(async () => await start(main, { watchdog: 1, onSlow }), worse);
    assert.equal(scheduler.observer, null);
  });
}

test("without onSlow the watchdog prints a warning", () => {
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => void warnings.push(text);
  try {
    runSync(function* culprit() {
      block(20);
    }, { watchdog: 10 });
  } finally {
    console.warn = warn;
  }
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0],
    /^goroutine \d+ \[culprit\] ran for \d+ ms without yielding to others$/,
  );
});

test("the watchdog watches its own run alone, and each run has its own", async () => {
  const slow: string[] = [];
  const watched = (name: string) => ({ watchdog: 100, onSlow: () => void slow.push(name) });
  await Promise.all([
    run(function* () {
      yield* sleep(1);
      block(120);
    }, watched("first")),
    run(function* () {
      yield* sleep(1);
      block(120);
    }),
    run(function* () {
      yield* sleep(1);
    }, watched("third")),
  ]);
  assert.deepEqual(slow, ["first"]);
});

test("an invalid limit is refused, and the run leaks nothing", async () => {
  for (const watchdog of [0, -1, NaN, "5" as unknown as number]) {
    assert.throws(() => runSync(function* () {}, { watchdog }), RangeError);
    await assert.rejects(run(function* () {}, { watchdog }), RangeError);
  }
  assert.equal(scheduler.runs.size, 0);
  assert.equal(stats().goroutines, 0);
});
