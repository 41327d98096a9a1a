// SPDX-License-Identifier: MIT
// DNS: lookups per second.
import { median } from "../rig/stats.ts";
import type { Chart } from "./chart.ts";
import { measuredOn, results } from "./results.ts";

interface Saved {
  /** By client, round and concurrency. */
  samples: Record<string, { rate: number; latency: number }[][]>;
}

/** Titles of bench:dns's clients. */
const TITLES: Record<string, string> = {
  c: "bare system calls, C",
  go: "Go's own resolver",
  "bun-runSync": "netpoll, Bun, runSync",
  "bun-run": "netpoll, Bun, run",
  "deno-runSync": "netpoll, Deno, runSync",
  "deno-run": "netpoll, Deno, run",
  "bun-lookup": "dns.lookup, Bun",
  "deno-lookup": "dns.lookup, Deno",
  "bun-resolver": "dns.Resolver, Bun",
  "deno-resolver": "dns.Resolver, Deno",
};

/** The chart of bench:dns. */
export function dns(): Chart | null {
  const saved = results<Saved>("dns");
  if (saved === null) return null;
  const panel = (title: string, concurrency: number) => ({
    title,
    unit: "lookups a second",
    better: "more" as const,
    bars: Object.entries(saved.samples).map(([id, rounds]) => {
      const label = TITLES[id] ?? id;
      const series = label.startsWith("netpoll") ? "netpoll" : "others";
      return { label, series, value: median(rounds.map((round) => round[concurrency].rate)) };
    }),
  });
  return {
    name: "dns",
    title: "Lookups of names",
    text: "IPv4 and IPv6 addresses of names that are new to the server, which answers at once " +
      `(\`npm run bench:dns\`). ${measuredOn(saved)}`,
    panels: [panel("one at a time", 0), panel("50 at a time", 1)],
  };
}
