// SPDX-License-Identifier: MIT
// UDP echo: round trips per second of each server, and its CPU time per round trip, which is more
// reliable on a busy machine. One thread per side, on separate processors.
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type Child, startChild, within } from "../rig/child.ts";
import { compile } from "../rig/compile.ts";
import { compiled, inRepository } from "../rig/paths.ts";
import { median } from "../rig/stats.ts";
import { fixed, grouped, table } from "../rig/table.ts";
import { need } from "../rig/tools.ts";
import { type Server, SERVERS } from "./servers.ts";

const SHAPES = [[50, 64], [50, 1200], [1, 64]] as const;
/** Seconds before the first sample: the compilers of the runtimes share the server's processor. */
export const WARMUP_SECONDS = 2;
/** Ticks per second in /proc/PID/stat: the same on every current Linux. */
const TICKS = 100;

/** Round trips per second, and microseconds of the server's CPU time per round trip. */
export interface EchoSample {
  readonly rate: number;
  readonly cost: number;
}

/** Samples by the server's ID: for each round, one per shape. */
export type EchoSamples = Record<string, EchoSample[][]>;

/** The titles of the shapes. */
export const SHAPE_TITLES: readonly string[] = SHAPES.map(([clients, bytes]) =>
  `${clients} x ${bytes} B`
);

function buildAll(): void {
  const file = (name: string) => inRepository("bench", "udp", name);
  for (const name of ["load", "server"]) {
    const target = compiled(`udp-${name}`);
    const gcc = ["gcc", "-O2", "-Wall", "-Wextra", "-o", target, file(`${name}.c`)];
    compile(`udp-${name}`, [file(`${name}.c`)], gcc);
  }
  const main = inRepository("bench", "udp", "go", "main.go");
  compile("udp-go", [main], ["go", "build", "-o", compiled("udp-go"), main]);
  need("taskset");
}

/** CPU time in seconds that all threads of `pid` have used. */
function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(stat[11]) + Number(stat[12])) / TICKS;
}

/** Returns the server's PID: taskset execs it, but npm's programs may start another process. */
function serving(child: Child): number {
  const children = readdirSync(`/proc/${child.pid}/task`)
    .flatMap((task) => {
      const file = `/proc/${child.pid}/task/${task}/children`;
      return readFileSync(file, "utf8").trim().split(" ").filter((pid) => pid !== "");
    });
  return children.length === 0 ? child.pid : Number(children[0]);
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

function load(port: number, [clients, bytes]: readonly [number, number], seconds: number) {
  const args = ["-c", "1", compiled("udp-load"), ...[port, clients, bytes, seconds].map(String)];
  const { stdout, stderr, status } = spawnSync("taskset", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the load generator failed: ${stderr}`);
  const [rate, trips] = stdout.split(" ").map(Number);
  return { rate, trips };
}

async function measure({ command, title }: Server, seconds: number): Promise<EchoSample[]> {
  const port = await freePort();
  const args = command.map((arg) => arg === "PORT" ? String(port) : arg);
  const child = startChild(["taskset", "-c", "0", ...args]);
  try {
    const listens = new Promise<void>((resolve) =>
      child.onOutput(() => child.output().includes("listening") && resolve())
    );
    await within(20, Promise.race([listens, child.ended]));
    if (!child.output().includes("listening")) throw new Error(`${title}: ${child.errors()}`);
    load(port, SHAPES[0], WARMUP_SECONDS);
    const pid = serving(child);
    return SHAPES.map((shape) => {
      const before = processorTime(pid);
      const { rate, trips } = load(port, shape, seconds);
      return { rate, cost: (processorTime(pid) - before) / trips * 1e6 };
    });
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
}

/**
 * Measures all `chosen` servers, interleaved within each round because the machine's speed drifts.
 */
export async function measureEcho(
  chosen: readonly Server[],
  rounds: number,
  seconds: number,
): Promise<EchoSamples> {
  buildAll();
  const samples: EchoSamples = Object.fromEntries(chosen.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of chosen) samples[server.id].push(await measure(server, seconds));
  }
  return samples;
}

/** Returns two tables: the rates and the costs, each with its ratio to C's in parentheses. */
export function reportEcho(samples: EchoSamples): string {
  const middle = (id: string, shape: number, of: (sample: EchoSample) => number) =>
    median(samples[id].map((round) => of(round[shape])));
  const rows = (of: (sample: EchoSample) => number, ratio: (own: number, c: number) => number) =>
    SERVERS.filter(({ id }) => id in samples).map(({ id, title }) => [
      title,
      ...SHAPES.map((_, i) => {
        const [own, c] = [middle(id, i, of), middle(SERVERS[0].id, i, of)];
        return `${of(samples[id][0][i]) < 100 ? fixed(own, 2) : grouped(own)} (${
          fixed(ratio(own, c), 2)
        })`;
      }),
    ]);
  return [
    table(["round trips a second", ...SHAPE_TITLES], rows(({ rate }) => rate, (own, c) => own / c)),
    table(
      ["server's microseconds each", ...SHAPE_TITLES],
      rows(({ cost }) => cost, (own, c) => c / own),
    ),
  ].join("\n\n");
}
