// SPDX-License-Identifier: MIT
// Measurements of one server in one round.
import type { Server } from "../echo/rig/servers.ts";
import { startChild, within } from "../rig/child.ts";
import { compiled } from "../rig/paths.ts";
import { memoryOf, processorTime } from "../rig/process.ts";

/** The load generator: open.c. */
export const OPEN = "connections-open";
/** Number of concurrent connections of the connection-rate test. */
export const IN_FLIGHT = 50;
/** Number of connections before the measurement, while JIT compilers are at work. */
export const WARMING = 25_000;
/** Number of connections of the large test, of its baseline, and of the first memory reading. */
export const CROWD = 9000;
export const FEW = 100;
export const SOME = 3000;

export interface Sample {
  server: string;
  /** Connections per second, each opened, served once and closed. */
  churn: number;
  /** Microseconds of the server's CPU time per connection. */
  cost: number;
  /** The user-mode part of it. */
  own: number;
  /** Round trips per second over few connections, and over many. */
  few: number;
  crowd: number;
  /** Memory growth in bytes per idle connection, from few to all. */
  idle: number;
  /** The same from some to all: the cost of a connection when there are many already. */
  more: number;
  /** As `idle`, including pages of its program file read in the meantime. */
  resident: number;
}

/** Duration of a measurement, and number of connections in one. */
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

/** Opens and closes `count` connections; returns the number per second. */
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

/** Holds `count` connections open, each after one message, during `look`. */
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
    // Leaves time for garbage collection and for returning memory.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return await look();
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
}

/** Runs `command` to its end and returns its output. */
async function output(command: string[]): Promise<string> {
  const child = startChild(command);
  const status = await within(60, child.ended);
  if (status === 0) return child.output();
  child.kill("SIGKILL");
  throw new Error(`${command.join(" ")} ended with ${status}: ${child.errors()}`);
}
