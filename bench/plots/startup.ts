// SPDX-License-Identifier: MIT
// Start-up: time and memory until a program listens.
import { median } from "../rig/stats.ts";
import type { Chart } from "./chart.ts";
import { measuredOn, results } from "./results.ts";

interface Saved {
  /** By runtime and subject: "Bun npm package". */
  samples: Record<string, { ms: number; bytes: number }[]>;
}

/** The runtime alone, which is only a baseline. */
const NONE = "none";

/** The chart of bench:start. */
export function startup(): Chart | null {
  const saved = results<Saved>("start");
  if (saved === null) return null;
  const rows = Object.entries(saved.samples).map(([key, samples]) => {
    const [runtime, ...words] = key.split(" ");
    return { runtime, subject: words.join(" "), samples };
  }).filter(({ subject }) => subject !== "before");
  const bytes = (runtime: string, subject: string) =>
    median(
      rows.find((row) => row.runtime === runtime && row.subject === subject)!.samples
        .map((sample) => sample.bytes),
    );
  const subjects = rows.filter(({ subject }) => subject !== NONE);
  return {
    name: "start",
    title: "Start-up",
    text: "From before the `import` to after the first `listen` (`npm run bench:start`). " +
      measuredOn(saved),
    panels: [
      {
        title: "import and one listen",
        unit: "milliseconds",
        better: "less",
        bars: subjects.map(({ runtime, subject, samples }) => ({
          label: subject,
          series: runtime,
          value: median(samples.map(({ ms }) => ms)),
        })),
      },
      {
        title: "memory beyond the runtime's own",
        unit: "MB",
        better: "less",
        bars: subjects.map(({ runtime, subject }) => ({
          label: subject,
          series: runtime,
          value: Math.max(0, (bytes(runtime, subject) - bytes(runtime, NONE)) / 1e6),
        })),
      },
    ],
  };
}
