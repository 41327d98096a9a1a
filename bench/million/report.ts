// SPDX-License-Identifier: MIT
// Tables and goals: medians, and medians of the ratios within a round.
import { C, type Server } from "../echo/rig/servers.ts";
import { median } from "../rig/stats.ts";
import { fixed, grouped, table } from "../rig/table.ts";
import type { Sample, Step } from "./measure.ts";
import type { AloneRun } from "./without_kernel.ts";

/** Medians of one server with a number of connections. */
export interface Row {
  server: string;
  title: string;
  connections: number;
  own: number;
  more: number;
  share: number;
  kernel: number;
  accepts: number;
  /** Of C's in the same round. */
  acceptsOfC: number;
  accept_us: number;
  rate: number;
  rateOfC: number;
  /** The rate, of that with the fewest connections. */
  kept: number;
  /** What C keeps, divided into `kept`. */
  keptOfC: number;
  p50_us: number;
  p99_us: number;
}

/** A goal, what was measured, and whether that is enough. */
export interface Goal {
  text: string;
  bound: number;
  measured: number;
  reached: boolean;
}

/** Summarizes all rounds. */
export function summarize(servers: Server[], rounds: Map<string, Sample>[]): Row[] {
  const steps = rounds[0].get(servers[0].id)!.steps.map(({ connections }) => connections);
  return servers.flatMap(({ id, title }) =>
    steps.map((connections, i) => ({ ...rowOf(rounds, id, i), server: id, title, connections }))
  );
}

function rowOf(
  rounds: Map<string, Sample>[],
  id: string,
  i: number,
): Omit<Row, "server" | "title" | "connections"> {
  const over = (f: (own: Step[], c: Step[] | undefined) => number) =>
    median(rounds.map((round) => f(round.get(id)!.steps, round.get(C)?.steps)));
  const keeps = (steps: Step[]) => steps[i].active.rate / steps[0].active.rate;
  return {
    own: over((own) => own[i].own),
    more: over((own) => own[i].more),
    share: over((own) => own[i].share),
    kernel: over((own) => own[i].kernel),
    accepts: over((own) => own[i].accepts),
    acceptsOfC: over((own, c) => c === undefined ? NaN : own[i].accepts / c[i].accepts),
    accept_us: over((own) => own[i].accept_us),
    rate: over((own) => own[i].active.rate),
    rateOfC: over((own, c) => c === undefined ? NaN : own[i].active.rate / c[i].active.rate),
    kept: over(keeps),
    keptOfC: over((own, c) => c === undefined ? NaN : keeps(own) / keeps(c)),
    p50_us: over((own) => own[i].active.p50_us),
    p99_us: over((own) => own[i].active.p99_us),
  };
}

/** Compares with the goals, which are for the library's servers at the last step. */
export function goalsOf(rows: Row[], alone: AloneRun[]): Goal[] {
  const last = Math.max(...rows.map(({ connections }) => connections));
  const ours = rows.filter(({ server, connections }) =>
    server.startsWith("netpoll") && connections === last
  );
  const overSockets = ours.flatMap((row) => {
    const memory = row.server.includes("bun") ? 1.2 : 1.8;
    const at = `at ${grouped(last)}`;
    return [
      most(`${row.title}: KiB of memory per connection ${at}`, memory, row.own / 1024),
      most(`${row.title}: KiB of each additional one ${at}`, memory, row.more / 1024),
      least(`${row.title}: active rate ${at}, of C's`, 0.95, row.rateOfC),
      least(`${row.title}: what it keeps of its rate ${at}, of what C keeps`, 1, row.keptOfC),
      least(`${row.title}: accepts ${at}, of C's`, 0.9, row.acceptsOfC),
    ];
  });
  return [
    ...overSockets,
    ...alone.filter(({ title }) => title.startsWith("netpoll")).flatMap(aloneGoals),
  ];
}

function aloneGoals({ title, steps }: AloneRun): Goal[] {
  const first = steps[0], last = steps[steps.length - 1];
  const at = `without a kernel, at ${grouped(last.connections)}`;
  return [
    most(`${title} ${at}: longest pause in ms`, 50, Math.max(last.pause, last.garbage ?? 0)),
    most(
      `${title} ${at}: a turn, of one at ${grouped(first.connections)}`,
      1.2,
      last.turn_us / first.turn_us,
    ),
  ];
}

function most(text: string, bound: number, measured: number): Goal {
  return { text, bound, measured, reached: measured <= bound };
}

function least(text: string, bound: number, measured: number): Goal {
  return { text, bound, measured, reached: measured >= bound };
}

/** The tables. */
export function report(rows: Row[], alone: AloneRun[], goals: Goal[]): string {
  const parts: string[] = [];
  if (rows.length > 0) {
    parts.push(
      "Idle connections: bytes of memory each, since there were 100",
      table(
        [
          "",
          "connections",
          "private",
          "of the last step",
          "with files (PSS)",
          "the kernel's, both ends",
        ],
        rows.map((row) => [
          row.title,
          grouped(row.connections),
          ...[row.own, row.more, row.share, row.kernel].map(grouped),
        ]),
      ),
      "Connections that come, and 1,000 messages under way on connections chosen at random",
      table(
        [
          "",
          "connections",
          "accepts/s",
          "of C",
          "server's us each",
          "round trips/s",
          "of C",
          "of the first",
          "of what C keeps",
          "p50, us",
          "p99, us",
        ],
        rows.map((row) => [
          row.title,
          grouped(row.connections),
          grouped(row.accepts),
          fixed(row.acceptsOfC, 2),
          fixed(row.accept_us, 1),
          grouped(row.rate),
          fixed(row.rateOfC, 2),
          fixed(row.kept, 2),
          fixed(row.keptOfC, 2),
          grouped(row.p50_us),
          grouped(row.p99_us),
        ]),
      ),
    );
  }
  if (alone.length > 0) parts.push(...aloneTable(alone));
  const verdicts = goals.map(({ text, bound, measured, reached }) => [
    text,
    String(bound),
    fixed(measured, 2),
    reached ? "reached" : "missed",
  ]);
  if (goals.length > 0) parts.push("Goals", table(["", "goal", "measured", ""], verdicts));
  return parts.join("\n\n");
}

function aloneTable(alone: AloneRun[]): string[] {
  return [
    "Without a kernel, and turns in which 1,000 connections have a message",
    table(
      [
        "",
        "connections",
        "bytes each",
        "turn, us",
        "of the first",
        "p99, us",
        "longest pause, ms",
        "with garbage, ms",
        "while growing, ms",
      ],
      alone.flatMap(({ title, steps }) =>
        steps.map((step) => [
          title,
          grouped(step.connections),
          grouped(step.own),
          grouped(step.turn_us),
          fixed(step.turn_us / steps[0].turn_us, 2),
          grouped(step.turn99_us),
          fixed(step.pause, 1),
          fixed(step.garbage ?? NaN, 1),
          fixed(step.growing, 1),
        ])
      ),
    ),
  ];
}
