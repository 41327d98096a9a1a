// SPDX-License-Identifier: MIT
// The load generator, load.c, with its three modes.
import { startChild, within } from "../../rig/child.ts";
import type { Options } from "./options.ts";
import { compiled } from "../../rig/paths.ts";
import { placed } from "./placing.ts";
import type { Running } from "./running.ts";
import type { Shape } from "./shapes.ts";

/** Its output, in units of round trips, microseconds and CPUs. */
export interface Measured {
  rate: number;
  p50_us: number;
  p99_us: number;
  max_us: number;
  load_cpu: number;
  server_cpu: number;
  others_cpu: number;
  errors: number;
  failure: string;
}

export interface Compared {
  received: number;
  seconds: number;
  identical: boolean;
  failure: string;
}

/** Time beyond the measurement: for connecting, and for a server that does not respond. */
const GRACE_SECONDS = 20;

async function generate<T>(command: string[], seconds: number): Promise<T> {
  const child = startChild(command);
  const end = await within(seconds + GRACE_SECONDS, child.ended);
  if (end === undefined) child.kill("SIGKILL");
  try {
    return JSON.parse(child.output()) as T;
  } catch {
    throw new Error(`the generator failed (${end ?? "time is up"}): ${child.errors().trim()}`);
  }
}

export function pingPong(server: Running, shape: Shape, options: Options): Promise<Measured> {
  const { conns, size } = shape;
  const [warmup, time] = [options.warmup, options.seconds].map((s) => Math.round(s * 1000));
  const flags = { port: server.port, pid: server.pid, conns, size, warmup, time };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const command = placed("load", [compiled("echo-load"), ...args], options);
  return generate(command, options.warmup + options.seconds);
}

export function compareBytes(server: Running, bytes: number): Promise<Compared> {
  const args = ["--port", String(server.port), "--bytes", String(bytes)];
  return generate([compiled("echo-load"), ...args], 60 + bytes / 20e6);
}

/** Round-trip time between the CPUs in nanoseconds; 0 with a single CPU. */
export async function coreToCore(): Promise<number> {
  const probe = [compiled("echo-load"), "--probe"];
  return (await generate<{ core_to_core_ns: number }>(probe, 1)).core_to_core_ns;
}
