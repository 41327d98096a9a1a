// SPDX-License-Identifier: MIT
// The shapes, and how a sample of each is made.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild, within } from "../rig/child.ts";
import { BUN, compiled, inRepository } from "../rig/paths.ts";
import type { Options } from "./options.ts";
import { WARMUP } from "./measure.mjs";
import type { Side } from "./sides.ts";

/** What was measured of a side: operations a second, and microseconds of CPU time for each. */
export interface Figures {
  rate: number;
  cpu: number;
}

export interface Shape {
  /** ID for `--shapes`. */
  id: string;
  title: string;
  unit: string;
  /** Divides the rate, for the unit. */
  scale: number;
  /** What the CPU time is for. */
  each: string;
  measure(side: Side, options: Options): Promise<Figures>;
}

const LIMIT_S = 60;
const COPIED = 512 << 20;
const CONNECTIONS = "100000";
const DIALING = "16";
const MESSAGE = 64;

function start(cpu: number, command: string[], env: Record<string, string> = {}): Child {
  return startChild(["taskset", "-c", String(cpu), ...command], env);
}

/** Runs a program to its end; returns the line of JSON that it prints. */
async function result<T>(cpu: number, command: string[]): Promise<T> {
  const child = start(cpu, command, { GOMAXPROCS: "1" });
  const end = await within(LIMIT_S, child.ended);
  if (end === undefined) child.kill("SIGKILL");
  try {
    return JSON.parse(child.output()) as T;
  } catch {
    const reason = child.errors().trim() || "no output";
    throw new Error(`${command.join(" ")}: ${end ?? "time is up"}: ${reason}`);
  }
}

/** Runs `f` beside a server on `cpu`, with the address that it listens on. */
async function beside<T>(
  cpu: number,
  command: string[],
  f: (address: string, server: Child) => Promise<T>,
): Promise<T> {
  const server = start(cpu, command);
  try {
    const address = new Promise<string>((resolve) =>
      server.onOutput(() => {
        const [, found] = /listening on (\S+)/.exec(server.output()) ?? [];
        if (found !== undefined) resolve(found);
      })
    );
    const ended = server.ended.then(() => undefined);
    const found = await within(LIMIT_S, Promise.race([address, ended]));
    if (found === undefined) throw new Error(`${command.join(" ")}: ${server.errors()}`);
    return await f(found, server);
  } finally {
    server.kill("SIGKILL");
    await server.ended;
  }
}

/** Output of echo/load.c. */
interface Load {
  rate: number;
  server_cpu: number;
  failure: string;
}

async function unix({ command }: Side, { ms }: Options): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-shapes-"));
  const path = join(folder, "socket");
  try {
    return await beside(0, [...command, "unix", path], async (_, server) => {
      const flags = { pid: server.pid, conns: 50, size: MESSAGE, warmup: WARMUP * ms, time: ms };
      const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const load = [compiled("echo-load"), "--unix", path, ...args];
      const { rate, server_cpu, failure } = await result<Load>(1, load);
      if (failure) throw new Error(`${command.join(" ")}: ${failure}`);
      return { rate, cpu: server_cpu / rate * 1e6 };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pipe({ command }: Side, { ms }: Options): Promise<Figures> {
  return result(0, [...command, "pipe", String(ms)]);
}

function copy({ command }: Side): Promise<Figures> {
  const peer = [BUN, inRepository("bench", "splice", "peer.ts")];
  return beside(1, peer, (address) => result(0, [...command, "copy", String(COPIED), address]));
}

function dial({ command }: Side, { ms }: Options): Promise<Figures> {
  return beside(
    1,
    [compiled("echo-epoll")],
    (address) => result(0, [...command, "dial", String(ms), address, DIALING]),
  );
}

function deadlines(moves: boolean): Shape["measure"] {
  return ({ command }, { ms }) =>
    result(0, [...command, "deadlines", String(ms), CONNECTIONS, String(moves)]);
}

export const SHAPES: Shape[] = [
  {
    id: "unix",
    title: "echo over Unix sockets, 50 x 64 B",
    unit: "thousand round trips a second",
    scale: 1e3,
    each: "round trip",
    measure: unix,
  },
  {
    id: "pipe",
    title: "echo over an in-memory connection, 64 B",
    unit: "thousand round trips a second",
    scale: 1e3,
    each: "round trip",
    measure: pipe,
  },
  {
    id: "copy",
    title: "copy of a stream whose head was read through a buffer",
    unit: "MB/s",
    scale: 1e6,
    each: "byte",
    measure: copy,
  },
  {
    id: "dial",
    title: "connect, one round trip, close; 16 at a time",
    unit: "thousand connections a second",
    scale: 1e3,
    each: "connection",
    measure: dial,
  },
  {
    id: "reads",
    title: "reads in turn on 100,000 in-memory connections",
    unit: "thousand reads a second",
    scale: 1e3,
    each: "read",
    measure: deadlines(false),
  },
  {
    id: "deadlines",
    title: "the same, each with a deadline that moves before every read",
    unit: "thousand reads a second",
    scale: 1e3,
    each: "read",
    measure: deadlines(true),
  },
];
