// SPDX-License-Identifier: MIT
// Round robin: the servers of a contest run side by side, and each load is applied to one after the
// other.
import { readFileSync } from "node:fs";
import { coreToCore } from "../echo/rig/generator.ts";
import { OTHERS_ALLOWED, type Place, placeOf } from "../echo/rig/samples.ts";
import type { Contest, Contestant } from "./contestants.ts";
import { type Load, LOADS, runLoad } from "./loads.ts";
import type { Options } from "./options.ts";
import { type Running, startServer, ticks } from "./running.ts";

export interface Sample {
  round: number;
  server: string;
  case: string;
  /** Rate per second. */
  rate: number;
  /** Requests per second of the server's CPU time. */
  per_cpu: number;
  /** CPUs in use. */
  server_cpu: number;
  load_cpu: number;
  others_cpu: number;
  place: Place;
  /** No other process interfered: comparable with other samples. */
  clean: boolean;
  failure: string;
}

/** Busy time of all CPUs since boot, in seconds. */
function busy(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8")
    .split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}

interface Used {
  seconds: number;
  server: number;
  load: number;
  all: number;
}

/** CPU time used so far; that of the load, a child process, counts once it has ended. */
function used(server: Running): Used {
  const seconds = performance.now() / 1000;
  return { seconds, server: server.cpu(), load: ticks("/proc/self/stat", 13), all: busy() };
}

async function measureOnce(load: Load, server: Running, options: Options) {
  const nsBefore = await coreToCore();
  const before = used(server);
  const output = await runLoad(load, server.port, options);
  const after = used(server);
  const place = placeOf(nsBefore, await coreToCore());
  const { rate, requests } = load.result(output, options.seconds);
  const seconds = after.seconds - before.seconds;
  const per_cpu = requests / (after.server - before.server);
  const server_cpu = (after.server - before.server) / seconds;
  const load_cpu = (after.load - before.load) / seconds;
  const others_cpu = Math.max(0, (after.all - before.all) / seconds - server_cpu - load_cpu);
  const clean = place !== "moved" && others_cpu < OTHERS_ALLOWED;
  const cpu = { per_cpu, server_cpu, load_cpu, others_cpu };
  return { rate, ...cpu, place, clean, failure: server.complaint() };
}

const NOTHING = {
  rate: 0,
  per_cpu: 0,
  server_cpu: 0,
  load_cpu: 0,
  others_cpu: 0,
  place: "moved" as const,
  clean: false,
};

async function measure(
  load: Load,
  server: Running,
  round: number,
  options: Options,
): Promise<Sample> {
  const of = { round, server: server.contestant.id, case: load.case };
  try {
    return { ...of, ...await measureOnce(load, server, options) };
  } catch (error) {
    const failure = `${(error as Error).message} ${server.complaint()}`;
    return { ...of, ...NOTHING, failure };
  }
}

/** Checks that the reply has these headers, whatever else there is, and this body. */
async function checkAnswer({ contestant, port }: Running): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  const has = ["content-type", "content-length", "date"].every((name) => answer.headers.has(name));
  const type = answer.headers.get("content-type")?.toLowerCase();
  const right = answer.status === 200 && has && type === "text/plain;charset=utf-8";
  if ((await answer.text()) !== "Hello, World!\n" || !right) {
    throw new Error(`${contestant.id} answers otherwise: ${[...answer.headers].join("; ")}`);
  }
}

/** Warms up a runtime's JIT compilers: earlier measurements are meaningless. */
async function warmUp(servers: Running[], loads: Load[], options: Options): Promise<void> {
  for (const server of servers) {
    for (const load of loads) {
      if (load.warmUp === 0) continue;
      await runLoad(load, server.port, { ...options, seconds: load.warmUp });
    }
  }
}

function tell({ round, server, case: id, rate, place, clean, others_cpu, failure }: Sample): void {
  const note = failure !== ""
    ? `FAILED: ${failure}`
    : `${place}${clean ? "" : `, disturbed (others ${others_cpu.toFixed(2)} CPU)`}`;
  const cells = [`round ${round}`, id.padEnd(11), server.padEnd(22), `${Math.round(rate)}/s`, note];
  console.error(cells.join("  "));
}

/** Each contest is independent; each load begins with another server. */
async function runContest(
  contest: Contest,
  contestants: Contestant[],
  round: number,
  options: Options,
): Promise<Sample[]> {
  const loads = LOADS.filter((load) => load.contest === contest);
  const samples: Sample[] = [];
  const servers: Running[] = [];
  try {
    for (const contestant of contestants) servers.push(await startServer(contestant, options));
    if (contest === "http") { for (const server of servers) await checkAnswer(server); }
    await warmUp(servers, loads, options);
    for (const load of loads) {
      for (let i = 0; i < servers.length; i++) {
        const server = servers[(i + round) % servers.length];
        const measured = await measure(load, server, round, options);
        tell(measured);
        samples.push(measured);
      }
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  return samples;
}

export async function runRounds(options: Options): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const contest of ["redis", "http", "connections"] as const) {
      const contestants = options.contestants.filter((one) => one.contest === contest);
      if (contestants.length === 0) continue;
      samples.push(...await runContest(contest, contestants, round, options));
    }
  }
  return samples;
}
