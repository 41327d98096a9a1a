// SPDX-License-Identifier: MIT
// TLS benchmark: `npm run bench:tls`. Echo over TLS 1.3, bulk transfer over one connection, new
// connections, and the memory of idle ones; one thread per side, the servers interleaved within
// each round. See bench/README.md.
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Child, startChild } from "./rig/child.ts";
import { command } from "./rig/command.ts";
import { compile } from "./rig/compile.ts";
import { choose, number } from "./rig/flags.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { compiled, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { fixed, grouped, table } from "./rig/table.ts";
import { CERT, KEY, type Server, SERVERS } from "./tls/servers.ts";

interface Shape {
  readonly title: string;
  readonly connections: number;
  readonly bytes: number;
  readonly mode: "echo" | "bulk" | "full" | "resumed";
}

const SHAPES: readonly Shape[] = [
  { title: "50 x 64 B", connections: 50, bytes: 64, mode: "echo" },
  { title: "500 x 64 B", connections: 500, bytes: 64, mode: "echo" },
  { title: "50 x 16 KiB", connections: 50, bytes: 16384, mode: "echo" },
  { title: "64 MiB, MiB/s", connections: 1, bytes: 64 << 20, mode: "bulk" },
  { title: "handshakes", connections: 10, bytes: 64, mode: "full" },
  { title: "resumed", connections: 10, bytes: 64, mode: "resumed" },
];

/** Number of idle connections whose memory is measured. */
const IDLE = 1000;

/**
 * Shapes of the warm-up, by index, and their seconds: until JavaScript is compiled by the last tier
 * of its engine. A server in C needs none, but gets the same.
 */
const WARM_UP = [[0, 2.5], [4, 2], [5, 1]] as const;

/**
 * The result of one shape: round trips or MiB a second, and the server's CPU time, in microseconds.
 */
interface Sample {
  readonly rate: number;
  /** Per round trip. */
  readonly cost: number;
}

/** The results of one server in a round. */
interface Round {
  readonly samples: Sample[];
  /** Resident memory of one idle connection, in bytes. */
  readonly idle: number;
}

/** Ticks per second in /proc/PID/stat: the same on every current Linux. */
const TICKS = 100;

/** CPU time in seconds that `pid`, its threads and its children have used. */
function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  let ticks = Number(stat[11]) + Number(stat[12]);
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim();
    for (const child of children === "" ? [] : children.split(" ")) {
      ticks += processorTime(Number(child)) * TICKS;
    }
  }
  return ticks / TICKS;
}

/** Resident memory of `pid`, in bytes. */
function memory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}

/** Loads the server `pid` with one shape. The handshakes of an echo's connections do not count. */
async function load(port: number, pid: number, shape: Shape, seconds: number): Promise<Sample> {
  const { connections, bytes, mode } = shape;
  const args = [port, connections, bytes, seconds, mode].map(String);
  const child = startChild([compiled("tls-load"), ...args]);
  let before = 0;
  child.onOutput(() => before ||= processorTime(pid));
  const status = await child.ended;
  // The server sends no tickets, or does not accept them.
  if (status !== 0 && shape.mode === "resumed") return { rate: NaN, cost: NaN };
  if (status !== 0) throw new Error(`${shape.title}: ${child.errors()}`);
  const [rate, trips] = child.output().split("\n")[1].split(" ").map(Number);
  return { rate, cost: (processorTime(pid) - before) / trips * 1e6 };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number, child: Child): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const socket = connect(port, "127.0.0.1");
    const is = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (is) return;
    await pause(100);
  }
  throw new Error(`no server: ${child.errors()}`);
}

