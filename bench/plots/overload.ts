// SPDX-License-Identifier: MIT
// Overload: rates over time, and bars.
import type { Moment } from "../overload/timeline.ts";
import type { Bar, BarPanel, Chart, LinePanel } from "./chart.ts";
import { measuredOn, results, runtimeName } from "./results.ts";

interface Scenario {
  scenario: string;
  figures: Record<string, Record<string, number>>;
  timelines: Record<string, Moment[]>;
}

/** Rates over time, one panel per runtime. */
function timelines({ timelines }: Scenario): LinePanel[] {
  return Object.entries(timelines).map(([runtime, moments]) => ({
    title: `ten times the capacity, ${runtimeName(runtime)}`,
    along: "seconds",
    unit: "requests a second",
    better: null,
    points: moments.flatMap(({ seconds, rates }) =>
      Object.entries(rates).map(([series, y]) => ({ series, x: seconds, y }))
    ),
  }));
}

/** Returns the figures of a scenario that are comparable rates, with their titles. */
function ratesOf({ scenario, figures }: Scenario, names: RegExp): Bar[] {
  return Object.entries(figures).flatMap(([runtime, all]) =>
    Object.entries(all).filter(([name]) => names.test(name)).map(([name, value]) => ({
      label: `${scenario}: ${name.replaceAll(/^rounds |, 1\/s$/g, "")}`,
      series: runtimeName(runtime),
      value,
    }))
  );
}

/** The chart of bench:overload. */
export function overload(): Chart | null {
  const saved = results<{ results: Scenario[] }>("overload");
  if (saved === null) return null;
  const flood = saved.results.filter(({ scenario }) => scenario === "ten-times");
  const faults = saved.results.filter(({ scenario }) => scenario !== "ten-times");
  return {
    name: "overload",
    title: "Overload and faults",
    text:
      "Throughput of a server at ten times its capacity, and of steady clients during a fault " +
      "(`npm run bench:overload`). [overload.md](overload.md) describes the scenarios. " +
      measuredOn(saved),
    panels: [
      ...flood.flatMap(timelines),
      sorted({
        title: "round trips of steady clients",
        unit: "a second",
        better: "more",
        bars: faults.flatMap((one) => ratesOf(one, /^rounds .*, 1\/s$/)),
      }),
    ],
  };
}

/** Groups the bars by label, in the order in which labels first occur. */
function sorted(panel: BarPanel): BarPanel {
  const labels = [...new Set(panel.bars.map(({ label }) => label))];
  return { ...panel, bars: labels.flatMap((l) => panel.bars.filter(({ label }) => label === l)) };
}
