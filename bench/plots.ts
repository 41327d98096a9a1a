// SPDX-License-Identifier: MIT
// Draws the charts of bench/results: `npm run plots` writes docs/plots and docs/benchmarks.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { draw } from "./plots/chart.ts";
import { charts } from "./plots/charts.ts";
import { inRepository } from "./rig/paths.ts";

const HEAD = `# Benchmarks

Charts of the benchmark results. The tables are in [\`bench/results\`](../bench/results);
[\`bench/README.md\`](../bench/README.md) describes how each benchmark works and how far its figures can
be trusted. \`npm run plots\` generates this page and the charts from the results.
`;

mkdirSync(inRepository("docs", "plots"), { recursive: true });
const sections: string[] = [];
for (const chart of charts()) {
  const { name, title, text } = chart;
  writeFileSync(inRepository("docs", "plots", `${name}.svg`), await draw(chart));
  sections.push(`## ${title}\n\n![${title}](plots/${name}.svg)\n\n${text}\n`);
}
writeFileSync(inRepository("docs", "benchmarks.md"), [HEAD, ...sections].join("\n"));