/** Starts a server, and ends it after `use`. */
async function withServer<T>(
  server: Server,
  use: (port: number, child: Child) => T | Promise<T>,
): Promise<T> {
  const port = await freePort();
  const child = startChild(server.command(port), { PORT: `${port}`, CERT, KEY });
  try {
    await listening(port, child);
    return await use(port, child);
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
}

function rates(server: Server, seconds: number): Promise<Sample[]> {
  return withServer(server, async (port, { pid }) => {
    for (const [shape, seconds] of WARM_UP) await load(port, pid, SHAPES[shape], seconds);
    const samples: Sample[] = [];
    for (const shape of SHAPES) samples.push(await load(port, pid, shape, seconds));
    return samples;
  });
}

/**
 * Returns the memory of one idle connection: of {@linkcode IDLE} in a process that has served a
 * few.
 */
function idleMemory(server: Server): Promise<number> {
  return withServer(server, async (port, child) => {
    await load(port, child.pid, SHAPES[0], 0.5);
    const before = memory(child.pid);
    const args = [port, IDLE, 64, 0, "idle"].map(String);
    const clients = startChild([compiled("tls-load"), ...args]);
    const ready = new Promise<void>((resolve) => clients.onOutput(() => resolve()));
    await Promise.race([ready, clients.ended]);
    if (clients.output() === "") throw new Error(`idle: ${clients.errors()}`);
    const after = memory(child.pid);
    clients.kill("SIGKILL");
    await clients.ended;
    return (after - before) / IDLE;
  });
}

function report(servers: readonly Server[], rounds: Map<string, Round[]>): string {
  const middle = (id: string, of: (round: Round) => number) => median(rounds.get(id)!.map(of));
  const cell = (id: string, of: (round: Round) => number, lessIsBetter: boolean) => {
    const [own, base] = [middle(id, of), middle(servers[0].id, of)];
    return `${fixed(lessIsBetter ? base / own : own / base, 2)} (${grouped(own)})`;
  };
  const rows = (of: (sample: Sample) => number, lessIsBetter: boolean) =>
    servers.map(({ id, title }) => [
      title,
      ...SHAPES.map((_, i) => cell(id, ({ samples }) => of(samples[i]), lessIsBetter)),
    ]);
  const head = SHAPES.map(({ title }) => title);
  const memories = servers.map(({ id, title }) => [title, cell(id, ({ idle }) => idle, true)]);
  return [
    "How many times as good as the first row; in parentheses the figure itself.",
    table(["round trips a second", ...head], rows(({ rate }) => rate, false)),
    table(["server's microseconds for one", ...head], rows(({ cost }) => cost, true)),
    table(["memory", "bytes of an idle connection"], memories),
  ].join("\n\n");
}

function compileAll(servers: readonly Server[]): void {
  for (const name of ["load", "server"]) {
    const [file, target] = [inRepository("bench", "tls", `${name}.c`), `tls-${name}`];
    const flags = ["-O2", "-Wall", "-Wextra", "-o", compiled(target)];
    compile(target, [file], ["gcc", ...flags, file, "-lssl", "-lcrypto"]);
  }
  if (!servers.some(({ id }) => id === "go")) return;
  const main = inRepository("bench", "tls", "go", "main.go");
  compile("tls-go", [main], ["go", "build", "-o", compiled("tls-go"), main]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "2" },
      seconds: { type: "string", default: "0.7" },
      only: { type: "string" },
      save: { type: "boolean", default: false },
    },
  });
  const [rounds, seconds] = [
    number("rounds", values.rounds, 1, 100),
    number("seconds", values.seconds, 0.5, 60),
  ];
  const servers = choose("only", [...SERVERS], values.only);
  compileAll(servers);
  const results = new Map<string, Round[]>(servers.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const samples = await rates(server, seconds);
      results.get(server.id)!.push({ samples, idle: await idleMemory(server) });
      console.error(`round ${round + 1}: ${server.title}`);
    }
  }
  const text = report(servers, results);
  console.log(text);
  if (!values.save) return;
  const machine = describeMachine();
  const titles = Object.fromEntries(servers.map(({ id, title }) => [id, title]));
  const settings = { rounds, seconds, shapes: SHAPES, idle: IDLE };
  const json = { machine, settings, titles, results: Object.fromEntries(results) };
  saveResults("tls", json, `# TLS\n\n${machineLine(machine)}\n\n${text}\n`);
}

if (process.platform === "linux") await command("tls", main);
else throw new Error("bench:tls needs Linux: its yardstick is epoll");
