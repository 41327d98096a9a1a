// SPDX-License-Identifier: MIT
// Load generators: redis-benchmark, wrk and connections/open.c.
import { placed } from "../echo/rig/placing.ts";
import { startChild, within } from "../rig/child.ts";
import { compiled } from "../rig/paths.ts";
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
  /** Its measurements with titles: some programs have several. */
  cases: [id: string, title: string][];
  /** Warm-up in seconds: until JIT compilers have done most of their work. */
  warmUp: number;
  command(port: number, seconds: number): string[];
  /** Returns a rate per second for each case. Throws if there were errors. */
  rates(output: string): number[];
}

/** redis-benchmark counts requests instead of measuring time: these numbers take about a second. */
const PIPELINES: [depth: number, requests: number][] = [[1, 120_000], [8, 500_000], [16, 800_000]];

function redis(depth: number, requests: number): Load {
  const about = depth === 1 ? "unpipelined" : `pipeline ${depth}`;
  return {
    contest: "redis",
    warmUp: 0.4,
    cases: [[`set-${depth}`, `SET, ${about}`], [`get-${depth}`, `GET, ${about}`]],
    command: (port, seconds) => [
      "redis-benchmark",
      ...["-p", String(port), "-c", String(CONNECTIONS), "-P", String(depth)],
      ...["-n", String(Math.round(requests * seconds)), "-t", "set,get", "--csv"],
    ],
    rates(output) {
      const rates = ["SET", "GET"].map((name) =>
        Number(new RegExp(`^"${name}","([0-9.]+)"`, "m").exec(output)?.[1])
      );
      if (rates.every((rate) => rate > 0)) return rates;
      throw new Error(`redis-benchmark said: ${output}`);
    },
  };
}

const HTTP: Load = {
  contest: "http",
  warmUp: 1,
  cases: [["http", `HTTP, ${CONNECTIONS} connections`]],
  command: (port, seconds) => [
    ...["wrk", "-t", "1", "-c", String(CONNECTIONS), "-d", `${Math.ceil(seconds)}s`],
    `http://127.0.0.1:${port}/`,
  ],
  rates(output) {
    const rate = Number(/^Requests\/sec: +([0-9.]+)$/m.exec(output)?.[1]);
    if (rate > 0 && !/Socket errors|Non-2xx/.test(output)) return [rate];
    throw new Error(`wrk said: ${output}`);
  },
};

/** It counts as well. */
const COMING = 15_000;

const CHURN: Load = {
  contest: "connections",
  warmUp: 1.7,
  cases: [["connections", "connections opened, served once and closed"]],
  command: (port, seconds) => [
    ...[compiled(OPEN), "churn", String(port)],
    ...[String(Math.round(COMING * seconds)), String(CONNECTIONS)],
  ],
  rates(output) {
    const { rate, failed } = JSON.parse(output);
    if (failed === 0) return [rate];
    throw new Error(`${failed} connections failed`);
  },
};

export const LOADS: Load[] = [...PIPELINES.map((pair) => redis(...pair)), HTTP, CHURN];

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
