// SPDX-License-Identifier: MIT
// How it grows, toward a million connections: `npm run bench:million`. See bench/README.md.
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { build } from "./echo/rig/build.ts";
import { C, EVENT_SERVERS, GO, type Server, SERVERS } from "./echo/rig/servers.ts";
import { CROWD } from "./million/crowd.ts";
import { type Limits, limitsHere } from "./million/limits.ts";
import { ACTIVE, type Extent, type Sample, sample } from "./million/measure.ts";
import { goalsOf, report, type Row, summarize } from "./million/report.ts";
import { type AloneRun, withoutKernel } from "./million/without_kernel.ts";
import { command } from "./rig/command.ts";
import { compile } from "./rig/compile.ts";
import { choose, number } from "./rig/flags.ts";
import { describeMachine, type Machine, machineLine } from "./rig/machine.ts";
import { compiled, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { grouped } from "./rig/table.ts";

/** Servers, in the order of the tables. */
const COMPARED = [
  ...SERVERS.filter(({ id }) => /^netpoll-.*-run$/.test(id)),
  ...EVENT_SERVERS,
  ...SERVERS.filter(({ id }) => id === C || id === GO),
];

const USAGE = `npm run bench:million -- [flags]

  --rounds N    rounds over all servers (1)
  --ms N        milliseconds of activity at each number of connections (800)
  --steps A,B   numbers of connections (1000,5000,10000,19000)
  --alone A,B   numbers of connections without a kernel (10000,100000,1000000); "none": not at all
  --only A,B    servers (all): ${COMPARED.map(({ id }) => id).join(" ")}; "none": no server
  --save        write bench/results/million.json and million.md; a part that is not measured keeps
                its saved results

A step that the limits of this machine do not permit is left out, and what it lacks is printed.
One round takes about a minute and a half, and the part without a kernel one minute.`;

function numbers(name: string, text: string): number[] {
  if (text === "none") return [];
  const all = text.split(",").map((word) => number(name, word, ACTIVE, 2_000_000));
  return all.toSorted((a, b) => a - b);
}

/** Returns the steps that are possible here, and prints why others are not. */
function possible(steps: number[], limits: Limits): number[] {
  return steps.filter((step) => {
    const missing = limits.missing(step);
    for (const one of missing) console.error(`${grouped(step)} connections need ${one}`);
    return missing.length === 0;
  });
}

function compileAll(servers: Server[]): void {
  build(servers);
  const source = inRepository("bench", "million", "crowd.c");
  const parts = [
    inRepository("bench", "connections", "client.h"),
    inRepository("bench", "echo", "load", "histogram.h"),
  ];
  const gcc = ["gcc", "-O2", "-Wall", "-Wextra", "-o", compiled(CROWD), source];
  compile(CROWD, [source, ...parts], gcc);
}

async function measureAll(
  servers: Server[],
  rounds: number,
  extent: Extent,
): Promise<Map<string, Sample>[]> {
  const all: Map<string, Sample>[] = [];
  for (let i = 0; i < rounds; i++) {
    const round = new Map<string, Sample>();
    all.push(round);
    for (let j = 0; j < servers.length; j++) {
      const server = servers[(i + j) % servers.length];
      round.set(server.id, await sample(server, extent));
      console.error(`round ${i + 1}: ${server.id}`);
    }
  }
  return all;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "1" },
      ms: { type: "string", default: "800" },
      steps: { type: "string", default: "1000,5000,10000,19000" },
      alone: { type: "string", default: "10000,100000,1000000" },
      only: { type: "string" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const limits = limitsHere();
  const servers = values.only === "none" ? [] : choose("only", COMPARED, values.only);
  const wanted = numbers("steps", values.steps), alone = numbers("alone", values.alone);
  const ms = number("ms", values.ms, 100, 60_000);
  const machine = describeMachine();
  console.error(machineLine(machine));
  const steps = servers.length === 0 ? [] : possible(wanted, limits);
  if (steps.length > 0) compileAll(servers);
  const extent = { steps, ms, each: limits.perProcess };
  const sockets = steps.length === 0
    ? null
    : await overSockets(servers, number("rounds", values.rounds, 1, 100), extent, machine);
  const bare = alone.length === 0 ? null : { machine, runs: await withoutKernel(alone) };
  const text = textOf(sockets, bare);
  console.log(text);
  if (values.save) save(sockets, bare);
}

/** What was measured over sockets. */
interface OverSockets {
  machine: Machine;
  rounds: number;
  ms: number;
  /** Maximum number of connections of a process. */
  limit: number;
  rows: Row[];
  samples: Record<string, Sample>[];
}

/** What was measured without a kernel. */
interface Bare {
  machine: Machine;
  runs: AloneRun[];
}

async function overSockets(
  servers: Server[],
  rounds: number,
  extent: Extent,
  machine: Machine,
): Promise<OverSockets> {
  const samples = await measureAll(servers, rounds, extent);
  return {
    machine,
    rounds,
    ms: extent.ms,
    limit: extent.each,
    rows: summarize(servers, samples),
    samples: samples.map((round) => Object.fromEntries(round)),
  };
}

function textOf(sockets: OverSockets | null, bare: Bare | null): string {
  const rows = sockets?.rows ?? [], runs = bare?.runs ?? [];
  return report(rows, runs, goalsOf(rows, runs));
}

/** Saves what was measured; a part that was not keeps its saved results. */
function save(sockets: OverSockets | null, bare: Bare | null): void {
  const file = inRepository("bench", "results", "million.json");
  const saved = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8")) as { sockets: OverSockets | null; bare: Bare | null }
    : { sockets: null, bare: null };
  const all = { sockets: sockets ?? saved.sockets, bare: bare ?? saved.bare };
  const head = ["# Toward a million connections"];
  if (all.sockets !== null) {
    const { machine, rounds, ms, limit } = all.sockets;
    head.push(
      `Over sockets: ${machineLine(machine)} Rounds: ${rounds}, with ${
        grouped(ms)
      } ms of activity ` +
        `at each number of connections. A process may have ${grouped(limit)} connections here.`,
    );
  }
  if (all.bare !== null) head.push(`Without a kernel: ${machineLine(all.bare.machine)}`);
  const text = [...head, textOf(all.sockets, all.bare)].join("\n\n");
  const goals = goalsOf(all.sockets?.rows ?? [], all.bare?.runs ?? []);
  saveResults("million", { ...all, goals }, `${text}\n`);
}

await command("million", main);
process.exit();
