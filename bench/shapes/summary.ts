// SPDX-License-Identifier: MIT
// Medians, and ratios within each round: a slow phase of the machine affects all of them.
import { median } from "../rig/stats.ts";
import { fixed, table } from "../rig/table.ts";
import type { Options } from "./options.ts";
import type { Figures, Shape } from "./shapes.ts";
import type { Side } from "./sides.ts";

export interface Sample extends Figures {
  round: number;
  shape: string;
  side: string;
  /** Empty if it succeeded. */
  failure: string;
}

export interface Cell {
  side: string;
  title: string;
  /** In the shape's unit. */
  value: number;
  min: number;
  max: number;
  /** Microseconds of CPU time of an operation. */
  cpu: number;
  /** By the ID of the rival: how many times as fast it is. */
  ratios: Record<string, number>;
}

export interface Row {
  shape: { id: string; title: string; unit: string; each: string };
  cells: Cell[];
}

function cell(side: Side, { scale }: Shape, all: Sample[]): Cell {
  const of = (id: string) => all.filter((sample) => sample.side === id && sample.failure === "");
  const own = of(side.id);
  const values = own.map(({ rate }) => rate / scale);
  const ratio = (rival: string) => {
    const rates = new Map(of(rival).map(({ round, rate }) => [round, rate]));
    const all = own.map(({ round, rate }) => rate / (rates.get(round) ?? NaN));
    return median(all.filter((one) => !Number.isNaN(one)));
  };
  return {
    side: side.id,
    title: side.title,
    value: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    cpu: median(own.map(({ cpu }) => cpu)),
    ratios: Object.fromEntries(side.rivals.map((rival) => [rival, ratio(rival)])),
  };
}

export function summarize(samples: Sample[], { sides, shapes }: Options): Row[] {
  return shapes.map((shape) => {
    const { id, title, unit, each } = shape;
    const here = samples.filter((sample) => sample.shape === id);
    return {
      shape: { id, title, unit, each },
      cells: sides.map((side) => cell(side, shape, here)),
    };
  });
}

/** The ratios, which come first. */
function ratiosTable(rows: Row[]): string {
  const ours = (cells: Cell[]) => cells.filter(({ side }) => side.startsWith("netpoll"));
  const head = ["how many times as fast as"];
  for (const { title } of ours(rows[0].cells)) head.push(`${title}: Go`, "the runtime's own");
  const lines = rows.map(({ shape, cells }) => [
    shape.title,
    ...ours(cells).flatMap(({ ratios }) => Object.values(ratios).map((one) => fixed(one, 2))),
  ]);
  return table(head, lines);
}

function valuesTable({ shape, cells }: Row): string {
  const lines = cells.map(({ title, value, min, max, cpu }) => {
    const digits = value < 100 ? 1 : 0;
    const cost = shape.each === "byte" ? cpu * 2 ** 30 / 1000 : cpu;
    return [
      title,
      `${fixed(value, digits)} (${fixed(min, digits)}-${fixed(max, digits)})`,
      fixed(cost, cost < 100 ? 2 : 0),
    ];
  });
  const cost = shape.each === "byte" ? "CPU ms/GiB" : `CPU us a ${shape.each}`;
  return `## ${shape.title}\n\n${table(["", shape.unit, cost], lines)}`;
}

/** What moving the deadline costs: the difference of two shapes. */
function deadlineTable(rows: Row[]): string[] {
  const [plain, moving] = ["reads", "deadlines"].map((id) =>
    rows.find(({ shape }) => shape.id === id)
  );
  if (plain === undefined || moving === undefined) return [];
  const lines = plain.cells.map(({ title, value }, i) => [
    title,
    fixed(1e6 / moving.cells[i].value - 1e6 / value, 0),
  ]);
  return [`## Cost of a deadline that moves\n\n${table(["", "ns a read"], lines)}`];
}

export function report(rows: Row[]): string {
  return [ratiosTable(rows), ...rows.map(valuesTable), ...deadlineTable(rows)].join("\n\n");
}
