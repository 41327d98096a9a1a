// SPDX-License-Identifier: MIT
// Simulations: segments and turns a second, virtual time by real time, runs a second: `npm run bench:sim`;
// with `-- --save` the results go to bench/results. See bench/README.md.
import process from "node:process";
import { startChild, within } from "./rig/child.ts";
import { command } from "./rig/command.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { BUN, DENO, inRepository } from "./rig/paths.ts";
import { saveTable } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { table } from "./rig/table.ts";

const ROUNDS = 3;
const LIMIT_S = 60;

/** Deno needs no permission: a simulation calls nothing by FFI. */
const RUNTIMES: Record<string, string[]> = {
  bun: [BUN],
  deno: [DENO, "run", "--no-check", "--no-prompt"],
};

interface Rates {
  segments: number;
  turns: number;
  /** Virtual seconds a second. */
  realTime: number;
  runs: number;
}

interface Sample extends Rates {
  runtime: string;
  round: number;
  /** Of what happened, which must be the same everywhere. */
  hash: string;
}

/** The rates, with the goals on Bun. */
const ROWS: [keyof Rates, string, string][] = [
  ["segments", "100 clients, 500 echoes each: segments/s", "300,000"],
  ["turns", "the same: turns/s", ""],
  ["realTime", "100 goroutines that sleep: x real time", "100,000"],
  ["runs", "3 clients, 5 echoes each: runs/s", ""],
];

async function measure(runtime: string, round: number): Promise<Sample> {
  const child = startChild([...RUNTIMES[runtime], inRepository("bench", "sim", "program.ts")]);
  if (await within(LIMIT_S, child.ended) !== 0) {
    child.kill("SIGKILL");
    throw new Error(`${runtime}: ${child.errors()}`);
  }
  return { runtime, round, ...JSON.parse(child.output()) };
}

/** All samples, interleaved because the machine's speed drifts. */
async function rounds(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const runtime of Object.keys(RUNTIMES)) samples.push(await measure(runtime, round));
  }
  const hashes = new Set(samples.map(({ hash }) => hash));
  if (hashes.size !== 1) throw new Error(`the runs differ: ${[...hashes].join(", ")}`);
  return samples;
}

function summarize(samples: Sample[]): string {
  const rows = ROWS.map(([rate, text, goal]) => [
    text,
    ...Object.keys(RUNTIMES).map((runtime) => {
      const own = samples.filter((sample) => sample.runtime === runtime);
      return Math.round(median(own.map((sample) => sample[rate]))).toLocaleString("en");
    }),
    goal,
  ]);
  return table(["", "Bun", "Deno", "goal on Bun"], rows);
}

await command("sim", async () => {
  const machine = describeMachine();
  console.error(machineLine(machine));
  const samples = await rounds();
  const text = summarize(samples);
  console.log(text);
  if (!process.argv.includes("--save")) return;
  const how = `Medians of ${ROUNDS} processes each, the third of three repetitions in a process. ` +
    `The hash of all that happened was ${samples[0].hash} in every process, on both runtimes.`;
  saveTable("sim", { title: "Simulations", how, table: text }, {
    machine,
    rounds: ROUNDS,
    samples,
  });
});
