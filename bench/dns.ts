// SPDX-License-Identifier: MIT
// DNS benchmark: `npm run bench:dns -- [--rounds N] [--seconds S] [--only ID,ID] [--save]`. Lookups
// for both IP versions, each of a new name, against a server on this machine that responds at once.
// Needs root, Linux and an otherwise idle machine: each client has its own resolv.conf, mounted
// over the system's. See bench/README.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Child, startChild, within } from "./rig/child.ts";
import { command } from "./rig/command.ts";
import { compile } from "./rig/compile.ts";
import { choose, number } from "./rig/flags.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { BUN, compiled, DENO, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { median } from "./rig/stats.ts";
import { fixed, grouped, table } from "./rig/table.ts";

/** An address of this machine without other uses. */
const SERVER = "127.83.41.9";
/** Warm-up of a JavaScript client: after that, V8 compiles nothing more for it. */
const WARM_UP_MS = 5000;
/** Numbers of concurrent lookups. */
const CONCURRENCY = [1, 50];

interface Client {
  /** Whether a JIT compiler makes it faster with time. */
  readonly warms?: true;
  readonly id: string;
  readonly title: string;
  readonly command: string[];
}

const BY_BUN = [BUN, inRepository("bench", "dns", "client.ts")];
const BY_DENO = [DENO, "run", "-A", "--no-check", inRepository("bench", "dns", "client.ts")];

const CLIENTS: Client[] = [
  { id: "c", title: "bare system calls, C", command: [compiled("dns-bare"), SERVER] },
  { id: "go", title: "Go's own resolver", command: [compiled("dns-go")] },
  {
    id: "bun-runSync",
    title: "this library, Bun, runSync",
    command: [...BY_BUN, "runSync"],
    warms: true,
  },
  { id: "bun-run", title: "this library, Bun, run", command: [...BY_BUN, "run"], warms: true },
  {
    id: "deno-runSync",
    title: "this library, Deno, runSync",
    command: [...BY_DENO, "runSync"],
    warms: true,
  },
  { id: "deno-run", title: "this library, Deno, run", command: [...BY_DENO, "run"], warms: true },
  { id: "bun-lookup", title: "dns.lookup, Bun", command: [...BY_BUN, "lookup"], warms: true },
  { id: "deno-lookup", title: "dns.lookup, Deno", command: [...BY_DENO, "lookup"], warms: true },
  {
    id: "bun-resolver",
    title: "dns.Resolver (c-ares), Bun",
    command: [...BY_BUN, "resolver"],
    warms: true,
  },
  {
    id: "deno-resolver",
    title: "dns.Resolver, Deno",
    command: [...BY_DENO, "resolver"],
    warms: true,
  },
];

/** Lookups per second, and in microseconds their median and the processor time of one. */
interface Sample {
  readonly rate: number;
  readonly latency: number;
  readonly processor: number;
}

/** Runs the client in a mount namespace with a resolv.conf that names the server. */
function sandboxed(command: string[]): string[] {
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, compiled("resolv.conf"), ...command];
}

let runs = 0;

/** Returns a sample for each number of concurrent lookups, in one process. */
async function measure(client: Client, concurrency: number[], seconds: number): Promise<Sample[]> {
  const args = [concurrency.join(), String(seconds * 1000), `r${++runs}-`, String(WARM_UP_MS)];
  const child = startChild(sandboxed(["taskset", "-c", "0", ...client.command, ...args]), {
    GODEBUG: "netdns=go",
  });
  const status = await within(seconds * 4 + 30, child.ended);
  if (status !== 0) throw new Error(`${client.title} failed: ${status} ${child.errors()}`);
  return child.output().trim().split("\n").map((line) => {
    const [rate, latency, processor] = line.split(" ").map(Number);
    return { rate, latency, processor };
  });
}

