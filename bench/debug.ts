// SPDX-License-Identifier: MIT
// Cost of the debug page on a busy server: `npm run bench:debug`. See bench/README.md.
import process from "node:process";
import { parseArgs } from "node:util";
import { build } from "./echo/rig/build.ts";
import { type Child, startChild, within } from "./rig/child.ts";
import { command } from "./rig/command.ts";
import { number } from "./rig/flags.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { BUN, compiled, DENO, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { fixed, grouped, table } from "./rig/table.ts";
import { need } from "./rig/tools.ts";

const USAGE = `bench:debug: the throughput of an echo server, watched and not watched in turn

  --rounds N    pairs of windows (15)
  --seconds S   length of a window (2)
  --conns N     connections, of 64 bytes a message (50)
  --save        also write bench/results/debug.json and debug.md`;

const TOKEN = "token-of-the-benchmark";
const SIZE = 64;
const WARMUP_SECONDS = 3;
/** Polling interval of the page. */
const LOOK_MS = 1000;

const RUNTIMES = { bun: [BUN], deno: [DENO, "run", "-A", "--no-check"] };

interface Row {
  runtime: string;
  alone: number[];
  watched: number[];
  ratios: number[];
}

interface Settings {
  rounds: number;
  seconds: number;
  conns: number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Requests a snapshot as the page does. */
async function look(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/?format=json`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  if (response.status !== 200) throw new Error(`the page answers ${response.status}`);
  await response.arrayBuffer();
}

/** Resolves to the number of bytes that the server has written, and its clock. */
async function written(port: number): Promise<{ bytes: number; at: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/bytes`)).text();
  const [bytes, at] = text.split(" ").map(Number);
  return { bytes, at };
}

/** Round trips per second over a window, with or without a request per second. */
async function window(port: number, seconds: number, watched: boolean): Promise<number> {
  const before = await written(port);
  const begun = performance.now();
  for (let i = 0; i < seconds; i++) {
    await sleep(begun + i * LOOK_MS + LOOK_MS / 2 - performance.now());
    if (watched) await look(port);
  }
  await sleep(begun + seconds * LOOK_MS - performance.now());
  const after = await written(port);
  return (after.bytes - before.bytes) / SIZE / ((after.at - before.at) / 1000);
}

async function started(server: Child): Promise<{ page: number; echo: number }> {
  const line = await within(
    30,
    new Promise<RegExpExecArray>((resolve) => {
      server.onOutput(() => {
        const match = /^page (\d+) echo (\d+)$/m.exec(server.output());
        if (match !== null) resolve(match);
      });
    }),
  );
  if (line === undefined) throw new Error(`the server did not start: ${server.errors()}`);
  return { page: Number(line[1]), echo: Number(line[2]) };
}

async function measure(runtime: keyof typeof RUNTIMES, settings: Settings): Promise<Row> {
  const { rounds, seconds, conns } = settings;
  const program = [...RUNTIMES[runtime], inRepository("bench", "debug", "server.ts")];
  const server = startChild(["taskset", "-c", "0", ...program], { TOKEN });
  const { page, echo } = await started(server);
  const ms = (WARMUP_SECONDS + rounds * 2 * (seconds + 1)) * 1000;
  const flags = { port: echo, pid: server.pid, conns, size: SIZE, warmup: 1000, time: ms };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const load = startChild(["taskset", "-c", "1", compiled("echo-load"), ...args]);
  const row: Row = { runtime, alone: [], watched: [], ratios: [] };
  try {
    await sleep(WARMUP_SECONDS * 1000);
    for (let i = 0; i < rounds; i++) {
      // Alternate the order, because the machine's speed drifts.
      const order = i % 2 === 0 ? [false, true] : [true, false];
      for (const watched of order) {
        row[watched ? "watched" : "alone"].push(await window(page, seconds, watched));
      }
      row.ratios.push(row.watched[i] / row.alone[i]);
    }
  } finally {
    load.kill("SIGKILL");
    server.kill("SIGKILL");
    await Promise.all([load.ended, server.ended]);
  }
  return row;
}

function report(rows: Row[], settings: Settings): string {
  const { rounds, seconds, conns } = settings;
  const cells = rows.map(({ runtime, alone, watched, ratios }) => [
    runtime,
    grouped(median(alone)),
    grouped(median(watched)),
    fixed(median(ratios), 3),
    `${fixed(Math.min(...ratios), 3)} to ${fixed(Math.max(...ratios), 3)}`,
  ]);
  return `# What the debug page costs

${machineLine(describeMachine())}

${rounds} pairs of windows of ${seconds} s, watched and not watched in turn, over ${conns} connections of
${SIZE} B. Watched: a snapshot a second, as the page asks for. Server on CPU 0, load on CPU 1. Medians;
ratios within a pair. More is better.

${table(["runtime", "round trips/s", "watched", "ratio", "spread"], cells)}
`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "15" },
      seconds: { type: "string", default: "2" },
      conns: { type: "string", default: "50" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (process.platform !== "linux") throw new Error("bench:debug needs Linux: its load is epoll's");
  const settings = {
    rounds: number("rounds", values.rounds, 1, 1000),
    seconds: Math.round(number("seconds", values.seconds, 1, 600)),
    conns: number("conns", values.conns, 1, 20_000),
  };
  need("taskset");
  build([]);
  const rows = [await measure("bun", settings), await measure("deno", settings)];
  const text = report(rows, settings);
  console.log(text);
  if (values.save) saveResults("debug", { machine: describeMachine(), settings, rows }, text);
}

await command("debug", main);
