// SPDX-License-Identifier: MIT
// Scheduler benchmark: `npm run bench:sched`. See bench/README.md.
import { getPriority } from "node:os";
import process from "node:process";
import { command } from "./rig/command.ts";
import { compile } from "./rig/compile.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { compiled, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { type Options, parseOptions, USAGE } from "./sched/rig/options.ts";
import { report } from "./sched/rig/report.ts";
import { runRounds } from "./sched/rig/rounds.ts";
import { checkGoals, summarize } from "./sched/rig/summary.ts";

async function bench(options: Options): Promise<boolean> {
  const { rounds, ms } = options;
  const machine = describeMachine();
  console.error(machineLine(machine));
  const samples = await runRounds(options);
  const rows = summarize(samples, options);
  const checks = checkGoals(rows);
  const text = report(rows, checks, options);
  console.log(text);
  if (options.save) {
    const how = `${rounds} rounds, ${ms} ms after ${ms / 2} ms of warm-up, nice ${getPriority()}.`;
    const head = `# The scheduler against Go's\n\n${machineLine(machine)}\n\n${how}`;
    saveResults(
      "sched",
      { machine, settings: { rounds, ms }, rows, checks, samples },
      `${head}\n\n${text}\n`,
    );
  }
  for (const { side, case: id, failure } of samples) {
    if (failure !== "") console.error(`${side}, ${id}: ${failure}`);
  }
  return samples.every(({ failure }) => failure === "");
}

async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(USAGE);
    return true;
  }
  if (options.sides.some(({ id }) => id === "go")) {
    const source = inRepository("bench", "sched", "go", "main.go");
    compile("sched-go", [source], ["go", "build", "-o", compiled("sched-go"), source]);
  }
  return await bench(options);
}

await command("sched", main);
