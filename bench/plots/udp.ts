// SPDX-License-Identifier: MIT
// UDP: the echo of each server, and the rate of each call of the library.
import { median } from "../rig/stats.ts";
import type { Chart, Panel } from "./chart.ts";
import { measuredOn, results, runtimeName } from "./results.ts";

/** The calls with datagrams of one size: datagrams a second by the call's name. */
interface CallSample {
  size: number;
  rates: Record<string, number>;
}

interface Saved {
  settings: { shapes?: string[]; titles?: Record<string, string> };
  samples: Record<string, CallSample[][]>;
  echo?: Record<string, { rate: number; cost: number }[][]>;
}

/** A panel for each shape of the echo. */
function echoes({ settings, echo = {} }: Saved): Panel[] {
  const { shapes = [], titles = {} } = settings;
  return shapes.map((shape, i) => ({
    title: `echo, ${shape}`,
    unit: "thousand round trips a second",
    better: "more",
    bars: Object.entries(echo).map(([id, rounds]) => {
      const label = titles[id];
      const rates = rounds.map((round) => round[i].rate / 1000);
      const [low, high] = [Math.min(...rates), Math.max(...rates)];
      const series = label.startsWith("netpoll") ? "netpoll" : "others";
      return { label, series, value: median(rates), low, high };
    }),
  }));
}

/** A panel for each size of the calls. */
function calls({ samples }: Saved): Panel[] {
  const entries = Object.entries(samples).filter(([, rounds]) => rounds.length > 0);
  return (entries[0]?.[1][0] ?? []).map(({ size, rates }, i) => ({
    title: `calls, ${size} B`,
    unit: "datagrams a second",
    better: "more",
    log: 100_000,
    bars: Object.keys(rates).flatMap((way) =>
      entries.map(([runtime, rounds]) => ({
        label: way,
        series: runtimeName(runtime),
        value: median(rounds.map((round) => round[i].rates[way])),
      }))
    ),
  }));
}

/** The chart of bench:udp. */
export function udp(): Chart | null {
  const saved = results<Saved>("udp");
  return saved && {
    name: "udp",
    title: "Datagrams on one thread",
    text:
      "An echo beside that of C, Go and the runtimes' own sockets; one system call per datagram, " +
      "batches, and segmentation offload compared (`npm run bench:udp`). " + measuredOn(saved),
    panels: [...echoes(saved), ...calls(saved)],
  };
}
