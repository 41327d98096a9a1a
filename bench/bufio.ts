// SPDX-License-Identifier: MIT
// Lines through a buffered reader and writer against lines by hand: `npm run bench:bufio`; with
// `-- --save` the results go to bench/results. See bench/README.md.
import process from "node:process";
import { within } from "./rig/child.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { BUN, DENO, inRepository } from "./rig/paths.ts";
import { startOn, startPeer } from "./rig/peer.ts";
import { saveTable } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { fixed, table } from "./rig/table.ts";

const ROUNDS = 3;
const BYTES = 256 << 20;
const MOST_LINES = 6_000_000;
const LENGTHS = [12, 60, 300, 2000];
const LIMIT_S = 60;

const RUNTIMES: Record<string, string[]> = {
  bun: [BUN],
  deno: [DENO, "run", "-A", "--no-check"],
};
/** Our variants and the hand-written ones to compare with. */
const WAYS: Record<string, string[]> = {
  "line": ["line-function", "line-inline"],
  "write": ["write-collected", "write-encoded"],
};

interface Sample {
  runtime: string;
  way: string;
  length: number;
  round: number;
  /** Nanoseconds per line, of wall time and of CPU time. */
  ns: number;
  cpu: number;
}

async function measure(
  runtime: string,
  way: string,
  length: number,
  round: number,
  peer: string,
): Promise<Sample> {
  const program = inRepository("bench", "bufio", "program.ts");
  const count = Math.min(MOST_LINES, Math.floor(BYTES / (length + 1)));
  const child = startOn(0, RUNTIMES[runtime], program, way, String(length), String(count), peer);
  if (await within(LIMIT_S, child.ended) !== 0) {
    child.kill("SIGKILL");
    throw new Error(`${way} on ${runtime}: ${child.errors()}`);
  }
  return { runtime, way, length, round, ...JSON.parse(child.output()) };
}

/** All samples, interleaved because the machine's speed drifts. */
async function rounds(): Promise<Sample[]> {
  const [peer, address] = await startPeer(
    LIMIT_S,
    RUNTIMES.bun,
    inRepository("bench", "bufio", "peer.ts"),
  );
  const samples: Sample[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const length of LENGTHS) {
        for (const way of Object.entries(WAYS).flat(2)) {
          for (const runtime of Object.keys(RUNTIMES)) {
            samples.push(await measure(runtime, way, length, round, address));
          }
        }
      }
    }
  } finally {
    peer.kill("SIGTERM");
  }
  return samples;
}

/** Medians, and our speed-up within a round, by CPU time. */
function summarize(samples: Sample[]): string {
  const rows: string[][] = [];
  for (const [way, others] of Object.entries(WAYS)) {
    for (const runtime of Object.keys(RUNTIMES)) {
      for (const length of LENGTHS) {
        const of = (which: string) =>
          samples.filter((s) => s.way === which && s.runtime === runtime && s.length === length)
            .toSorted((a, b) => a.round - b.round);
        const ours = of(way);
        const ratios = others.map((other) =>
          fixed(median(of(other).map(({ cpu }, i) => cpu / ours[i].cpu)), 2)
        );
        const cpu = fixed(median(ours.map(({ cpu }) => cpu)), 0);
        rows.push([`${way}, ${length} bytes, ${runtime}`, cpu, ...ratios]);
      }
    }
  }
  return table(["", "CPU ns a line", "by function / collected", "inline / encoded"], rows);
}

try {
  const machine = describeMachine();
  console.error(machineLine(machine));
  const samples = await rounds();
  const text = summarize(samples);
  console.log(text);
  if (process.argv.includes("--save")) {
    const how =
      `${ROUNDS} rounds of up to ${BYTES >> 20} MiB or ${MOST_LINES} lines over loopback, ` +
      "the peer on another CPU. The last two columns say how many times as much CPU the way by " +
      "hand needs, the median of the rounds; above 1 ours is cheaper.";
    const title = "Lines through buffers against lines by hand";
    saveTable("bufio", { title, how, table: text }, { machine, rounds: ROUNDS, samples });
  }
} catch (error) {
  console.error(`bench:bufio: ${(error as Error).message}`);
  process.exitCode = 2;
}
