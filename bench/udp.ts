// SPDX-License-Identifier: MIT
// UDP benchmark: `npm run bench:udp`. An echo compared with those of C, Go and the runtimes' own
// sockets; batches and kernel segmentation compared with one call per datagram. See
// bench/README.md.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { startChild, within } from "./rig/child.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { inRepository } from "./rig/paths.ts";
import { median } from "./rig/stats.ts";
import { fixed, grouped, table } from "./rig/table.ts";
import { measureEcho, reportEcho, SHAPE_TITLES, WARMUP_SECONDS } from "./udp/echo.ts";
import { SERVERS } from "./udp/servers.ts";

const { values: flags } = parseArgs({
  allowNegative: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "0.2" },
    warmup: { type: "string", default: "0.1" },
    echo: { type: "string", default: "1" },
    servers: { type: "string" },
    calls: { type: "boolean", default: true },
    save: { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds);

const RUNTIMES = {
  bun: [inRepository("node_modules", "bun", "bin", "bun.exe")],
  deno: [inRepository("node_modules", "deno", "deno"), "run", "-A", "--no-check"],
};
type Runtime = keyof typeof RUNTIMES;

/** Datagrams per second by the name of the call. */
interface Result {
  size: number;
  rates: Record<string, number>;
}

/** Each variant with its baseline. */
const WAYS: [name: string, against: string][] = [
  ["writeTo", "writeTo"],
  ["write", "writeTo"],
  ["writeBatch", "write"],
  ["writeSegments", "write"],
  ["readFrom", "readFrom"],
  ["read", "readFrom"],
  ["readBatch", "read"],
  ["readBatch, GRO", "read"],
];

async function measure(runtime: Runtime): Promise<Result[]> {
  const file = inRepository("bench", "udp", "measure.ts");
  const child = startChild([...RUNTIMES[runtime], file, flags.seconds, flags.warmup]);
  const status = await within(60, child.ended);
  if (status !== 0) throw new Error(`${runtime} failed: ${status} ${child.errors()}`);
  return JSON.parse(child.output());
}

/** The runtimes are interleaved because the machine's speed drifts. */
async function measureAll(): Promise<Record<Runtime, Result[][]>> {
  const all: Record<Runtime, Result[][]> = { bun: [], deno: [] };
  for (let round = 0; flags.calls && round < rounds; round++) {
    for (const runtime of ["bun", "deno"] as const) all[runtime].push(await measure(runtime));
  }
  return all;
}

function section(all: Record<Runtime, Result[][]>, index: number): string {
  const { size } = all.bun[0][index];
  const rows = WAYS.map(([name, against]) => {
    const cells = (["bun", "deno"] as const).flatMap((runtime) => {
      const samples = all[runtime].map((results) => results[index].rates);
      const ratio = median(samples.map((rates) => rates[name] / rates[against]));
      return [grouped(median(samples.map((rates) => rates[name]))), fixed(ratio, 2)];
    });
    return [name === against ? name : `${name} (to ${against})`, ...cells];
  });
  const head = ["call", "Bun, datagrams/s", "ratio", "Deno, datagrams/s", "ratio"];
  return `## ${size} B\n\n${table(head, rows)}`;
}

const machine = describeMachine();
console.error(machineLine(machine));
const servers = SERVERS.filter(({ id }, i) =>
  i === 0 || (flags.servers?.split(",").includes(id) ?? true)
);
const echo = await measureEcho(servers, rounds, Number(flags.echo));
const all = await measureAll();
const sizes = (all.bun[0] ?? []).map((_, i) => section(all, i));
const how =
  `Medians of ${rounds} rounds, ${flags.seconds} s each after ${flags.warmup} s of warm-up; ` +
  `ratios within a round.\nOne thread, under runSync: sent to a socket that nobody reads, received ` +
  `from a buffer that is full.`;
const echoed =
  `## Echo\n\n${
    reportEcho(echo)
  }\n\nMedians of ${rounds} rounds of ${flags.echo} s after ${WARMUP_SECONDS} s of ` +
  `warm-up; in parentheses the ratio to C with a call a datagram, above 1 is better.`;
const text = [echoed, ...sizes, how].join("\n\n");
console.log(text);
if (flags.save) {
  const folder = inRepository("bench", "results");
  mkdirSync(folder, { recursive: true });
  const settings = {
    rounds,
    seconds: Number(flags.seconds),
    warmup: Number(flags.warmup),
    echo: Number(flags.echo),
    shapes: SHAPE_TITLES,
    titles: Object.fromEntries(servers.map(({ id, title }) => [id, title])),
  };
  writeFileSync(
    `${folder}/udp.json`,
    JSON.stringify({ machine, settings, samples: all, echo }, null, 2) + "\n",
  );
  writeFileSync(
    `${folder}/udp.md`,
    `# UDP over loopback\n\n${machineLine(machine)}\n\n${text}\n`,
  );
}
process.exitCode = 0;
