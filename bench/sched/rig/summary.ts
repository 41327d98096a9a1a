// SPDX-License-Identifier: MIT
// Medians, and ratios to Go within each round: a slow phase of the machine affects all of them.
import { median } from "../../rig/stats.ts";
import { type Case, PARKED } from "./cases.ts";
import type { Options } from "./options.ts";
import type { Sample } from "./rounds.ts";
import type { Side } from "./sides.ts";

export interface Cell {
  side: Side["id"];
  /** Nanoseconds or bytes. */
  cost: number;
  min: number;
  max: number;
  heap: number;
  /** Speed or memory efficiency relative to Go. */
  ratio: number;
}

export interface Row {
  case: Case;
  cells: Cell[];
}

function cell(side: Side, all: Sample[]): Cell {
  const own = all.filter((sample) => sample.side === side.id && sample.failure === "");
  const go = new Map(all.filter((s) => s.side === "go").map((s) => [s.round, s.cost]));
  const costs = own.map(({ cost }) => cost);
  const ratios = own.map(({ round, cost }) => (go.get(round) ?? NaN) / cost);
  return {
    side: side.id,
    cost: median(costs),
    min: Math.min(...costs),
    max: Math.max(...costs),
    heap: median(own.map(({ heap }) => heap ?? NaN)),
    ratio: median(ratios.filter((ratio) => !Number.isNaN(ratio))),
  };
}

export function summarize(samples: Sample[], { sides, cases }: Options): Row[] {
  return cases.map((one) => {
    const here = samples.filter((sample) => sample.case === one.id);
    return { case: one, cells: sides.map((side) => cell(side, here)) };
  });
}

export interface Check {
  goal: string;
  reached: string;
  verdict: "pass" | "miss" | "not measured";
}

/** Maximum number of bytes per parked goroutine. */
const MOST_BYTES = 1024;

function faster(rows: Row[], side: Side["id"], title: string, mayMiss: number): Check {
  const ratios = rows.filter((row) => row.case.goal).flatMap(({ case: { id }, cells }) => {
    const ratio = cells.find((one) => one.side === side)?.ratio ?? NaN;
    return Number.isNaN(ratio) ? [] : [{ id, ratio }];
  });
  const missed = ratios.filter(({ ratio }) => ratio <= 1).map(({ id }) => id);
  return {
    goal: `${title}: better than Go in all${mayMiss > 0 ? ` but ${mayMiss}` : ""}`,
    reached: `${ratios.length - missed.length} of ${ratios.length}${
      missed.length > 0 ? `, not in ${missed.join(", ")}` : ""
    }`,
    verdict: ratios.length === 0 ? "not measured" : missed.length <= mayMiss ? "pass" : "miss",
  };
}

function small(rows: Row[], side: Side["id"], title: string): Check {
  const parked = rows.find((row) => row.case.id === PARKED);
  const bytes = parked?.cells.find((one) => one.side === side)?.cost ?? NaN;
  const verdict = Number.isNaN(bytes) ? "not measured" : bytes < MOST_BYTES ? "pass" : "miss";
  const reached = verdict === "not measured" ? "-" : `${Math.round(bytes)} bytes`;
  return { goal: `${title}: a parked goroutine under ${MOST_BYTES} bytes`, reached, verdict };
}

export function checkGoals(rows: Row[]): Check[] {
  return [
    faster(rows, "bun", "Bun", 0),
    faster(rows, "deno", "Deno", 1),
    small(rows, "bun", "Bun"),
    small(rows, "deno", "Deno"),
  ];
}
