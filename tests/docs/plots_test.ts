// SPDX-License-Identifier: MIT
/** docs/benchmarks.md and its pictures: there, and of what was saved. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { draw } from "../../bench/plots/chart.ts";

const docs = new URL("../../docs/", import.meta.url);

test("a chart has its bars, lines, labels and axes", async () => {
  const bars = [
    { label: "first one", series: "netpoll", value: 3, low: 2, high: 4 },
    { label: "second one", series: "others", value: 1.5, low: 1, high: 2 },
  ];
  const svg = await draw({
    name: "test",
    title: "A title",
    text: "",
    panels: [
      { title: "a panel", unit: "apples a second", better: "more", rule: 2, bars },
      { title: "another", unit: "pears", better: "less", log: 1, bars },
      {
        title: "a growth",
        along: "minutes",
        unit: "plums",
        better: null,
        points: [{ series: "netpoll", x: 0, y: 1 }, { series: "netpoll", x: 2, y: 5 }],
      },
    ],
  });
  assert.match(svg, /^<svg /);
  const words = ["first one", "second one", "netpoll", "others", "A title", "a panel", "a growth"];
  const axes = ["apples a second (more is better)", "pears (less is better)", "minutes", "plums"];
  for (const word of [...words, ...axes]) assert.ok(svg.includes(`>${word}<`), word);
  const widths = [...svg.matchAll(/aria-roledescription="bar" d="M0,[^h]*h([\d.]+)/g)]
    .map(([, width]) => Number(width));
  assert.equal(widths.length, 4, "each value has a bar");
  assert.equal([...svg.matchAll(/aria-roledescription="line mark"/g)].length, 1);
  assert.ok(Math.abs(widths[0] / widths[1] - 2) < 0.01, "twice the value is twice the bar");
});

test("docs/benchmarks.md shows each existing picture, and no other", () => {
  const page = readFileSync(new URL("benchmarks.md", docs), "utf8");
  const shown = [...page.matchAll(/\]\(plots\/([a-z-]+\.svg)\)/g)].map(([, name]) => name);
  assert.deepEqual(shown.toSorted(), readdirSync(new URL("plots/", docs)).toSorted());
  assert.ok(shown.length >= 5);
});
