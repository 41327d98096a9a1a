// SPDX-License-Identifier: MIT
// Charts of each benchmark's results; null without results.
import type { ShapeSummary } from "../echo/rig/summary.ts";
import { median } from "../rig/stats.ts";
import type { CaseSummary, Row } from "../servers/report.ts";
import type { Bar, Chart, Panel } from "./chart.ts";
import { dns } from "./dns.ts";
import { million, millionAlone } from "./million.ts";
import { overload } from "./overload.ts";
import { measuredOn, results, runtimeName } from "./results.ts";
import { shapes } from "./shapes.ts";
import { startup } from "./startup.ts";
import { tls } from "./tls.ts";
import { udp } from "./udp.ts";

const OURS = "netpoll";
const OTHERS = "others";

/** A row of a table of servers, in thousands. */
function serverBar({ title, rate, min, max }: Pick<Row, "title" | "rate" | "min" | "max">): Bar {
  const series = title.startsWith("netpoll") ? OURS : OTHERS;
  return { label: title, series, value: rate / 1000, low: min / 1000, high: max / 1000 };
}

const LINES = "The thin lines span the minimum and the maximum of all rounds.";

function echo(): Chart | null {
  const saved = results<{ summaries: ShapeSummary[] }>("echo");
  return saved && {
    name: "echo",
    title: "Echo over loopback",
    text:
      `Round trips between an echo server and a load generator in C (\`npm run bench:echo\`). ` +
      `${LINES} ${measuredOn(saved)}`,
    panels: saved.summaries.map(({ shape, rows }) => ({
      title: shape.title,
      unit: "thousand round trips a second",
      better: "more" as const,
      bars: rows.map(serverBar),
    })),
  };
}

function servers(): Chart | null {
  const saved = results<{ summaries: CaseSummary[] }>("servers");
  return saved && {
    name: "servers",
    title: "Complete servers",
    text: "The Redis protocol under redis-benchmark, HTTP under wrk, and short-lived connections " +
      `(\`npm run bench:servers\`). ${LINES} ${measuredOn(saved)}`,
    panels: saved.summaries.map(({ title, rows }) => ({
      title,
      unit: "thousand a second",
      better: "more" as const,
      bars: rows.map(serverBar),
    })),
  };
}

interface SchedRow {
  case: { id: string; title: string };
  cells: { side: string; ratio: number }[];
}

function sched(): Chart | null {
  const saved = results<{ rows: SchedRow[] }>("sched");
  return saved && {
    name: "sched",
    title: "The scheduler against Go's",
    text:
      "Speed, or memory use, relative to Go's; higher is better (`npm run bench:sched`). The dashed " +
      `line is Go itself. ${measuredOn(saved)}`,
    columns: 1,
    panels: [{
      title: "goroutines, channels, timers",
      unit: "times as good as Go with GOMAXPROCS=1",
      better: "more",
      rule: 1,
      bars: saved.rows.flatMap(({ case: { title }, cells }) =>
        cells.filter(({ side }) => side !== "go").map(({ side, ratio }) => ({
          label: title,
          series: runtimeName(side),
          value: ratio,
        }))
      ),
    }],
  };
}

interface SpliceSample {
  runtime: string;
  way: string;
  seconds: number;
  cpu: number;
}

function splice(): Chart | null {
  const saved = results<{ bytes: number; samples: SpliceSample[] }>("splice");
  if (saved === null) return null;
  const { bytes, samples } = saved;
  const ways = [...new Set(samples.map(({ way }) => way))];
  const panel = (
    title: string,
    unit: string,
    better: "more" | "less",
    of: (sample: SpliceSample) => number,
  ): Panel => ({
    title,
    unit,
    better,
    bars: ways.flatMap((way) =>
      ["bun", "deno"].map((runtime) => {
        const own = samples.filter((one) => one.way === way && one.runtime === runtime);
        return { label: way, series: runtimeName(runtime), value: median(own.map(of)) };
      })
    ),
  });
  return {
    name: "splice",
    title: "Bytes that stay in the kernel",
    text: "A proxy and a file server, with the bytes copied by the kernel and by the program " +
      `(\`npm run bench:splice\`). ${measuredOn(saved)}`,
    panels: [
      panel("rate", "MB/s", "more", ({ seconds }) => bytes / seconds / 1e6),
      panel("CPU time", "ms/GiB", "less", ({ cpu }) => cpu * 1000 * (1 << 30) / bytes),
    ],
  };
}

/** Returns all charts with results. */
export function charts(): Chart[] {
  return [
    echo(),
    servers(),
    tls(),
    startup(),
    sched(),
    million(),
    millionAlone(),
    udp(),
    dns(),
    splice(),
    shapes(),
    overload(),
  ].filter((one) => one !== null);
}
