// SPDX-License-Identifier: MIT
// Shapes of traffic that no other benchmark has: `npm run bench:shapes`. See bench/README.md.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { command } from "./rig/command.ts";
import { compile } from "./rig/compile.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { compiled, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { need } from "./rig/tools.ts";
import { type Options, parseOptions, USAGE } from "./shapes/options.ts";
import type { Shape } from "./shapes/shapes.ts";
import type { Side } from "./shapes/sides.ts";
import { report, type Sample, summarize } from "./shapes/summary.ts";

const GCC = ["gcc", "-O2", "-Wall", "-Wextra", "-pthread", "-o"];

function build(): void {
  const echo = inRepository("bench", "echo");
  const load = join(echo, "load.c");
  const parts = readdirSync(join(echo, "load")).map((name) => join(echo, "load", name));
  compile("echo-load", [load, ...parts], [...GCC, compiled("echo-load"), load]);
  const epoll = join(echo, "epoll.c");
  compile("echo-epoll", [epoll], [...GCC, compiled("echo-epoll"), epoll]);
  const main = inRepository("bench", "shapes", "go", "main.go");
  compile("shapes-go", [main], ["go", "build", "-o", compiled("shapes-go"), main]);
  need("taskset");
  need("node");
}

async function sample(round: number, shape: Shape, side: Side, options: Options): Promise<Sample> {
  const common = { round, shape: shape.id, side: side.id };
  try {
    return { ...common, ...await shape.measure(side, options), failure: "" };
  } catch (error) {
    return { ...common, rate: NaN, cpu: NaN, failure: (error as Error).message };
  }
}

/** In a round, the sides take turns at a shape; each round begins with another side. */
async function runRounds(options: Options): Promise<Sample[]> {
  const { rounds, sides, shapes } = options;
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    console.error(`round ${round + 1} of ${rounds}`);
    for (const shape of shapes) {
      for (let i = 0; i < sides.length; i++) {
        const side = sides[(round + i) % sides.length];
        samples.push(await sample(round, shape, side, options));
      }
    }
  }
  return samples;
}

async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(USAGE);
    return true;
  }
  build();
  const machine = describeMachine();
  console.error(machineLine(machine));
  const samples = await runRounds(options);
  const rows = summarize(samples, options);
  const text = report(rows);
  console.log(text);
  if (options.save) {
    const { rounds, ms } = options;
    const how =
      `${rounds} rounds, ${ms} ms a sample after a warm-up, each a process on CPU 0; what ` +
      "it talks to has CPU 1. Medians (least to most); ratios are medians of those within a round.";
    const head = `# Shapes of traffic\n\n${machineLine(machine)}\n\n${how}`;
    const settings = { rounds, ms };
    saveResults("shapes", { machine, settings, rows, samples }, `${head}\n\n${text}\n`);
  }
  for (const { side, shape, failure } of samples) {
    if (failure !== "") console.error(`${side}, ${shape}: ${failure}`);
  }
  return samples.every(({ failure }) => failure === "");
}

await command("shapes", main);
