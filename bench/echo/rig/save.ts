// SPDX-License-Identifier: MIT
// bench/results: the samples and the summary as JSON, the tables as Markdown.
import { mkdirSync, writeFileSync } from "node:fs";
import type { Check } from "./goals.ts";
import { type Machine, machineLine } from "./machine.ts";
import type { Options } from "./options.ts";
import { inRepository } from "./paths.ts";
import type { Sample } from "./samples.ts";
import type { ShapeSummary } from "./summary.ts";

export interface Results {
  machine: Machine;
  options: Options;
  summaries: ShapeSummary[];
  checks: Check[];
  samples: Sample[];
}

/** An error may quote a path of this machine. */
function withoutPaths(text: string): string {
  return text.replaceAll(inRepository(""), "").replaceAll(/(^|[\s("'])\/[^\s"')]*/g, "$1...");
}

function settings(
  { rounds, extra, seconds, warmup, retries, pin, nice, servers, shapes }: Options,
) {
  const ids = { servers: servers.map(({ id }) => id), shapes: shapes.map(({ id }) => id) };
  return { rounds, extra, seconds, warmup, retries, pin, nice, ...ids };
}

export function save(results: Results, text: string): void {
  const { machine, options, summaries, checks, samples } = results;
  const folder = inRepository("bench", "results");
  const replacer = (key: string, value: unknown) =>
    key === "failure" ? withoutPaths(value as string) : value;
  const json = { machine, settings: settings(options), summaries, checks, samples };
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/echo.json`, JSON.stringify(json, replacer, 2) + "\n");
  const { rounds, seconds, warmup, pin, nice } = options;
  const how =
    `${rounds} rounds, ${seconds} s after ${warmup} s of warm-up, pin ${pin}, nice ${nice}.`;
  const head = `# Echo over loopback\n\n${machineLine(machine)}\n\n${how}`;
  writeFileSync(`${folder}/echo.md`, withoutPaths(`${head}\n\n${text}\n`));
}
