// SPDX-License-Identifier: MIT
// Final report, on the terminal and in servers.md.
import type { Ratio } from "../echo/rig/ratios.ts";
import { median } from "../rig/stats.ts";
import { fixed, grouped, table } from "../rig/table.ts";
import {
  BUN_SERVE,
  type Contestant,
  DENO_SERVE,
  GO_ECHO,
  GO_HTTP,
  REDIS_SERVER,
} from "./contestants.ts";
import { type Check, type Measure, ratioOf, titleOf } from "./goals.ts";
import { LOADS } from "./loads.ts";
import type { Options } from "./options.ts";
import type { Sample } from "./rounds.ts";

export interface Row {
  server: string;
  title: string;
  rate: number;
  min: number;
  max: number;
  server_cpu: number;
  load_cpu: number;
  /** Rate per second of the server's CPU time. */
  per_cpu: number;
  samples: number;
  clean: number;
  failure: string;
  /** Ratios by the ID of the other server: of the rates, and of the requests per CPU second. */
  ratios: Record<string, Ratio>;
  cpu_ratios: Record<string, Ratio>;
}

export interface CaseSummary {
  case: string;
  title: string;
  rows: Row[];
}

/** Baselines of the contests. */
const YARDSTICKS = {
  redis: [REDIS_SERVER],
  http: [BUN_SERVE, DENO_SERVE, GO_HTTP],
  connections: [GO_ECHO],
};

function rowOf(contestant: Contestant, id: string, samples: Sample[], needed: number): Row {
  const { id: server, title, contest } = contestant;
  const all = samples.filter((sample) => sample.server === server && sample.case === id);
  const worked = all.filter(({ rate }) => rate > 0);
  const clean = worked.filter((sample) => sample.clean);
  const taken = clean.length > 0 ? clean : worked;
  const rates = taken.map(({ rate }) => rate);
  const ratios = (by: Measure) =>
    Object.fromEntries(YARDSTICKS[contest].flatMap((other) => {
      const found = other === server ? null : ratioOf(samples, id, server, other, needed, by);
      return found === null ? [] : [[other, found] as const];
    }));
  return {
    server,
    title,
    rate: median(rates),
    min: Math.min(...rates),
    max: Math.max(...rates),
    server_cpu: median(taken.map(({ server_cpu }) => server_cpu)),
    load_cpu: median(taken.map(({ load_cpu }) => load_cpu)),
    per_cpu: median(taken.map(({ per_cpu }) => per_cpu)),
    samples: all.length,
    clean: clean.length,
    failure: all.find(({ failure }) => failure !== "")?.failure ?? "",
    ratios: ratios("rate"),
    cpu_ratios: ratios("per_cpu"),
  };
}

export function summarize(samples: Sample[], { contestants, needed }: Options): CaseSummary[] {
  return LOADS.flatMap(({ contest, case: id, title }) => {
    const taking = contestants.filter((one) => one.contest === contest);
    if (taking.length === 0) return [];
    return [{ case: id, title, rows: taking.map((one) => rowOf(one, id, samples, needed)) }];
  });
}

/** "0.970"; "~0.970" where too few pairs were undisturbed. */
function ratioCell(ratio: Ratio | undefined): string {
  return ratio === undefined ? "-" : `${ratio.firm ? "" : "~"}${fixed(ratio.median, 3)}`;
}

function section({ title, rows }: CaseSummary): string {
  const others = [...new Set(rows.flatMap(({ ratios }) => Object.keys(ratios)))];
  const head = [
    "server",
    ...others.map((id) => `to ${titleOf(id)}`),
    ...others.map((id) => `per CPU, to ${titleOf(id)}`),
    ...["a second", "min", "max", "server CPU", "load CPU", "per CPU second", "clean"],
  ];
  const cells = rows.map((row) => [
    row.title,
    ...others.map((id) => ratioCell(row.ratios[id])),
    ...others.map((id) => ratioCell(row.cpu_ratios[id])),
    ...[row.rate, row.min, row.max].map(grouped),
    ...[row.server_cpu, row.load_cpu].map((cpu) => fixed(cpu, 2)),
    grouped(row.per_cpu),
    `${row.clean}/${row.samples}`,
  ]);
  const failures = rows.filter(({ failure }) => failure !== "")
    .map(({ title, failure }) => `- ${title} failed: ${failure.split("\n")[0]}`);
  return [`## ${title}`, table(head, cells), ...failures].join("\n\n");
}

function goalSection(checks: Check[]): string {
  const rows = checks.map((check) => [
    `${check.case}: ${titleOf(check.server)}, at least ${check.least} of ${
      titleOf(check.against)
    }` +
    (check.by === "rate" ? "" : " per CPU second"),
    fixed(check.reached, 3),
    check.verdict,
  ]);
  return `## Goals\n\n${table(["goal", "reached", ""], rows)}`;
}

const LEGEND = `Medians over the rounds. Ratios are taken within a round, between samples of which
neither was disturbed and both had the CPUs in the same place, then the median (~: there were too few
such pairs, so all are taken). "clean": samples undisturbed. CPU columns: CPUs in use. "per CPU
second": the requests through the CPU time of the server, by the kernel's accounting, which says more
than the rate where the load was at its end or the machine busy.`;

export function report(summaries: CaseSummary[], checks: Check[]): string {
  return [...summaries.map(section), LEGEND, goalSection(checks)].join("\n\n");
}
