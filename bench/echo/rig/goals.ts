// SPDX-License-Identifier: MIT
// Performance goals of the library, per shape.
import type { Ratio } from "./ratios.ts";
import { BUN, C, C_THREADS, DENO, GO, SERVERS } from "./servers.ts";
import type { ShapeSummary } from "./summary.ts";

interface Goal {
  server: string;
  against: string;
  least: number;
}

const GOALS: Goal[] = [
  { server: "netpoll-bun-run", against: C, least: 0.95 },
  { server: "netpoll-bun-run", against: C_THREADS, least: 0.95 },
  { server: "netpoll-bun-run", against: GO, least: 1.25 },
  { server: "netpoll-bun-run", against: BUN, least: 1.02 },
  { server: "netpoll-deno-run", against: C, least: 0.93 },
  { server: "netpoll-deno-run", against: C_THREADS, least: 0.93 },
  { server: "netpoll-deno-run", against: GO, least: 1.2 },
  { server: "netpoll-deno-run", against: DENO, least: 1.3 },
];

export interface Check extends Goal {
  shape: string;
  /** NaN if not measured. */
  reached: number;
  /** "unsure": the machine was too busy for enough undisturbed pairs. */
  verdict: "pass" | "miss" | "unsure" | "not measured";
}

function verdictOf(ratio: Ratio | undefined, least: number): Check["verdict"] {
  if (ratio === undefined) return "not measured";
  if (!ratio.firm) return "unsure";
  return ratio.median >= least ? "pass" : "miss";
}

export function checkGoals(summaries: ShapeSummary[]): Check[] {
  return GOALS.flatMap((goal) =>
    summaries.map(({ shape, rows }) => {
      const row = rows.find(({ server }) => server === goal.server);
      const ratio = row?.ratios[goal.against];
      const verdict = verdictOf(ratio, goal.least);
      return { ...goal, shape: shape.id, reached: ratio?.median ?? NaN, verdict };
    })
  );
}

/** "netpoll, Bun, run" of "netpoll-bun-run". */
export function titleOf(id: string): string {
  return SERVERS.find((server) => server.id === id)?.title ?? id;
}
