// SPDX-License-Identifier: MIT
// Draws what bench/results has: `npm run plots` writes docs/plots and docs/benchmarks.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { draw } from "./plots/chart.ts";
import { charts } from "./plots/charts.ts";
import { inRepository } from "./rig/paths.ts";

const HEAD = `# Benchmarks

Pictures of what the benchmarks measured; the tables are in [\`bench/results\`](../bench/results), and
[\`bench/README.md\`](../bench/README.md) says how each is measured and what its figures are worth. The
page and the pictures are made from the results by \`npm run plots\`.
`;

mkdirSync(inRepository("docs", "plots"), { recursive: true });
const sections: string[] = [];
for (const chart of charts()) {
  const { name, title, text } = chart;
  writeFileSync(inRepository("docs", "plots", `${name}.svg`), await draw(chart));
  sections.push(`## ${title}\n\n![${title}](plots/${name}.svg)\n\n${text}\n`);
}
writeFileSync(inRepository("docs", "benchmarks.md"), [HEAD, ...sections].join("\n"));
