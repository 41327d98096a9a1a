// SPDX-License-Identifier: MIT
// Bars, drawn by Vega as SVG without a browser.
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** A bar, and what it stands for. */
export interface Bar {
  label: string;
  /** Which color it has. */
  series: string;
  value: number;
  /** Least and most of what the value is the median of. */
  low?: number;
  high?: number;
}

/** Bars that are compared with one another. */
export interface Panel {
  title: string;
  /** What the axis says. */
  unit: string;
  bars: Bar[];
  /** A line at this value. */
  rule?: number;
  /** For what differs by powers of ten: where the bars begin. */
  log?: number;
}

/** One picture. */
export interface Chart {
  /** Of the file. */
  name: string;
  title: string;
  /** What is to be known to read it, in Markdown. */
  text: string;
  panels: Panel[];
  columns?: number;
}

const COLOURS = ["#3b6ea8", "#d9822b", "#9aa0a6", "#4c956c", "#8e5ea2"];
const WIDTH = 320;
/** How high a bar is, in a group and alone. */
const GROUPED = 11;
const ALONE = 20;

/** Bars of several series stand in groups; those of one stand alone. */
function layers({ bars, unit, rule, log }: Panel, grouped: boolean): unknown[] {
  const y = { field: "label", type: "nominal", sort: null, title: null, axis: { labelLimit: 400 } };
  const offset = grouped ? { yOffset: { field: "series", sort: null } } : {};
  const scale = log === undefined ? { zero: true } : { type: "log", domainMin: log };
  const x = { field: "value", type: "quantitative", title: unit, scale, axis: { tickCount: 5 } };
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

function panelSpec(panel: Panel): unknown {
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
  const series = [...new Set(panels.flatMap(({ bars }) => bars.map((bar) => bar.series)))];
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
      legend: { orient: "top" },
      view: { stroke: null },
    },
  };
  return spec as TopLevelSpec;
}

/** The picture. */
export async function draw(chart: Chart): Promise<string> {
  const view = new View(parse(compile(specOf(chart)).spec), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
