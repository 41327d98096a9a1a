// SPDX-License-Identifier: MIT
// Growth: memory, rates and turns over the number of connections.
import type { Alone } from "../million/alone.ts";
import type { Row } from "../million/report.ts";
import type { AloneRun } from "../million/without_kernel.ts";
import type { Machine } from "../rig/machine.ts";
import type { Better, Chart, LinePanel } from "./chart.ts";
import { measuredOn, results } from "./results.ts";

interface Saved {
  sockets: { machine: Machine; rows: Row[] } | null;
  bare: { machine: Machine; runs: AloneRun[] } | null;
}

/** The chart of bench:million over sockets. */
export function million(): Chart | null {
  const saved = results<Saved>("million")?.sockets ?? null;
  if (saved === null) return null;
  const panel = (title: string, unit: string, better: Better, of: (row: Row) => number) => ({
    title,
    along: "connections",
    unit,
    better,
    points: saved.rows.map((row) => ({ series: row.title, x: row.connections, y: of(row) })),
  });
  return {
    name: "million",
    title: "Growth of a server's connections",
    text:
      "One thread, from 1,000 connections on. While they are active, 1,000 messages are under " +
      "way, each on a connection chosen at random (`npm run bench:million`). " + measuredOn(saved),
    panels: [
      panel("memory of the process", "bytes per idle connection", "less", ({ own }) => own),
      panel("round trips", "a second", "more", ({ rate }) => rate),
      panel("round trips, of those at the first", "ratio", "more", ({ kept }) => kept),
      panel("accepting, CPU time of the server", "us each", "less", ({ accept_us }) => accept_us),
    ],
  };
}

/** The chart of bench:million without a kernel. */
export function millionAlone(): Chart | null {
  const saved = results<Saved>("million")?.bare ?? null;
  if (saved === null) return null;
  const panel = (title: string, unit: string, of: (step: Alone) => number): LinePanel => ({
    title,
    along: "connections",
    unit,
    better: "less",
    logAlong: true,
    points: saved.runs.flatMap((run) =>
      run.steps.map((step) => ({ series: run.title, x: step.connections, y: of(step) }))
    ),
  });
  return {
    name: "million-alone",
    title: "A million connections without a kernel",
    text: "The library over sockets that do nothing, and generators without the library: the " +
      "least that a goroutine could be (`npm run bench:million`). " + measuredOn(saved),
    panels: [
      panel("memory of the process", "bytes per connection", ({ own }) => own),
      panel("turn with 1,000 messages", "us", ({ turn_us }) => turn_us),
      {
        title: "longest pause at the last number, with garbage",
        unit: "ms",
        better: "less",
        rule: 50,
        bars: saved.runs.map(({ title, steps }) => ({
          label: title,
          series: title,
          value: steps[steps.length - 1].garbage ?? 0,
        })),
      },
    ],
  };
}
