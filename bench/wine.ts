// SPDX-License-Identifier: MIT
// Echo under Wine, both ends in one process: the library against the runtime's own node:net, as a
// ratio within each round. `bun bench/wine.ts FOLDER [--rounds 5] [--trips 1000] [--save]`, where
// FOLDER is what scripts/wine.sh made. Everything runs on one processor: the figures say nothing of
// Windows, the ratios little.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { saveResults } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { fixed, grouped, table } from "./rig/table.ts";

const { values: flags, positionals: [folder] } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    trips: { type: "string", default: "1000" },
    save: { type: "boolean", default: false },
  },
});
if (folder === undefined) {
  console.error("usage: bun bench/wine.ts FOLDER [--rounds 5] [--trips 1000] [--save]");
  process.exit(2);
}

const CONNECTIONS = "20";
/** The goals: of the library under runSync, and to the runtime's own. */
const GOAL = 14_000;
const GOAL_RATIO = 1.3;
const PROCESSOR = String(availableParallelism() - 1);
const LIMIT_MS = 300_000;

const RUNTIMES: Record<string, string[]> = {
  Bun: [`${folder}/bun.exe`, "run"],
  Deno: [`${folder}/deno.exe`, "run", "-A", "--no-check"],
};
const PROGRAMS: Record<string, string[]> = {
  runSync: ["./bench/wine/netpoll.ts", "runSync"],
  run: ["./bench/wine/netpoll.ts", "run"],
  "node:net": ["./bench/wine/node.mjs", "-"],
};
const OWN = "node:net";

function inWine(...command: string[]): string {
  const args = ["-c", PROCESSOR, `${folder}/wine`, ...command];
  const { stdout, status } = spawnSync("taskset", args, { encoding: "utf8", timeout: LIMIT_MS });
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}`);
  return stdout;
}

function measure(runtime: string, program: string): number {
  const trips = [CONNECTIONS, flags.trips];
  const said = inWine(...RUNTIMES[runtime], ...PROGRAMS[program], ...trips);
  const found = /^(\d+) round trips/m.exec(said);
  if (found === null) throw new Error(`${program} under ${runtime} said: ${said}`);
  return Number(found[1]);
}

/** By runtime and program, a figure a round. */
function measureAll(): Record<string, Record<string, number[]>> {
  const all: Record<string, Record<string, number[]>> = {};
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const runtime of Object.keys(RUNTIMES)) {
      for (const program of Object.keys(PROGRAMS)) {
        ((all[runtime] ??= {})[program] ??= []).push(measure(runtime, program));
      }
    }
    console.error(`round ${round + 1} of ${flags.rounds}`);
  }
  return all;
}

const version = (...command: string[]) => /\d[\d.]*\d/.exec(inWine(...command))?.[0] ?? "unknown";
const machine = describeMachine();
machine.versions = {
  wine: version("--version"),
  bun: version(`${folder}/bun.exe`, "--version"),
  deno: version(`${folder}/deno.exe`, "--version"),
};
const all = measureAll();
spawnSync(`${folder}/wine`, ["wineserver", "-k"], { timeout: LIMIT_MS });

const rows = Object.keys(PROGRAMS).map((program) => [
  program,
  ...Object.keys(RUNTIMES).flatMap((runtime) => {
    const { [program]: rates, [OWN]: own } = all[runtime];
    return [
      grouped(median(rates)),
      fixed(median(rates.map((rate, round) => rate / own[round])), 2),
    ];
  }),
]);
const head = ["program", ...Object.keys(RUNTIMES).flatMap((name) => [`${name}, rt/s`, "ratio"])];
const how =
  `Medians of ${flags.rounds} rounds of ${CONNECTIONS} connections x ${flags.trips} round ` +
  `trips of 64 B, both ends in one process, on one processor; ratios to ${OWN} within a round.\n` +
  `Goals: ${grouped(GOAL)} round trips a second under runSync, and ${GOAL_RATIO} times ${OWN}.`;
const text = `${table(head, rows)}\n\n${how}`;
console.log(text);
if (flags.save) {
  const settings = { rounds: Number(flags.rounds), trips: Number(flags.trips) };
  saveResults(
    "wine",
    { machine, settings, samples: all },
    `# Echo under Wine\n\n${machineLine(machine)}\n\n${text}\n`,
  );
}
process.exitCode = 0;
