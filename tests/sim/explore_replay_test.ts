// SPDX-License-Identifier: MIT
/** Runs as texts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatReplay, parseReplay, type Replay, ReplayError } from "../../sim.ts";
import { property } from "../support/property.ts";

test("a run has a text form", () => {
  const cases: [Replay, string][] = [
    [{ seed: 17 }, "17"],
    [{ seed: 17, schedule: "fifo", choices: [] }, "17:fifo"],
    [
      { seed: 0, schedule: "random", choices: [["schedule", 3, 2], ["schedule", 5, 1]] },
      "0:any~schedule~3-2.2",
    ],
    [
      { seed: 1, schedule: "fifo", choices: [["link a>b loss", 40, 1]] },
      "1:fifo~link_a-3e-b_loss~14",
    ],
  ];
  for (const [run, text] of cases) {
    assert.equal(formatReplay(run), text);
    assert.deepEqual(parseReplay(text), run);
  }
});

const number = fc.integer({ min: 1, max: 0xffff_ffff });

property(
  "every run has a unique text, of characters that need no quotes in a shell or a URL",
  [
    number,
    fc.constantFrom("fifo", "random"),
    fc.uniqueArray(fc.string({ minLength: 1, unit: "binary" }), { maxLength: 4 }),
    fc.uniqueArray(fc.integer({ min: 0, max: 0xff_ffff }), { minLength: 1, maxLength: 20 }),
    number,
  ],
  (seed, schedule, names, indexes, value) => {
    const sorted = indexes.toSorted((a, b) => a - b);
    const choices = names.flatMap((name) =>
      sorted.map((index, i) => [name, index, i % 2 === 0 ? value : 1] as const)
    );
    const run = { seed, schedule: schedule as "fifo" | "random", choices };
    const text = formatReplay(run);
    assert.match(text, /^[a-zA-Z0-9:~._-]+$/);
    assert.deepEqual(parseReplay(text), run);
  },
);

test("an invalid run text is a typed error, at once", () => {
  const wrong = [
    "",
    "x",
    "-1",
    "4294967296",
    "5:",
    "5:lifo",
    "5:any~",
    "5:any~a",
    "5:any~a~",
    "5:any~a~0-0",
    "5:any~a~1..2",
    "5:any~a~1.0",
    "5:any~a-~1",
    "5:any~a~zzzzzzzzz",
    "5:any~a~1-zzzzzzz",
    "5:any:fifo",
    `5:any${"~a".repeat(50_001)}`,
  ];
  for (const text of wrong) assert.throws(() => parseReplay(text), ReplayError, text.slice(0, 40));
});
