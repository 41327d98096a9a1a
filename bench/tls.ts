// SPDX-License-Identifier: MIT
// The TLS benchmark: `npm run bench:tls -- [--rounds N] [--seconds S] [--only ID,ID]`. Echo over
// TLS 1.3 and new connections, one thread a side, the servers in turn within each round. Round
// trips a second, and the processor time that the server takes for one, which says more on a busy
// machine.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Child, startChild } from "./rig/child.ts";
import { command } from "./rig/command.ts";
import { compile } from "./rig/compile.ts";
import { compiled, inRepository } from "./rig/paths.ts";
import { median } from "./rig/stats.ts";
import { fixed, grouped, table } from "./rig/table.ts";
import { CERT, KEY, type Server, SERVERS } from "./tls/servers.ts";

interface Shape {
  readonly title: string;
  readonly connections: number;
  readonly bytes: number;
  readonly mode: "echo" | "full" | "resumed";
}

const SHAPES: readonly Shape[] = [
  { title: "50 x 64 B", connections: 50, bytes: 64, mode: "echo" },
  { title: "500 x 64 B", connections: 500, bytes: 64, mode: "echo" },
  { title: "50 x 16 KiB", connections: 50, bytes: 16384, mode: "echo" },
  { title: "handshakes", connections: 10, bytes: 64, mode: "full" },
  { title: "resumed", connections: 10, bytes: 64, mode: "resumed" },
];

/** Shapes of the warm-up, by their places above; a server in C needs none, but has it too. */
const WARM_UP = [0, 2, 3];
const WARM_UP_SECONDS = 2;

/** What one shape came to: round trips a second, and microseconds of the server's for each. */
interface Sample {
  readonly rate: number;
  readonly cost: number;
}

/** Ticks of /proc/PID/stat a second: the same on every Linux of today. */
const TICKS = 100;

/** Seconds of processor time that `pid` and its threads and children have taken. */
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

function load(port: number, shape: Shape, seconds: number): [number, number] {
  const { connections, bytes, mode } = shape;
  const args = [port, connections, bytes, seconds, mode].map(String);
  const { stdout, stderr, status } = spawnSync(compiled("tls-load"), args, { encoding: "utf8" });
  // A server that gives no tickets, or whose tickets serve nobody.
  if (status !== 0 && shape.mode === "resumed") return [NaN, NaN];
  if (status !== 0) throw new Error(`${shape.title}: ${stderr}`);
  const [rate, trips] = stdout.split(" ").map(Number);
  return [rate, trips];
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

async function measure(server: Server, seconds: number): Promise<Sample[]> {
  const port = await freePort();
  const child = startChild(server.command(port), { PORT: `${port}`, CERT, KEY });
  try {
    await listening(port, child);
    // What a just-in-time compiler has to do it does before, as in bench:echo.
    for (const shape of WARM_UP) load(port, SHAPES[shape], WARM_UP_SECONDS);
    return SHAPES.map((shape) => {
      const before = processorTime(child.pid);
      const [rate, trips] = load(port, shape, seconds);
      return { rate, cost: (processorTime(child.pid) - before) / trips * 1e6 };
    });
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
}

function report(servers: readonly Server[], samples: Map<string, Sample[][]>): string {
  const middle = (id: string, shape: number, of: (sample: Sample) => number) =>
    median(samples.get(id)!.map((round) => of(round[shape])));
  const rows = (of: (sample: Sample) => number, ratio: (own: number, base: number) => number) =>
    servers.map(({ id, title }) => [
      title,
      ...SHAPES.map((_, i) => {
        const [own, base] = [middle(id, i, of), middle(servers[0].id, i, of)];
        return `${grouped(own)} (${fixed(ratio(own, base), 2)})`;
      }),
    ]);
  const head = SHAPES.map(({ title }) => title);
  return [
    table(["round trips a second", ...head], rows(({ rate }) => rate, (a, b) => a / b)),
    table(["server's microseconds each", ...head], rows(({ cost }) => cost, (a, b) => b / a)),
  ].join("\n\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "3" },
      only: { type: "string", default: "" },
    },
  });
  const only = values.only === "" ? null : new Set(values.only.split(","));
  const servers = SERVERS.filter(({ id }) => only === null || only.has(id));
  for (const name of ["load", "server"]) {
    const file = inRepository("bench", "tls", `${name}.c`);
    const target = `tls-${name}`;
    const gcc = [
      "gcc",
      "-O2",
      "-Wall",
      "-Wextra",
      "-o",
      compiled(target),
      file,
      "-lssl",
      "-lcrypto",
    ];
    compile(target, [file], gcc);
  }
  const samples = new Map<string, Sample[][]>(servers.map(({ id }) => [id, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const server of servers) {
      samples.get(server.id)!.push(await measure(server, Number(values.seconds)));
      console.error(`round ${round + 1}: ${server.title}`);
    }
  }
  console.log(report(servers, samples));
}

if (process.platform === "linux") await command("tls", main);
else throw new Error("bench:tls needs Linux: its yardstick is epoll");
