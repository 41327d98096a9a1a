// SPDX-License-Identifier: MIT
// Shapes of traffic that no other benchmark has: a panel each.
import type { Row } from "../shapes/summary.ts";
import type { Chart } from "./chart.ts";
import { measuredOn, results } from "./results.ts";

/** The chart of bench:shapes. */
export function shapes(): Chart | null {
  const saved = results<{ rows: Row[] }>("shapes");
  return saved && {
    name: "shapes",
    title: "Other shapes of traffic",
    text: "Unix sockets, connections in memory, a proxy behind a buffered reader, outgoing " +
      "connections and moving deadlines (`npm run bench:shapes`). The thin lines span the minimum " +
      `and the maximum of all rounds. ${measuredOn(saved)}`,
    panels: saved.rows.map(({ shape, cells }) => ({
      title: shape.title,
      unit: shape.unit,
      better: "more" as const,
      bars: cells.filter(({ value }) => value !== null).map(({ title, value, min, max }) => ({
        label: title,
        series: title.startsWith("netpoll") ? "netpoll" : "others",
        value,
        low: min,
        high: max,
      })),
    })),
  };
}
