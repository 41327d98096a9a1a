// SPDX-License-Identifier: MIT
// Servers under overload: `npm run bench:overload`. See bench/README.md.
import process from "node:process";
import { parseArgs } from "node:util";
import type { Figures } from "./overload/faults.ts";
import { type Scenario, SCENARIOS } from "./overload/scenarios.ts";
import type { Runtime } from "./overload/served.ts";
import { type Moment, Timeline } from "./overload/timeline.ts";
import { command } from "./rig/command.ts";
import { choose } from "./rig/flags.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { BUN, DENO } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { fixed, grouped, table } from "./rig/table.ts";

const RUNTIMES: Runtime[] = [
  { id: "bun", command: [BUN] },
  { id: "deno", command: [DENO, "run", "-A", "--quiet"] },
];

const USAGE = `npm run bench:overload -- [flags]

  --only A,B      servers' runtimes: ${RUNTIMES.map(({ id }) => id).join(" ")}
  --scenarios A,B ${SCENARIOS.map(({ id }) => id).join(" ")}
  --save          write bench/results/overload.json and overload.md`;

/** Results of one scenario, by runtime. */
interface Result {
  readonly scenario: string;
  readonly figures: Record<string, Figures>;
  readonly timelines: Record<string, Moment[]>;
}

type Results = Result[];

function number(n: number | undefined): string {
  if (n === undefined) return "-";
  return Math.abs(n) < 10 && !Number.isInteger(n) ? fixed(n, 2) : grouped(n);
}

function report(results: Results, ids: string[]): string {
  return results.map(({ scenario, figures }) => {
    const { title } = SCENARIOS.find(({ id }) => id === scenario)!;
    const names = Object.keys(figures[ids[0]]);
    const rows = names.map((name) => [name, ...ids.map((id) => number(figures[id][name]))]);
    return `## ${title}\n\n${table(["", ...ids], rows)}`;
  }).join("\n\n");
}

async function measure(scenarios: Scenario[], runtimes: Runtime[]): Promise<Results> {
  const results: Results = [];
  for (const { id, title, run } of scenarios) {
    const result: Result = { scenario: id, figures: {}, timelines: {} };
    for (const runtime of runtimes) {
      console.error(`${title}, ${runtime.id}`);
      const timeline = new Timeline();
      result.figures[runtime.id] = await run(runtime, timeline);
      if (timeline.moments.length > 0) result.timelines[runtime.id] = timeline.moments;
    }
    results.push(result);
  }
  return results;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      scenarios: { type: "string" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const machine = describeMachine();
  console.error(machineLine(machine));
  const runtimes = choose("only", RUNTIMES, values.only);
  const results = await measure(choose("scenarios", SCENARIOS, values.scenarios), runtimes);
  const text = report(results, runtimes.map(({ id }) => id));
  console.log(text);
  if (!values.save) return;
  const head = `# Under what it cannot serve\n\n${machineLine(machine)}`;
  saveResults("overload", { machine, results }, `${head}\n\n${text}\n`);
}

await command("overload", main);
process.exit();
