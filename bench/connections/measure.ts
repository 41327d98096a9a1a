// SPDX-License-Identifier: MIT
// What is measured of one server in one round.
import { readFileSync } from "node:fs";
import type { Server } from "../echo/rig/servers.ts";
import { startChild, within } from "../rig/child.ts";
import { compiled } from "../rig/paths.ts";

/** The generator: open.c. */
export const OPEN = "connections-open";
/** Connections that are under way at once while they come and go. */
export const IN_FLIGHT = 50;
/** Connections that come and go before it counts: until then compilers are at work. */
export const WARMING = 25_000;
/** A crowd, what its throughput is compared with, and where its memory is first looked at. */
export const CROWD = 9000;
export const FEW = 100;
export const SOME = 3000;

/** Ticks of /proc/PID/stat a second. */
const TICKS = 100;

export interface Sample {
  server: string;
  /** Connections opened, served once and closed, a second. */
  churn: number;
  /** Microseconds of the server's processor time for each of them. */
  cost: number;
  /** The part of it that is the server's own code, and not the kernel's. */
  own: number;
  /** Round trips a second over few connections, and over many. */
  few: number;
  crowd: number;
  /** Bytes that the process has grown by for each idle connection, from few to all. */
  idle: number;
  /** The same from some to all: what each costs when there are many already. */
  more: number;
  /** As `idle`, with the pages of its program that it has read in meanwhile. */
  resident: number;
}

/** How long a measurement takes, and how many connections come and go in one. */
export interface Extent {
  ms: number;
  churn: number;
}

export async function sample(server: Server, extent: Extent): Promise<Sample> {
  const coming = await withServer(server, (port, pid) => churn(port, pid, extent.churn));
  const rates = await withServer(server, async (port) => ({
    few: await rate(port, FEW, extent.ms),
    crowd: await rate(port, CROWD, extent.ms),
  }));
  return { server: server.id, ...coming, ...rates, ...await withServer(server, memory) };
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
    if (port === undefined) throw new Error(`it did not start: ${child.errors()}`);
    return await body(port, child.pid);
  } catch (error) {
    throw new Error(`${id}: ${(error as Error).message}`, { cause: error });
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
}

async function churn(
  port: string,
  pid: number,
  count: number,
): Promise<Pick<Sample, "churn" | "cost" | "own">> {
  await come(port, WARMING);
  const before = processorTime(pid);
  const perSecond = await come(port, count);
  const after = processorTime(pid);
  const [user, system] = after.map((seconds, i) => (seconds - before[i]) * 1e6 / count);
  return { churn: perSecond, cost: user + system, own: user };
}

/** Has so many connections come and go; gives how many a second. */
async function come(port: string, count: number): Promise<number> {
  const said = await output([
    compiled(OPEN),
    "churn",
    port,
    String(count),
    String(IN_FLIGHT),
  ]);
  const { rate, failed } = JSON.parse(said) as { rate: number; failed: number };
  if (failed > 0) throw new Error(`${failed} connections failed`);
  return rate;
}

async function rate(port: string, conns: number, ms: number): Promise<number> {
  const how = ["--port", port, "--conns", String(conns), "--size", "64"];
  const time = ["--warmup", "700", "--time", String(ms)];
  return JSON.parse(await output([compiled("echo-load"), ...how, ...time])).rate;
}

async function memory(
  port: string,
  pid: number,
): Promise<Pick<Sample, "idle" | "more" | "resident">> {
  await holding(port, FEW, () => Promise.resolve());
  const first = memoryOf(pid);
  return await holding(port, SOME, async () => {
    const second = memoryOf(pid);
    return await holding(port, CROWD - SOME, () => {
      const last = memoryOf(pid);
      return Promise.resolve({
        idle: (last.own - first.own) / CROWD,
        more: (last.own - second.own) / (CROWD - SOME),
        resident: (last.resident - first.resident) / CROWD,
      });
    });
  });
}

/** Holds so many connections open, each after one message, while `look` does. */
async function holding<T>(port: string, count: number, look: () => Promise<T>): Promise<T> {
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
    // Collectors and those who give memory back have their moment.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return await look();
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
}

/** Runs `command` to its end and gives what it printed. */
async function output(command: string[]): Promise<string> {
  const child = startChild(command);
  const status = await within(60, child.ended);
  if (status === 0) return child.output();
  child.kill("SIGKILL");
  throw new Error(`${command.join(" ")} ended with ${status}: ${child.errors()}`);
}

/**
 * Seconds of processor that a process has used, with all its threads: its own, and the kernel's.
 */
function processorTime(pid: number): [user: number, system: number] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[11]) / TICKS, Number(fields[12]) / TICKS];
}

/** Bytes that are the process's own, and those with what it has read in of its program's file. */
function memoryOf(pid: number): { own: number; resident: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string) =>
    Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m"))![1]) * 1024;
  return { own: bytes("RssAnon"), resident: bytes("VmRSS") };
}
