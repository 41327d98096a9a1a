// SPDX-License-Identifier: MIT
// Bar and line charts, rendered by Vega as SVG without a browser.
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** A bar with its label. */
export interface Bar {
  label: string;
  /** Series, which determines the color. */
  series: string;
  value: number;
  /** Minimum and maximum of the values that the bar is the median of. */
  low?: number;
  high?: number;
}

/** Which values are better. */
export type Better = "more" | "less";

/** Bars to compare with one another. */
export interface BarPanel {
  title: string;
  /** Quantity and unit: the title of the axis. */
  unit: string;
  better: Better;
  bars: Bar[];
  /** Draws a line at this value. */
  rule?: number;
  /** For a logarithmic axis: its minimum. */
  log?: number;
}

/** A point of a line. */
export interface Point {
  series: string;
  x: number;
  y: number;
}

/** Lines over time, or over a size. */
export interface LinePanel {
  title: string;
  /** Title of the horizontal axis. */
  along: string;
  /** Title of the vertical axis. */
  unit: string;
  /** Null if neither. */
  better: Better | null;
  points: Point[];
  /** Whether the horizontal axis is logarithmic. */
  logAlong?: boolean;
}

/** A part of a chart. */
export type Panel = BarPanel | LinePanel;

/** One picture. */
export interface Chart {
  /** File name. */
  name: string;
  title: string;
  /** Explanation, in Markdown. */
  text: string;
  panels: Panel[];
  columns?: number;
}

// deno-fmt-ignore
const COLOURS = [
  "#3b6ea8", "#d9822b", "#9aa0a6", "#4c956c", "#8e5ea2", "#c0504d", "#b8a02e", "#5f4b3c",
];
const WIDTH = 320;
/** Height of a bar, in a group and alone. */
const GROUPED = 11;
const ALONE = 20;
/** Height of a line panel. */
const HEIGHT = 220;

/** Returns the title of an axis, including which values are better. */
function axisTitle({ unit, better }: Panel): string {
  return better === null ? unit : `${unit} (${better} is better)`;
}

/** Bars of several series are grouped; those of one are not. */
function layers(panel: BarPanel, grouped: boolean): unknown[] {
  const { bars, rule, log } = panel;
  const y = { field: "label", type: "nominal", sort: null, title: null, axis: { labelLimit: 400 } };
  const offset = grouped ? { yOffset: { field: "series", sort: null } } : {};
  const scale = log === undefined ? { zero: true } : { type: "log", domainMin: log };
  const x = {
    field: "value",
    type: "quantitative",
    title: axisTitle(panel),
    scale,
    axis: { tickCount: 5 },
  };
  const x2 = log === undefined ? {} : { x2: { datum: log } };
  const color = { field: "series", type: "nominal", sort: null, title: null };
  const range = { x: { field: "low", type: "quantitative" }, x2: { field: "high" }, y, ...offset };
  return [
    { mark: "bar", encoding: { x, ...x2, y, ...offset, color } },
    ...(bars.some(({ low }) => low !== undefined)
      ? [{ mark: { type: "rule", opacity: 0.6 }, encoding: range }]
      : []),
    ...(rule === undefined
      ? []
      : [{ mark: { type: "rule", strokeDash: [4, 3] }, encoding: { x: { datum: rule } } }]),
  ];
}

function lineSpec(panel: LinePanel): unknown {
  const scale = panel.logAlong ? { scale: { type: "log" } } : {};
  const x = { field: "x", type: "quantitative", title: panel.along, ...scale };
  const y = { field: "y", type: "quantitative", title: axisTitle(panel) };
  const color = { field: "series", type: "nominal", sort: null, title: null };
  return {
    title: { text: panel.title, fontSize: 12 },
    width: WIDTH,
    height: HEIGHT,
    data: { values: panel.points },
    mark: { type: "line", point: { size: 12 } },
    encoding: { x, y, color },
  };
}

function panelSpec(panel: Panel): unknown {
  if ("points" in panel) return lineSpec(panel);
  const labels = new Set(panel.bars.map(({ label }) => label)).size;
  const grouped = panel.bars.length > labels;
  return {
    title: { text: panel.title, fontSize: 12 },
    width: WIDTH,
    height: { step: grouped ? GROUPED : ALONE },
    data: { values: panel.bars },
    layer: layers(panel, grouped),
  };
}

/** The specification of Vega-Lite. */
function specOf({ title, panels, columns = 2 }: Chart): TopLevelSpec {
  const marks = panels.flatMap((panel): { series: string }[] =>
    "points" in panel ? panel.points : panel.bars
  );
  const series = [...new Set(marks.map((mark) => mark.series))];
  const spec = {
    title: { text: title, fontSize: 15, anchor: "start" },
    background: "white",
    padding: 10,
    concat: panels.map(panelSpec),
    columns,
    resolve: { scale: { color: "shared" } },
    config: {
      font: "sans-serif",
      range: { category: COLOURS.slice(0, series.length) },
      legend: { orient: "top", columns: 4, labelLimit: 400 },
      view: { stroke: null },
    },
  };
  return spec as TopLevelSpec;
}

/** Renders the chart. */
export async function draw(chart: Chart): Promise<string> {
  const view = new View(parse(compile(specOf(chart)).spec), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
