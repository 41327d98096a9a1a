// SPDX-License-Identifier: MIT
// In-kernel transfers compared with reads and writes: a proxy by splice(2), a file by sendfile(2).
// `npm run bench:splice`; with `-- --save` the results go to bench/results. See bench/README.md.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { within } from "./rig/child.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { BUN, DENO, inRepository } from "./rig/paths.ts";
import { startOn, startPeer } from "./rig/peer.ts";
import { saveResults } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { fixed, grouped, table } from "./rig/table.ts";

const BYTES = 512 << 20;
const ROUNDS = 3;
const LIMIT_S = 30;

const RUNTIMES: Record<string, string[]> = {
  bun: [BUN],
  deno: [DENO, "run", "-A", "--no-check"],
};
/** Each variant with its baseline. */
const WAYS: Record<string, string> = {
  "splice": "read-write",
  "copy": "read-write",
  "read-write": "read-write",
  "sendfile": "file-read-write",
  "file-read-write": "file-read-write",
};

interface Sample {
  runtime: string;
  way: string;
  round: number;
  seconds: number;
  /** CPU time in seconds. */
  cpu: number;
}

async function measure(
  runtime: string,
  way: string,
  round: number,
  args: string[],
): Promise<Sample> {
  const program = inRepository("bench", "splice", "program.ts");
  const child = startOn(0, RUNTIMES[runtime], program, way, String(BYTES), ...args);
  if (await within(LIMIT_S, child.ended) !== 0) {
    child.kill("SIGKILL");
    throw new Error(`${way} on ${runtime}: ${child.errors()}`);
  }
  return { runtime, way, round, ...JSON.parse(child.output()) };
}

/** All samples, interleaved because the machine's speed drifts. */
async function rounds(path: string): Promise<Sample[]> {
  const [peer, address] = await startPeer(
    LIMIT_S,
    RUNTIMES.bun,
    inRepository("bench", "splice", "peer.ts"),
  );
  const samples: Sample[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of Object.keys(WAYS)) {
        for (const runtime of Object.keys(RUNTIMES)) {
          samples.push(await measure(runtime, way, round, [address, path]));
        }
      }
    }
  } finally {
    peer.kill("SIGTERM");
  }
  return samples;
}

/** The median of a figure, and of its ratio to the baseline in the same round. */
function summarize(samples: Sample[]): string {
  const rows = Object.entries(WAYS).flatMap(([way, other]) =>
    Object.keys(RUNTIMES).map((runtime) => {
      const of = (which: string) =>
        samples.filter((s) => s.way === which && s.runtime === runtime)
          .toSorted((a, b) => a.round - b.round);
      const [mine, theirs] = [of(way), of(other)];
      const ratio = (figure: "seconds" | "cpu") =>
        fixed(median(mine.map((s, i) => theirs[i][figure] / s[figure])), 2);
      const gib = BYTES / 2 ** 30;
      return [
        `${way}, ${runtime}`,
        grouped(median(mine.map(({ seconds }) => BYTES / 1e6 / seconds))),
        way === other ? "1" : ratio("seconds"),
        fixed(median(mine.map(({ cpu }) => cpu * 1000 / gib)), 0),
        way === other ? "1" : ratio("cpu"),
      ];
    })
  );
  const head = ["way", "MB/s", "times as fast", "CPU ms/GiB", "times as cheap"];
  return table(head, rows);
}

const folder = mkdtempSync(join(tmpdir(), "netpoll-splice-"));
try {
  const path = join(folder, "file");
  const file = openSync(path, "w");
  ftruncateSync(file, BYTES);
  // Allocate the pages, like those of a frequently read file.
  const piece = new Uint8Array(1 << 20).fill(1);
  for (let at = 0; at < BYTES; at += piece.length) writeSync(file, piece, 0, piece.length, at);
  closeSync(file);
  const machine = describeMachine();
  console.error(machineLine(machine));
  const samples = await rounds(path);
  const text = summarize(samples);
  console.log(text);
  if (process.argv.includes("--save")) {
    const how =
      `${ROUNDS} rounds of ${BYTES >> 20} MiB over loopback. The one that moves the bytes has ` +
      "CPU 0, both ends of its connections are a process on CPU 1. Medians; ratios within a round.";
    const head = `# Bytes that stay in the kernel\n\n${machineLine(machine)}\n\n${how}`;
    saveResults(
      "splice",
      { machine, rounds: ROUNDS, bytes: BYTES, samples },
      `${head}\n\n${text}\n`,
    );
  }
} catch (error) {
  console.error(`bench:splice: ${(error as Error).message}`);
  process.exitCode = 2;
} finally {
  rmSync(folder, { recursive: true });
}