/** Compiled programs have no compiler to wait for, and measure one number in a process. */
async function measureAll(client: Client, seconds: number): Promise<Sample[]> {
  if (client.warms) return await measure(client, CONCURRENCY, seconds);
  const all: Sample[] = [];
  for (const each of CONCURRENCY) all.push(...await measure(client, [each], seconds));
  return all;
}

async function startServer(): Promise<Child> {
  const child = startChild(["taskset", "-c", "1", compiled("dns-server"), SERVER]);
  const ready = new Promise<void>((resolve) => child.onOutput(() => resolve()));
  const status = await within(10, Promise.race([ready, child.ended]));
  if (status !== undefined) throw new Error(`no server: ${status} ${child.errors()}`);
  return child;
}

type Samples = Record<string, Sample[][]>;

function report(clients: Client[], samples: Samples): string {
  const middle = (id: string, shape: number, of: (sample: Sample) => number) =>
    median(samples[id].map((round) => of(round[shape])));
  const base = (id: string) => samples[id] !== undefined;
  const ratio = (id: string, to: string) =>
    base(to) ? fixed(middle(id, 1, (s) => s.rate) / middle(to, 1, (s) => s.rate), 2) : "-";
  const rows = clients.map(({ id, title }) => [
    title,
    ratio(id, "go"),
    ratio(id, id.startsWith("deno") ? "deno-lookup" : "bun-lookup"),
    grouped(middle(id, 1, (s) => s.rate)),
    fixed(middle(id, 1, (s) => s.processor), 1),
    grouped(middle(id, 0, (s) => s.rate)),
    grouped(middle(id, 0, (s) => s.latency)),
  ]);
  const head = [
    "resolver",
    "to Go",
    "to dns.lookup",
    "50 at a time, a second",
    "processor time, µs",
    "one at a time, a second",
    "µs",
  ];
  return table(head, rows);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "1" },
      only: { type: "string" },
      save: { type: "boolean", default: false },
    },
  });
  const rounds = number("rounds", values.rounds, 1, 100);
  const seconds = number("seconds", values.seconds, 0.1, 60);
  const clients = choose("only", CLIENTS, values.only);
  const source = (name: string) => inRepository("bench", "dns", name);
  for (const name of ["server", "bare"]) {
    const program = compiled(`dns-${name}`);
    const flags = ["-O2", "-Wall", "-Wextra"];
    compile(`dns-${name}`, [source(`${name}.c`)], [
      "gcc",
      ...flags,
      "-o",
      program,
      source(`${name}.c`),
    ]);
  }
  if (clients.some(({ id }) => id === "go")) {
    compile("dns-go", [source("client.go")], [
      "go",
      "build",
      "-o",
      compiled("dns-go"),
      source("client.go"),
    ]);
  }
  mkdirSync(compiled(""), { recursive: true });
  writeFileSync(compiled("resolv.conf"), `nameserver ${SERVER}\n`);
  const machine = describeMachine();
  console.error(machineLine(machine));
  const server = await startServer();
  const samples: Samples = Object.fromEntries(clients.map(({ id }) => [id, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const client of clients) {
        samples[client.id].push(await measureAll(client, seconds));
      }
    }
  } finally {
    server.kill("SIGKILL");
    await server.ended;
  }
  const text =
    `${
      report(clients, samples)
    }\n\nMedians of ${rounds} rounds of ${seconds} s each; the client has one ` +
    `core and the server the other. A JavaScript client first runs for ${
      WARM_UP_MS / 1000
    } s at 50 ` +
    `at a time, until its functions are compiled.\nEach lookup, of every row, is of a new name, for ` +
    `A and AAAA: two queries, which nothing has cached. dns.lookup runs on the runtime's threads, on ` +
    `Deno at most 32 at once. The ratios are of 50 at a time, the processor time is the ` +
    `client's for one of them.`;
  console.log(text);
  if (!values.save) return;
  const settings = { rounds, seconds };
  const page = `# Names\n\n${machineLine(machine)}\n\n${text}\n`;
  saveResults("dns", { machine, settings, samples }, page);
}

await command("dns", main);
