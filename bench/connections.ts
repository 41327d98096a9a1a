// SPDX-License-Identifier: MIT
// Many connections: `npm run bench:connections`. See bench/README.md.
import process from "node:process";
import { parseArgs } from "node:util";
import { IN_FLIGHT, OPEN, type Sample, sample, WARMING } from "./connections/measure.ts";
import { report } from "./connections/report.ts";
import { build } from "./echo/rig/build.ts";
import { SERVERS } from "./echo/rig/servers.ts";
import { command } from "./rig/command.ts";
import { compile } from "./rig/compile.ts";
import { choose, number } from "./rig/flags.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { compiled, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { grouped } from "./rig/table.ts";

/** Servers with goals, and those to compare with. */
const MOSTLY = "netpoll-bun-run,netpoll-deno-run,c-epoll,go-net,bun-listen,deno-listen";

const USAGE = `npm run bench:connections -- [flags]

  --rounds N   rounds over all servers (5)
  --ms N       milliseconds of each measurement of round trips (1000)
  --churn N    connections that come and go in each measurement (15000)
  --only A,B   servers (${MOSTLY}); all: ${SERVERS.map(({ id }) => id).join(" ")}
  --save       write bench/results/connections.json and connections.md

With what is given from the start it takes about six minutes.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      ms: { type: "string", default: "1000" },
      churn: { type: "string", default: "15000" },
      only: { type: "string", default: MOSTLY },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const count = number("rounds", values.rounds, 1, 100);
  const extent = {
    ms: number("ms", values.ms, 100, 60_000),
    churn: number("churn", values.churn, 1000, 1_000_000),
  };
  const servers = choose("only", SERVERS, values.only);
  build(servers);
  const source = inRepository("bench", "connections", "open.c");
  const shared = inRepository("bench", "connections", "client.h");
  compile(OPEN, [source, shared], ["gcc", "-O2", "-o", compiled(OPEN), source]);
  const machine = describeMachine();
  console.error(machineLine(machine));
  const rounds: Map<string, Sample>[] = [];
  for (let i = 0; i < count; i++) {
    const round = new Map<string, Sample>();
    rounds.push(round);
    for (let j = 0; j < servers.length; j++) {
      const server = servers[(i + j) % servers.length];
      round.set(server.id, await sample(server, extent));
      console.error(JSON.stringify(round.get(server.id)));
    }
  }
  const text = report(servers, rounds);
  console.log(text);
  if (!values.save) return;
  const samples = rounds.flatMap((round) => [...round.values()]);
  const head = `# Many connections\n\n${machineLine(machine)}\n\n` +
    `${count} rounds; ${IN_FLIGHT} connections under way while ${grouped(extent.churn)} come and ` +
    `go, after ${grouped(WARMING)} that do not count.`;
  saveResults(
    "connections",
    { machine, rounds: count, ...extent, samples },
    `${head}\n\n${text}\n`,
  );
}

await command("connections", main);
process.exit();
