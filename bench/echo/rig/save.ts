// SPDX-License-Identifier: MIT
// Writes bench/results: samples and summary as JSON, tables as Markdown.
import type { Check } from "./goals.ts";
import { type Machine, machineLine } from "../../rig/machine.ts";
import type { Options } from "./options.ts";
import { saveResults } from "../../rig/results.ts";
import type { Sample } from "./samples.ts";
import type { ShapeSummary } from "./summary.ts";

export interface Results {
  machine: Machine;
  options: Options;
  summaries: ShapeSummary[];
  checks: Check[];
  samples: Sample[];
}

function settings(
  { rounds, extra, seconds, warmup, retries, pin, nice, servers, shapes }: Options,
) {
  const ids = { servers: servers.map(({ id }) => id), shapes: shapes.map(({ id }) => id) };
  return { rounds, extra, seconds, warmup, retries, pin, nice, ...ids };
}

export function save(results: Results, text: string): void {
  const { machine, options, summaries, checks, samples } = results;
  const json = { machine, settings: settings(options), summaries, checks, samples };
  const { rounds, seconds, warmup, pin, nice } = options;
  const how =
    `${rounds} rounds, ${seconds} s after ${warmup} s of warm-up, pin ${pin}, nice ${nice}.`;
  const head = `# Echo over loopback\n\n${machineLine(machine)}\n\n${how}`;
  saveResults("echo", json, `${head}\n\n${text}\n`);
}
