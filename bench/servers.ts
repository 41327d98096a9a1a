// SPDX-License-Identifier: MIT
// Complete servers compared with those of others: `npm run bench:servers`. See bench/README.md.
import process from "node:process";
import { build as buildEcho } from "./echo/rig/build.ts";
import { C, GO, SERVERS } from "./echo/rig/servers.ts";
import { command } from "./rig/command.ts";
import { compile } from "./rig/compile.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { compiled, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { niceSession } from "./rig/session.ts";
import { need, versionLine } from "./rig/tools.ts";
import { C_ECHO, C_HTTP, GO_ECHO, GO_HTTP, REDIS_SERVER } from "./servers/contestants.ts";
import { checkGoals } from "./servers/goals.ts";
import { OPEN } from "./servers/loads.ts";
import { type Options, parseOptions, USAGE } from "./servers/options.ts";
import { report, summarize } from "./servers/report.ts";
import { runRounds } from "./servers/rounds.ts";

/** Finds or builds the programs of the contestants. */
function prepare({ contestants, pin }: Options): void {
  const ids = new Set(contestants.map(({ id }) => id));
  const contests = new Set(contestants.map(({ contest }) => contest));
  if (pin !== "none") need("taskset");
  if (contests.has("redis")) need("redis-benchmark");
  if (ids.has(REDIS_SERVER)) need("redis-server");
  if (contests.has("http")) need("wrk");
  if (ids.has("http-node")) need("node");
  const echoes = new Map([[GO, GO_ECHO], [C, C_ECHO]]);
  buildEcho(SERVERS.filter(({ id }) => ids.has(echoes.get(id) ?? "")));
  const open = inRepository("bench", "connections", "open.c");
  compile(OPEN, [open], ["gcc", "-O2", "-o", compiled(OPEN), open]);
  const answer = inRepository("bench", "servers", "answer.c");
  if (ids.has(C_HTTP)) {
    compile("servers-c", [answer], ["gcc", "-O2", "-o", compiled("servers-c"), answer]);
  }
  const go = inRepository("bench", "servers", "go", "main.go");
  if (ids.has(GO_HTTP)) {
    compile("servers-go", [go], ["go", "build", "-o", compiled("servers-go"), go]);
  }
}

async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(USAGE);
    return true;
  }
  prepare(options);
  const machine = describeMachine();
  const others = ["redis-server", "wrk"].map(versionLine).filter((line) => line !== null);
  console.error(machineLine(machine));
  using _ = niceSession(options.nice);
  const samples = await runRounds(options);
  const summaries = summarize(samples, options);
  const checks = checkGoals(samples, options.needed);
  const text = report(summaries, checks);
  console.log(text);
  if (options.save) {
    const { rounds, seconds, pin, nice } = options;
    const how = `${rounds} rounds of ${seconds} s, pin ${pin}, nice ${nice}. ${others.join("; ")}.`;
    const head = `# Servers over loopback\n\n${machineLine(machine)}\n\n${how}`;
    const settings = { rounds, seconds, pin, nice };
    const json = { machine, others, settings, summaries, checks, samples };
    saveResults("servers", json, `${head}\n\n${text}\n`);
  }
  return samples.every(({ failure }) => failure === "");
}

await command("servers", main);
