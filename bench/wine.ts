// SPDX-License-Identifier: MIT
// Echo under Wine, both ends in one process: the library compared with bare system calls and with
// the runtime's own node:net, as ratios within each round. `bun bench/wine.ts FOLDER [--rounds 5]
// [--trips 1000] [--warmup 1000] [--save]`, where FOLDER is a directory that scripts/wine.sh
// created. Everything runs on one processor: the figures are not representative of Windows, the
// ratios hardly.
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
    warmup: { type: "string", default: "1000" },
    save: { type: "boolean", default: false },
  },
});
if (folder === undefined) {
  console.error(
    "usage: bun bench/wine.ts FOLDER [--rounds 5] [--trips 1000] [--warmup 1000] [--save]",
  );
  process.exit(2);
}

const CONNECTIONS = "20";
/** Goals of the library under runSync: relative to the bare calls, and to the runtime's own API. */
const GOALS: Record<string, number> = { "bare calls": 1, "node:net": 1.3 };
const PROCESSOR = String(availableParallelism() - 1);
const LIMIT_MS = 300_000;

const RUNTIMES: Record<string, string[]> = {
  Bun: [`${folder}/bun.exe`, "run"],
  Deno: [`${folder}/deno.exe`, "run", "-A", "--no-check"],
};
const PROGRAMS: Record<string, string[]> = {
  runSync: ["./bench/wine/netpoll.ts", "runSync"],
  run: ["./bench/wine/netpoll.ts", "run"],
  "bare calls": ["./bench/wine/bare.ts", "-"],
  "node:net": ["./bench/wine/node.mjs", "-"],
};

function inWine(...command: string[]): string {
  const args = ["-c", PROCESSOR, `${folder}/wine`, ...command];
  const { stdout, status } = spawnSync("taskset", args, { encoding: "utf8", timeout: LIMIT_MS });
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}`);
  return stdout;
}

function measure(runtime: string, program: string): number {
  const trips = [CONNECTIONS, flags.trips, flags.warmup];
  const said = inWine(...RUNTIMES[runtime], ...PROGRAMS[program], ...trips);
  const found = /^(\d+) round trips/m.exec(said);
  if (found === null) throw new Error(`${program} under ${runtime} said: ${said}`);
  return Number(found[1]);
}

/** Results by runtime and program, one per round. */
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

/** Median of a program's ratios to another, each within a round. */
function ratio(samples: Record<string, number[]>, program: string, to: string): string {
  return fixed(median(samples[program].map((rate, round) => rate / samples[to][round])), 2);
}

const rows = Object.keys(PROGRAMS).map((program) => [
  program,
  ...Object.values(all).flatMap((samples) => [
    grouped(median(samples[program])),
    ...Object.keys(GOALS).map((to) => ratio(samples, program, to)),
  ]),
]);
const head = [
  "program",
  ...Object.keys(all).flatMap((name) => [
    `${name}, rt/s`,
    ...Object.keys(GOALS).map((to) => `to ${to}`),
  ]),
];
const goals = Object.entries(GOALS).map(([to, goal]) => `${goal} of ${to}`).join(", ");
const how =
  `Medians of ${flags.rounds} rounds of ${CONNECTIONS} connections x ${flags.trips} round ` +
  `trips of 64 B after ${flags.warmup}, both ends in one process, on one processor; ratios within a round.\n` +
  `Goals of runSync: ${goals}.`;
const text = `${table(head, rows)}\n\n${how}`;
console.log(text);
if (flags.save) {
  const settings = {
    rounds: Number(flags.rounds),
    trips: Number(flags.trips),
    warmup: Number(flags.warmup),
  };
  saveResults(
    "wine",
    { machine, settings, samples: all },
    `# Echo under Wine\n\n${machineLine(machine)}\n\n${text}\n`,
  );
}
process.exitCode = 0;
