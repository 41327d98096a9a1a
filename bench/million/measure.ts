// SPDX-License-Identifier: MIT
// Measurements of one server while its connections grow in number.
import { type Running, startServer } from "../echo/rig/running.ts";
import type { Server } from "../echo/rig/servers.ts";
import { kernelMemory, memoryOf, processorTime, proportionalShareOf } from "../rig/process.ts";
import { type Active, Crowd } from "./crowd.ts";

/** Number of messages under way while connections are active. */
export const ACTIVE = 1000;
/** Connections of the warm-up, and its duration: until then the compilers are at work. */
const WARM = 100;
const WARM_MS = 2000;
/** Time for garbage collection and for returning memory. */
const SETTLE_MS = 500;
const BUFFER = 4096;

/** One server with a number of connections. */
export interface Step {
  connections: number;
  /** Private memory of the process, in bytes per connection since there were 100. */
  own: number;
  /** As `own`, from the previous step on. */
  more: number;
  /** Proportional share of the process, pages of files included. */
  share: number;
  /** The kernel's memory for both ends of a connection. */
  kernel: number;
  /** Connections per second that were accepted and served once, and the server's CPU time each. */
  accepts: number;
  accept_us: number;
  /** Messages on connections chosen at random. */
  active: Active;
}

/** One server in one round. */
export interface Sample {
  server: string;
  steps: Step[];
}

/** What is measured, and for how long. */
export interface Extent {
  steps: number[];
  ms: number;
  /** Maximum number of connections per process of the generator. */
  each: number;
}

/** Measures memory and rates in processes of their own: activity leaves garbage behind. */
export async function sample(server: Server, extent: Extent): Promise<Sample> {
  const memory = await withServer(server, extent, memories);
  const rates = await withServer(server, extent, ratesOf);
  return { server: server.id, steps: memory.map((step, i) => ({ ...step, ...rates[i] })) };
}

async function withServer<T>(
  server: Server,
  extent: Extent,
  body: (running: Running, crowd: Crowd, extent: Extent) => Promise<T>,
): Promise<T> {
  const running = await startServer(server, BUFFER, { pin: "split", nice: 0 });
  const most = Math.max(...extent.steps);
  const crowd = new Crowd(running.port, most, extent.each, "split");
  try {
    return await body(running, crowd, extent);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${server.id}: ${message}; ${running.complaint()}`, { cause: error });
  } finally {
    await crowd.end();
    await running.stop();
  }
}

type Idle = Pick<Step, "connections" | "own" | "more" | "share" | "kernel">;

async function memories({ pid }: Running, crowd: Crowd, { steps }: Extent): Promise<Idle[]> {
  await crowd.open(WARM);
  await settle();
  const look = () => ({
    own: memoryOf(pid).own,
    share: proportionalShareOf(pid),
    kernel: kernelMemory(),
  });
  const first = look();
  let before = { ...first, connections: WARM };
  const all: Idle[] = [];
  for (const connections of steps) {
    await crowd.open(connections);
    await settle();
    const now = look();
    const each = (name: keyof typeof now) => (now[name] - first[name]) / (connections - WARM);
    const more = (now.own - before.own) / (connections - before.connections);
    all.push({ connections, own: each("own"), more, share: each("share"), kernel: each("kernel") });
    before = { ...now, connections };
  }
  return all;
}

type Rates = Pick<Step, "accepts" | "accept_us" | "active">;

async function ratesOf({ pid }: Running, crowd: Crowd, extent: Extent): Promise<Rates[]> {
  const { steps, ms } = extent;
  let open = WARM;
  await crowd.open(open);
  await crowd.active(WARM, 0, WARM_MS);
  const all: Rates[] = [];
  for (const connections of steps) {
    const before = cpu(pid);
    const { rate: accepts } = await crowd.open(connections);
    const accept_us = (cpu(pid) - before) * 1e6 / (connections - open);
    open = connections;
    all.push({ accepts, accept_us, active: await crowd.active(ACTIVE, ms / 3, ms) });
  }
  return all;
}

function cpu(pid: number): number {
  const [user, system] = processorTime(pid);
  return user + system;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
