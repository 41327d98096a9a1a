// SPDX-License-Identifier: MIT
// TLS: rates of each shape, and the memory of an idle connection.
import { median } from "../rig/stats.ts";
import type { Bar, Chart } from "./chart.ts";
import { measuredOn, results } from "./results.ts";

interface Round {
  samples: { rate: number; cost: number }[];
  idle: number;
}

interface Saved {
  settings: { shapes: { title: string }[] };
  titles: Record<string, string>;
  results: Record<string, Round[]>;
}

/** The chart of bench:tls. */
export function tls(): Chart | null {
  const saved = results<Saved>("tls");
  if (saved === null) return null;
  const bars = (of: (round: Round) => number): Bar[] =>
    Object.entries(saved.results).map(([id, rounds]) => {
      const label = saved.titles[id];
      const values = rounds.map(of);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const series = label.startsWith("netpoll") ? "netpoll" : "others";
      return { label, series, value: median(values), low, high };
    }).filter(({ value }) => value > 0);
  const shapes = saved.settings.shapes.map(({ title }, i) => ({
    title,
    unit: title.includes("MiB/s") ? "MiB/s each way" : "a second",
    better: "more" as const,
    bars: bars(({ samples }) => samples[i].rate),
  }));
  const memory = {
    title: "memory of an idle connection",
    unit: "bytes",
    better: "less" as const,
    bars: bars(({ idle }) => idle),
  };
  return {
    name: "tls",
    title: "TLS 1.3 over loopback",
    text: "Echo, one connection that carries much, and new connections with one round trip each " +
      "(`npm run bench:tls`). The thin lines span the minimum and the maximum of all rounds. " +
      measuredOn(saved),
    panels: [...shapes, memory],
  };
}
