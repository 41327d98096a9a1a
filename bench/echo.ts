// SPDX-License-Identifier: MIT
// The echo benchmark: `npm run bench:echo`. See bench/README.md.
import process from "node:process";
import { build } from "./echo/rig/build.ts";
import { checkBytes } from "./echo/rig/bytes.ts";
import { checkGoals } from "./echo/rig/goals.ts";
import { command } from "./rig/command.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { type Options, parseOptions, USAGE } from "./echo/rig/options.ts";
import { report } from "./echo/rig/report.ts";
import { runRounds } from "./echo/rig/rounds.ts";
import { save } from "./echo/rig/save.ts";
import { summarize } from "./echo/rig/summary.ts";
import { niceSession } from "./rig/session.ts";
import { need } from "./rig/tools.ts";

async function bench(options: Options): Promise<boolean> {
  const machine = describeMachine();
  console.error(machineLine(machine));
  using _ = niceSession(options.nice);
  const samples = await runRounds(options);
  const summaries = summarize(samples, options);
  const checks = checkGoals(summaries);
  const text = report(summaries, checks);
  console.log(text);
  if (options.save) save({ machine, options, summaries, checks, samples }, text);
  return samples.every(({ failure }) => failure === "");
}

async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(USAGE);
    return true;
  }
  if (process.platform !== "linux") {
    throw new Error("bench:echo needs Linux: its yardstick is epoll");
  }
  if (options.pin !== "none") need("taskset");
  if (options.servers.some(({ id }) => id === "node-net")) need("node");
  build(options.servers);
  return options.bytes === null ? await bench(options) : await checkBytes(options.bytes, options);
}

await command("echo", main);
