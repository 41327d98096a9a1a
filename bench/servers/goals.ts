// SPDX-License-Identifier: MIT
// Performance goals of the library.
import { type Ratio, ratio } from "../echo/rig/ratios.ts";
import { BUN_SERVE, CONTESTANTS, GO_ECHO, GO_HTTP, REDIS_SERVER } from "./contestants.ts";
import type { Sample } from "./rounds.ts";

export interface Goal {
  case: string;
  server: string;
  against: string;
  least: number;
}

export interface Check extends Goal {
  /** NaN if not measured. */
  reached: number;
  /** "unsure": the machine was too busy for enough undisturbed pairs. */
  verdict: "pass" | "miss" | "unsure" | "not measured";
}

const REDIS_CASES = [1, 8, 16].flatMap((depth) => [`set-${depth}`, `get-${depth}`]);

/** The event form must not be slower. */
const FORMS: Goal[] = (["bun", "deno"] as const).flatMap((runtime) =>
  [...REDIS_CASES.map((id) => [id, "redis"]), ["http", "http"], ["connections", "connections"]]
    .map(([id, contest]) => ({
      case: id,
      server: `${contest}-${runtime}-event`,
      against: `${contest}-${runtime}-go`,
      least: 1,
    }))
);

const GOALS: Goal[] = [
  ...["set-1", "get-1"].map((id) => goal(id, "redis-bun-go", REDIS_SERVER, 1)),
  ...["set-16", "get-16"].map((id) => goal(id, "redis-bun-go", REDIS_SERVER, 1.05)),
  goal("http", "http-bun-go", GO_HTTP, 1.4),
  goal("http", "http-bun-go", BUN_SERVE, 0.9),
  goal("connections", "connections-bun-go", GO_ECHO, 1.2),
  ...FORMS,
];

function goal(id: string, server: string, against: string, least: number): Goal {
  return { case: id, server, against, least };
}

export function ratioOf(
  samples: Sample[],
  id: string,
  server: string,
  against: string,
  needed: number,
): Ratio | null {
  return ratio(samples.filter((sample) => sample.case === id), server, against, needed);
}

export function checkGoals(samples: Sample[], needed: number): Check[] {
  return GOALS.map((goal) => {
    const found = ratioOf(samples, goal.case, goal.server, goal.against, needed);
    if (found === null) return { ...goal, reached: NaN, verdict: "not measured" };
    const verdict = !found.firm ? "unsure" : found.median >= goal.least ? "pass" : "miss";
    return { ...goal, reached: found.median, verdict };
  });
}

export function titleOf(id: string): string {
  return CONTESTANTS.find((one) => one.id === id)?.title ?? id;
}
