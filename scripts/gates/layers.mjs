// SPDX-License-Identifier: MIT
/**
 * Gate: imports point down, and never in a circle. Type imports count: the importing module depends
 * on them. Prints each import that breaks a rule, and fails if there is one.
 */
import process from "node:process";
import { imports, modules } from "./imports.mjs";
import { LAYERS, OPEN_PLATFORMS } from "./layer_table.mjs";

const HEIGHT = new Map(LAYERS.flatMap((names, height) => names.map((name) => [name, height])));

/** Returns the longest name of the table that matches `file`, or null. */
function placeOf(file) {
  for (let name = file; name !== ""; name = name.replace(/\/?[^/]*$/, "")) {
    if (HEIGHT.has(name)) return name;
  }
  return null;
}

/** Returns the fault of an import, or null. */
function faultOf({ from, line, to }) {
  const [place, target] = [placeOf(from), placeOf(to)];
  if (place === null) return null; // Reported once, as a file without a layer.
  const what = `${from}:${line} imports ${to}`;
  if (target === null) return `${what}, which has no place in LAYERS`;
  if (!from.startsWith("platforms/") && to.startsWith("platforms/")) {
    if (!OPEN_PLATFORMS.includes(target)) return `${what}, which is private to platforms`;
  }
  if (place === target || HEIGHT.get(target) < HEIGHT.get(place)) return null;
  const where = HEIGHT.get(target) === HEIGHT.get(place) ? "beside" : "below";
  return `${what}, but ${place} is ${where} ${target}`;
}

/** Returns the shortest circle of imports through `start`, as a list of files, or null. */
function circleThrough(start, targets) {
  const via = new Map();
  const queue = [start];
  for (const file of queue) {
    for (const to of targets.get(file) ?? []) {
      if (to === start) {
        const circle = [start];
        for (let at = file; at !== start; at = via.get(at)) circle.push(at);
        return [...circle, start].reverse();
      }
      if (!via.has(to)) queue.push(to);
      via.set(to, via.get(to) ?? file);
    }
  }
  return null;
}

/** Returns a shortest circle through each file that is in one, without duplicates. */
function circles(edges) {
  const targets = targetsOf(edges);
  const found = new Map();
  for (const file of targets.keys()) {
    const circle = circleThrough(file, targets);
    if (circle !== null) found.set([...new Set(circle)].sort().join(), circle);
  }
  return [...found.values()].map((circle) => `circle: ${circle.join(" → ")}`);
}

/** Returns the files that each file imports. */
function targetsOf(edges) {
  const targets = new Map();
  for (const { from, to } of edges) targets.set(from, [...targets.get(from) ?? [], to]);
  return targets;
}

const edges = await imports();
const faults = [
  ...modules().filter((file) => placeOf(file) === null)
    .map((file) => `${file} has no place in LAYERS of scripts/gates/layer_table.mjs`),
  ...edges.map(faultOf).filter((fault) => fault !== null),
  ...circles(edges),
];
for (const fault of faults) console.log(fault);
if (edges.length === 0) console.log("no import was found: deno info has seen no file");
else console.log(`${modules().length} modules, ${edges.length} imports, ${faults.length} faults`);
process.exitCode = faults.length > 0 || edges.length === 0 ? 1 : 0;
