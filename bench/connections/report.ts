// SPDX-License-Identifier: MIT
// Result tables: medians, and medians of the ratios within a round.
import { C, GO, type Server } from "../echo/rig/servers.ts";
import { median } from "../rig/stats.ts";
import { fixed, grouped, table } from "../rig/table.ts";
import { CROWD, FEW, type Sample, SOME } from "./measure.ts";

type Figure = (sample: Sample) => number;

/** Samples of a round, by server. */
type Round = Map<string, Sample>;

export function report(servers: Server[], rounds: Round[]): string {
  const of = (id: string, figure: Figure) => median(figures(rounds, id, figure));
  const against = (id: string, other: string, figure: Figure) =>
    median(rounds.flatMap((round) => ratio(round.get(id), round.get(other), figure)));
  const coming = servers.map(({ id, title }) => [
    title,
    grouped(of(id, ({ churn }) => churn)),
    fixed(against(id, GO, ({ churn }) => churn), 2),
    fixed(of(id, ({ cost }) => cost), 1),
    fixed(of(id, ({ own }) => own), 1),
    fixed(against(id, GO, ({ cost }) => 1 / cost), 2),
    fixed(against(id, C, ({ cost }) => 1 / cost), 2),
  ]);
  const staying = servers.map(({ id, title }) => [
    title,
    grouped(of(id, ({ few }) => few)),
    grouped(of(id, ({ crowd }) => crowd)),
    fixed(of(id, ({ few, crowd }) => crowd / few), 2),
    fixed(against(id, C, ({ few, crowd }) => crowd / few), 2),
    grouped(of(id, ({ idle }) => idle)),
    grouped(of(id, ({ more }) => more)),
    grouped(of(id, ({ resident }) => resident)),
  ]);
  return [
    "Connections that are opened, served once and closed:",
    table(
      ["", "1/s", "of Go", "server's us each", "not the kernel's", "a CPU second, of Go", "of C"],
      coming,
    ),
    "Connections that stay: round trips a second, and memory beside the kernel's own:",
    table(
      [
        "",
        `over ${grouped(FEW)}`,
        `over ${grouped(CROWD)}`,
        "ratio",
        "of C's ratio",
        `bytes each, ${grouped(FEW)} to ${grouped(CROWD)}`,
        `${grouped(SOME)} to ${grouped(CROWD)}`,
        "with its program",
      ],
      staying,
    ),
  ].join("\n\n");
}

function figures(rounds: Round[], id: string, figure: Figure): number[] {
  return rounds.flatMap((round) => round.has(id) ? [figure(round.get(id)!)] : []);
}

function ratio(one: Sample | undefined, other: Sample | undefined, figure: Figure): number[] {
  return one === undefined || other === undefined ? [] : [figure(one) / figure(other)];
}
