// SPDX-License-Identifier: MIT
// Load generators: redis-benchmark, wrk and connections/open.c.
import { placed } from "../echo/rig/placing.ts";
import { startChild, within } from "../rig/child.ts";
import { compiled, inRepository } from "../rig/paths.ts";
import type { Contest } from "./contestants.ts";
import type { Options } from "./options.ts";

export const OPEN = "connections-open";
/** Number of concurrent connections of all loads. */
const CONNECTIONS = 50;
/** Time beyond the measurement, on a busy machine. */
const GRACE_SECONDS = 120;

/** A load. */
export interface Load {
  contest: Contest;
  case: string;
  title: string;
  /** Warm-up in seconds: until JIT compilers have done most of their work. 0: another load's does. */
  warmUp: number;
  command(port: number, seconds: number): string[];
  /** Returns the rate per second and the number of requests. Throws if there were errors. */
  result(output: string, seconds: number): { rate: number; requests: number };
}

/** redis-benchmark counts requests instead of measuring time: these numbers take about a second. */
const PIPELINES: [depth: number, requests: number][] = [[1, 100_000], [16, 1_600_000]];

function redis(depth: number, perSecond: number, name: "SET" | "GET"): Load {
  const small = name.toLowerCase();
  const requests = (seconds: number) => Math.round(perSecond * seconds);
  return {
    contest: "redis",
    warmUp: 0.4,
    case: `${small}-${depth}`,
    title: `${name}, ${depth === 1 ? "unpipelined" : `pipeline ${depth}`}`,
    command: (port, seconds) => [
      "redis-benchmark",
      ...["-p", String(port), "-c", String(CONNECTIONS), "-P", String(depth)],
      ...["-n", String(requests(seconds)), "-t", small, "--csv"],
    ],
    result(output, seconds) {
      const rate = Number(new RegExp(`^"${name}","([0-9.]+)"`, "m").exec(output)?.[1]);
      if (rate > 0) return { rate, requests: requests(seconds) };
      throw new Error(`redis-benchmark said: ${output}`);
    },
  };
}

function http(depth: number): Load {
  const script = ["-s", inRepository("bench/servers/pipeline.lua")];
  return {
    contest: "http",
    warmUp: 1,
    case: `http-${depth}`,
    title: `HTTP, ${depth === 1 ? "one request at a time" : `pipeline ${depth}`}`,
    command: (port, seconds) => [
      ...["wrk", "-t", "1", "-c", String(CONNECTIONS), "-d", `${Math.ceil(seconds)}s`],
      ...(depth === 1 ? [] : script),
      `http://127.0.0.1:${port}/`,
      ...(depth === 1 ? [] : ["--", String(depth)]),
    ],
    result(output) {
      const rate = Number(/^Requests\/sec: +([0-9.]+)$/m.exec(output)?.[1]);
      const requests = Number(/([0-9]+) requests in/.exec(output)?.[1]);
      if (rate > 0 && !/Socket errors|Non-2xx/.test(output)) return { rate, requests };
      throw new Error(`wrk said: ${output}`);
    },
  };
}

/** It counts as well. */
const COMING = 15_000;

const CHURN: Load = {
  contest: "connections",
  warmUp: 1.7,
  case: "connections",
  title: "connections opened, served once and closed",
  command: (port, seconds) => [
    ...[compiled(OPEN), "churn", String(port)],
    ...[String(Math.round(COMING * seconds)), String(CONNECTIONS)],
  ],
  result(output, seconds) {
    const { rate, failed } = JSON.parse(output);
    if (failed === 0) return { rate, requests: Math.round(COMING * seconds) };
    throw new Error(`${failed} connections failed`);
  },
};

export const LOADS: Load[] = [
  ...PIPELINES.flatMap((pair) => [redis(...pair, "SET"), redis(...pair, "GET")]),
  http(1),
  http(16),
  CHURN,
];

/** Runs a load to its end and returns its output. */
export async function runLoad(
  load: Load,
  port: number,
  options: Pick<Options, "seconds" | "pin" | "nice">,
): Promise<string> {
  const child = startChild(placed("load", load.command(port, options.seconds), options));
  const end = await within(options.seconds + GRACE_SECONDS, child.ended);
  if (end === 0) return child.output();
  child.kill("SIGKILL");
  throw new Error(`the load ended with ${end ?? "no end"}: ${child.errors()}`);
}
