// SPDX-License-Identifier: MIT
// Computes medians and ratios from samples.
import type { Options } from "./options.ts";
import { othersOf, type Ratio, ratio } from "./ratios.ts";
import type { Place, Sample } from "./samples.ts";
import type { Server } from "./servers.ts";
import type { Shape } from "./shapes.ts";
import { median } from "../../rig/stats.ts";

export interface Row {
  server: string;
  title: string;
  rate: number;
  min: number;
  max: number;
  p50_us: number;
  p99_us: number;
  server_cpu: number;
  load_cpu: number;
  samples: number;
  clean: number;
  failure: string;
  /** Ratios by the ID of the other server. */
  ratios: Record<string, Ratio>;
}

export interface ShapeSummary {
  shape: Shape;
  rows: Row[];
  /** Number of samples per placement. */
  places: Record<Place, number>;
}

function ratios(server: Server, samples: Sample[], needed: number): Record<string, Ratio> {
  return Object.fromEntries(
    othersOf(server).flatMap((id) => {
      const found = ratio(samples, server.id, id, needed);
      return found === null ? [] : [[id, found]];
    }),
  );
}

function row(server: Server, samples: Sample[], needed: number): Row {
  const all = samples.filter((sample) => sample.server === server.id);
  const worked = all.filter(({ failure }) => failure === "");
  const clean = worked.filter((sample) => sample.clean);
  const used = clean.length > 0 ? clean : worked;
  const rates = used.map(({ rate }) => rate);
  const middle = (field: "rate" | "p50_us" | "p99_us" | "server_cpu" | "load_cpu") =>
    median(used.map((sample) => sample[field]));
  return {
    server: server.id,
    title: server.title,
    rate: middle("rate"),
    min: Math.min(...rates),
    max: Math.max(...rates),
    p50_us: middle("p50_us"),
    p99_us: middle("p99_us"),
    server_cpu: middle("server_cpu"),
    load_cpu: middle("load_cpu"),
    samples: all.length,
    clean: clean.length,
    failure: all.find(({ failure }) => failure !== "")?.failure ?? "",
    ratios: ratios(server, samples, needed),
  };
}

export function summarize(samples: Sample[], options: Options): ShapeSummary[] {
  return options.shapes.map((shape) => {
    const here = samples.filter((sample) => sample.shape === shape.id);
    const count = (place: Place) => here.filter((sample) => sample.place === place).length;
    return {
      shape,
      rows: options.servers.map((server) => row(server, here, options.needed)),
      places: { near: count("near"), far: count("far"), moved: count("moved") },
    };
  });
}
