// SPDX-License-Identifier: MIT
/**
 * Echo under Wine, both ends in one process: the library against the runtime's own node:net, as a
 * ratio within each round. `bun bench/wine.ts FOLDER [ROUNDS]`, where FOLDER is what scripts/wine.sh
 * made. Everything runs on one processor: the figures say nothing of Windows, the ratios little.
 */
import { spawnSync } from "node:child_process";
import process from "node:process";

const [folder, rounds = "5"] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: bun bench/wine.ts FOLDER [ROUNDS]");
  process.exit(2);
}

const LOAD = ["20", "1000"];
const RUNTIMES = [
  ["Bun", `${folder}/bun.exe`, "run"],
  ["Deno", `${folder}/deno.exe`, "run", "-A", "--no-check"],
] as const;
const PROGRAMS = [
  ["run", "./bench/wine/netpoll.ts", "run"],
  ["runSync", "./bench/wine/netpoll.ts", "runSync"],
  ["node:net", "./bench/wine/node.mjs", "-"],
] as const;

function measure(runtime: readonly string[], file: string, driver: string): number {
  const args = ["-c", "0", `${folder}/wine`, ...runtime, file, driver, ...LOAD];
  const { stdout } = spawnSync("taskset", args, { encoding: "utf8", timeout: 300_000 });
  return Number(/^(\d+) round trips/m.exec(stdout)?.[1] ?? NaN);
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

for (const [name, ...runtime] of RUNTIMES) {
  const figures = PROGRAMS.map((): number[] => []);
  for (let round = 0; round < Number(rounds); round++) {
    PROGRAMS.forEach(([, file, driver], i) => figures[i].push(measure(runtime, file, driver)));
  }
  const own = figures[PROGRAMS.length - 1];
  PROGRAMS.forEach(([program], i) => {
    const ratio = median(figures[i].map((figure, round) => figure / own[round]));
    console.log(`${name} ${program}: ${median(figures[i])} round trips/s, ${ratio.toFixed(2)}`);
  });
}
spawnSync(`${folder}/wine`, ["wineserver", "-k"]);
