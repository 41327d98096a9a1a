// SPDX-License-Identifier: MIT
// Result tables.
import { fixed, grouped, table } from "../../rig/table.ts";
import { PARKED } from "./cases.ts";
import type { Options } from "./options.ts";
import type { Cell, Check, Row } from "./summary.ts";

function cost(row: Row, { cost, min, max, heap }: Cell): string {
  if (row.case.id === PARKED) return `${grouped(cost)} (heap ${grouped(heap)})`;
  const digits = cost < 10 ? 1 : 0;
  return `${fixed(cost, digits)} (${fixed(min, digits)}-${fixed(max, digits)})`;
}

function rowsOf(rows: Row[]): string[][] {
  return rows.map((row) => [
    row.case.title,
    ...row.cells.map((cell) => cost(row, cell)),
    ...row.cells.filter(({ side }) => side !== "go").map(({ ratio }) => fixed(ratio, 2)),
  ]);
}

export function report(rows: Row[], checks: Check[], { sides }: Options): string {
  const others = sides.filter(({ id }) => id !== "go").map(({ title }) => `${title}, to Go`);
  const head = ["case", ...sides.map(({ title }) => title), ...others];
  const parts = [
    "Nanoseconds an operation (least to most), or bytes of the process; medians. To Go: how many",
    "times as fast, or as small, by the medians of the ratios of each round.",
    "",
    table(head, rowsOf(rows.filter((row) => row.case.goal))),
  ];
  const beyond = rows.filter((row) => !row.case.goal);
  if (beyond.length > 0) parts.push("", "Beyond what was asked:", "", table(head, rowsOf(beyond)));
  const list = checks.map(({ goal, reached, verdict }) => [goal, reached, verdict]);
  parts.push("", table(["goal", "reached", "verdict"], list));
  return parts.join("\n");
}
