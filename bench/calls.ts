// SPDX-License-Identifier: MIT
// Cost of a call of an open run compared with a bare goroutine: `npm run bench:calls`; with `--
// --save` the results go to bench/results. See bench/README.md.
import process from "node:process";
import { startChild, within } from "./rig/child.ts";
import { command } from "./rig/command.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { BUN, DENO, inRepository } from "./rig/paths.ts";
import { saveTable } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { fixed, table } from "./rig/table.ts";

const ROUNDS = 3;
const MS = 400;
const LIMIT_S = 30;

const RUNTIMES: Record<string, string[]> = {
  bun: [BUN],
  deno: [DENO, "run", "-A", "--no-check"],
};

/** Variants of calls/program.ts, each with its baseline. */
const WAYS: Record<string, { text: string; beside?: string }> = {
  "goroutine": { text: "go and join, no wait" },
  "call": { text: "call awaited, no wait", beside: "goroutine" },
  "call-together": { text: "1,000 calls at once, no wait", beside: "goroutine" },
  "promise": { text: "1,000 handle.promise at once, no wait", beside: "goroutine" },
  "goroutine-turn": { text: "go and join, one gosched" },
  "context-turn": { text: "the same with asyncContext", beside: "goroutine-turn" },
  "call-turn": { text: "call awaited, one gosched", beside: "goroutine-turn" },
  "call-turn-together": { text: "1,000 calls at once, one gosched", beside: "goroutine-turn" },
  "goroutine-echo": { text: "round trip of 64 bytes in a goroutine" },
  "call-echo": { text: "call awaited, round trip of 64 bytes", beside: "goroutine-echo" },
  "async": { text: "async function awaited" },
};

interface Sample {
  runtime: string;
  way: string;
  round: number;
  ns: number;
}

async function measure(runtime: string, way: string, round: number): Promise<Sample> {
  const program = inRepository("bench", "calls", "program.ts");
  const child = startChild(["taskset", "-c", "0", ...RUNTIMES[runtime], program, way, String(MS)]);
  if (await within(LIMIT_S, child.ended) !== 0) {
    child.kill("SIGKILL");
    throw new Error(`${way} on ${runtime}: ${child.errors()}`);
  }
  return { runtime, way, round, ...JSON.parse(child.output()) };
}

/** All samples, interleaved because the machine's speed drifts. */
async function rounds(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of Object.keys(WAYS)) {
      for (const runtime of Object.keys(RUNTIMES)) {
        samples.push(await measure(runtime, way, round));
      }
    }
  }
  return samples;
}

/** Medians, and medians of the differences within a round. */
function summarize(samples: Sample[]): string {
  const of = (way: string, runtime: string) =>
    samples.filter((s) => s.way === way && s.runtime === runtime).map(({ ns }) => ns);
  const microseconds = (ns: number[]) => fixed(median(ns) / 1000, 2);
  const rows = Object.entries(WAYS).map(([way, { text, beside }]) => [
    text,
    ...Object.keys(RUNTIMES).flatMap((runtime) => {
      const ours = of(way, runtime);
      if (beside === undefined) return [microseconds(ours), ""];
      const other = of(beside, runtime);
      return [microseconds(ours), microseconds(ours.map((ns, i) => ns - other[i]))];
    }),
  ]);
  return table(["us", "Bun", "more", "Deno", "more"], rows);
}

await command("calls", async () => {
  const machine = describeMachine();
  console.error(machineLine(machine));
  const samples = await rounds();
  const text = summarize(samples);
  console.log(text);
  if (!process.argv.includes("--save")) return;
  const how = `${ROUNDS} rounds of ${MS} ms after half of that as warm-up, on one CPU; medians. ` +
    '"more" is the difference to the goroutine above it within the same round.';
  saveTable("calls", { title: "Calls of an open run beside goroutines", how, table: text }, {
    machine,
    rounds: ROUNDS,
    ms: MS,
    samples,
  });
});
