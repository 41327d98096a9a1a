// SPDX-License-Identifier: MIT
// Many connections: `npm run bench:connections`. See bench/README.md.
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { build } from "./echo/rig/build.ts";
import { type Server, SERVERS } from "./echo/rig/servers.ts";
import { startChild, within } from "./rig/child.ts";
import { compile } from "./rig/compile.ts";
import { choose, number } from "./rig/flags.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { compiled, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { fixed, grouped, table } from "./rig/table.ts";

const OPEN = "connections-open";
const GO = "go-net";
/** Connections that are under way at once while they come and go. */
const IN_FLIGHT = 50;
/** A crowd, what is compared with it, and those who stay idle. */
const CROWD = 9000;
const FEW = 100;

const USAGE = `npm run bench:connections -- [flags]

  --rounds N   rounds over all servers (3)
  --ms N       milliseconds of each measurement (1500)
  --only A,B   servers: ${SERVERS.map(({ id }) => id).join(" ")}
  --save       write bench/results/connections.json and connections.md`;

/** What was measured of a server in a round. */
interface Sample {
  server: string;
  /** Connections opened, served once and closed, a second. */
  churn: number;
  /** Round trips a second over few connections, and over many. */
  few: number;
  crowd: number;
  /** Bytes of the process for each idle connection, the kernel's own not counted. */
  idle: number;
}

/** Runs `command` to its end and gives what it printed. */
async function output(command: string[]): Promise<string> {
  const child = startChild(command);
  const status = await within(60, child.ended);
  if (status === 0) return child.output();
  child.kill("SIGKILL");
  throw new Error(`${command.join(" ")} ended with ${status}: ${child.errors()}`);
}

async function withServer<T>(
  { id, command }: Server,
  body: (port: string, pid: number) => Promise<T>,
): Promise<T> {
  const child = startChild(command, { PORT: "0", BUFFER: "4096", NO_COLOR: "1" });
  try {
    const said = new Promise<string>((resolve) => {
      child.onOutput(() => {
        const match = child.output().match(/:(\d+)/);
        if (match !== null) resolve(match[1]);
      });
    });
    const port = await within(20, said);
    if (port === undefined) throw new Error(`${id} did not start: ${child.errors()}`);
    return await body(port, child.pid);
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
}

function resident(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)![1]) * 1024;
}

/** Holds so many connections open, each after one message; gives what `look` then sees. */
async function holding<T>(port: string, count: number, look: () => T): Promise<T> {
  const child = startChild([compiled(OPEN), "hold", port, String(count)]);
  const held = new Promise<void>((resolve) => {
    child.onOutput(() => {
      if (child.output().includes("held")) resolve();
    });
  });
  try {
    const done = await within(60, held.then(() => true));
    if (!done || !child.output().includes("failed 0")) {
      throw new Error(`not all of ${count} connections came: ${child.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return look();
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
}

async function rate(port: string, conns: number, ms: number): Promise<number> {
  const how = ["--port", port, "--conns", String(conns), "--size", "64"];
  const time = ["--warmup", "700", "--time", String(ms)];
  return JSON.parse(await output([compiled("echo-load"), ...how, ...time])).rate;
}

async function sample(server: Server, ms: number): Promise<Sample> {
  const churn = await withServer(server, async (port) => {
    const args = ["churn", port, String(IN_FLIGHT), "700", String(ms)];
    const { rate, failed } = JSON.parse(await output([compiled(OPEN), ...args]));
    if (failed > 0) throw new Error(`${server.id}: ${failed} connections failed`);
    return rate as number;
  });
  const [few, crowd] = await withServer(server, async (port) => [
    await rate(port, FEW, ms),
    await rate(port, CROWD, ms),
  ]);
  const idle = await withServer(server, async (port, pid) => {
    await holding(port, FEW, () => {});
    const before = resident(pid);
    return (await holding(port, CROWD, () => resident(pid)) - before) / CROWD;
  });
  return { server: server.id, churn, few, crowd, idle };
}

function report(servers: Server[], samples: Sample[]): string {
  const of = (id: string, what: (s: Sample) => number) =>
    median(samples.filter(({ server }) => server === id).map(what));
  const go = of(GO, ({ churn }) => churn);
  const rows = servers.map(({ id, title }) => [
    title,
    grouped(of(id, ({ churn }) => churn)),
    fixed(of(id, ({ churn }) => churn) / go, 2),
    grouped(of(id, ({ few }) => few)),
    grouped(of(id, ({ crowd }) => crowd)),
    fixed(of(id, ({ few, crowd }) => crowd / few), 2),
    grouped(of(id, ({ idle }) => idle)),
  ]);
  const head = [
    "",
    "opened, served, closed, 1/s",
    "of Go",
    `round trips, ${FEW}`,
    `${grouped(CROWD)}`,
    "ratio",
    "bytes per idle",
  ];
  return table(head, rows);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      ms: { type: "string", default: "1500" },
      only: { type: "string" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const rounds = number("rounds", values.rounds, 1, 100);
  const ms = number("ms", values.ms, 100, 60_000);
  const servers = choose("only", SERVERS, values.only);
  build(servers);
  const source = inRepository("bench", "connections", "open.c");
  compile(OPEN, [source], ["gcc", "-O2", "-o", compiled(OPEN), source]);
  const machine = describeMachine();
  console.error(machineLine(machine));
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < servers.length; i++) {
      const server = servers[(i + round) % servers.length];
      samples.push(await sample(server, ms));
      console.error(JSON.stringify(samples[samples.length - 1]));
    }
  }
  const text = report(servers, samples);
  console.log(text);
  if (!values.save) return;
  const head = `# Many connections\n\n${machineLine(machine)}\n\n` +
    `${rounds} rounds; ${IN_FLIGHT} connections under way while they come and go.`;
  saveResults("connections", { machine, rounds, ms, samples }, `${head}\n\n${text}\n`);
}

try {
  await main();
} catch (error) {
  console.error(`bench:connections: ${(error as Error).message}`);
  process.exitCode = 2;
}
process.exit();
