// SPDX-License-Identifier: MIT
/** Work that is put off to the end of the scheduler's turn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chan, go, run, runSync, sleep, wait } from "../../mod.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { TurnTasks } from "../../src/sched/turn_tasks.ts";
import { both } from "../support/harness.ts";

both("tasks are done once, in order, after the goroutines that added them", function* () {
  const seen: string[] = [];
  const done = chan<void>();
  const end = { endTurn: () => void seen.push("end") };
  const others = [1, 2, 3].map((i) =>
    go(function* () {
      scheduler.atTurnEnd({ endTurn: () => void seen.push(`end ${i}`) });
      seen.push(`turn ${i}`);
      yield* done.recv();
    })
  );
  scheduler.atTurnEnd(end);
  seen.push("main");
  for (let i = 0; seen.length < 8 && i < 1000; i++) yield* sleep(1);
  done.close();
  for (const other of others) yield* other.join();
  const turns = seen.filter((word) => !word.startsWith("end"));
  const ends = seen.filter((word) => word.startsWith("end"));
  assert.deepEqual(turns, ["main", "turn 1", "turn 2", "turn 3"]);
  assert.deepEqual(ends, ["end", "end 1", "end 2", "end 3"]);
  for (const i of [1, 2, 3]) {
    assert.ok(seen.indexOf(`end ${i}`) > seen.indexOf(`turn ${i}`), seen.join());
  }
});

test("a task that the host's code adds is done although no goroutine is runnable", async () => {
  await run(function* () {
    yield* wait(
      new Promise<void>((resolve) => {
        setTimeout(() => scheduler.atTurnEnd({ endTurn: resolve }), 1);
      }),
    );
  });
});

test("a task that another adds comes the next time", () => {
  const tasks = new TurnTasks();
  const seen: number[] = [];
  tasks.add({
    endTurn() {
      seen.push(1);
      tasks.add({ endTurn: () => void seen.push(2) });
    },
  });
  tasks.run();
  assert.deepEqual([seen, tasks.empty], [[1], false]);
  tasks.run();
  assert.deepEqual([seen, tasks.empty], [[1, 2], true]);
});

test("a task that the end of the last run adds is done before the run returns", () => {
  let done = 0;
  runSync(function* () {
    go(function* () {
      try {
        yield* sleep(3_600_000);
      } finally {
        try {
          yield* sleep(3_600_000);
        } finally {
          scheduler.atTurnEnd({ endTurn: () => done++ });
        }
      }
    });
    yield* sleep(1);
  }, { grace: 10 });
  assert.deepEqual([done, scheduler.runnable], [1, false]);
});
