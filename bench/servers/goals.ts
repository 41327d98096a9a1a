// SPDX-License-Identifier: MIT
// Performance goals of the library.
import { type Ratio, ratio } from "../echo/rig/ratios.ts";
import {
  BUN_SERVE,
  CONTESTANTS,
  DENO_SERVE,
  GO_ECHO,
  GO_HTTP,
  REDIS_SERVER,
} from "./contestants.ts";
import type { Sample } from "./rounds.ts";

export interface Goal {
  case: string;
  server: string;
  against: string;
  least: number;
  /** What is compared. */
  by: Measure;
}

/** The rate, or the requests per second of the server's CPU time, where the load is at its end. */
export type Measure = "rate" | "per_cpu";

export interface Check extends Goal {
  /** NaN if not measured. */
  reached: number;
  /** "unsure": the machine was too busy for enough undisturbed pairs. */
  verdict: "pass" | "miss" | "unsure" | "not measured";
}

const REDIS_CASES = [1, 16].flatMap((depth) => [`set-${depth}`, `get-${depth}`]);

/** The event form must not be slower. */
const FORMS: Goal[] = (["bun", "deno"] as const).flatMap((runtime) =>
  [...REDIS_CASES.map((id) => [id, "redis"]), ["http-1", "http"], ["http-16", "http"], [
    "connections",
    "connections",
  ]]
    .map(([id, contest]) => ({
      case: id,
      server: `${contest}-${runtime}-event`,
      against: `${contest}-${runtime}-go`,
      least: 1,
      by: "rate" as const,
    }))
);

const GOALS: Goal[] = [
  ...["set-1", "get-1"].map((id) => goal(id, "redis-bun-go", REDIS_SERVER, 1)),
  ...["set-16", "get-16"].flatMap((id) =>
    ["redis-bun-go", "redis-deno-go"].map((server) =>
      goal(id, server, REDIS_SERVER, 1.2, "per_cpu")
    )
  ),
  goal("http-1", "http-bun-go", GO_HTTP, 1.4),
  goal("http-1", "http-bun-go", BUN_SERVE, 1.05),
  goal("http-1", "http-deno-go", DENO_SERVE, 1.1),
  goal("http-16", "http-bun-go", BUN_SERVE, 1.5),
  goal("http-16", "http-deno-go", DENO_SERVE, 1.5),
  goal("connections", "connections-bun-go", GO_ECHO, 1.2),
  ...FORMS,
];

function goal(
  id: string,
  server: string,
  against: string,
  least: number,
  by: Measure = "rate",
): Goal {
  return { case: id, server, against, least, by };
}

export function ratioOf(
  samples: Sample[],
  id: string,
  server: string,
  against: string,
  needed: number,
  by: Measure,
): Ratio | null {
  const of = samples.filter((sample) => sample.case === id);
  return ratio(of.map((sample) => ({ ...sample, rate: sample[by] })), server, against, needed);
}

export function checkGoals(samples: Sample[], needed: number): Check[] {
  return GOALS.map((goal) => {
    const found = ratioOf(samples, goal.case, goal.server, goal.against, needed, goal.by);
    if (found === null) return { ...goal, reached: NaN, verdict: "not measured" };
    const verdict = !found.firm ? "unsure" : found.median >= goal.least ? "pass" : "miss";
    return { ...goal, reached: found.median, verdict };
  });
}

export function titleOf(id: string): string {
  return CONTESTANTS.find((one) => one.id === id)?.title ?? id;
}
