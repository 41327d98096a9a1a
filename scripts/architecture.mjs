// SPDX-License-Identifier: MIT
/**
 * `npm run architecture`: draws the layers into docs/architecture.md, from the imports in the
 * sources. `node scripts/architecture.mjs [--check] [FILE]` does so for FILE; with `--check` it
 * writes nothing, and fails if the pictures there are out of date.
 *
 * A picture is a Mermaid block between two comments with its name. Type imports count: they are
 * dependencies too.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { imports } from "./gates/imports.mjs";
import { ROOT } from "./programs.mjs";

/** Second line of a box: the part of Go that it follows, or its purpose. */
const NOTES = {
  "src/validate": "checks of arguments",
  "src/sched": "Go: runtime, proc.go",
  "src/netpoll": "Go: runtime, netpoll.go",
  "src/chan": "Go: chan, select",
  "src/context": "Go: context",
  "src/time": "Go: time",
  "src/sync": "Go: sync, errgroup",
  "src/fd": "Go: internal/poll",
  "src/net": "Go: net",
  "src/bufio": "Go: bufio",
  "src/debug": "Go: net/http/pprof",
  "src/diag": "traces, statistics",
  "src/bridge": "node and web streams",
  "src/tls": "Go: crypto/tls",
  "src/event": "evio",
  "src/poll": "the raw poller",
  "src/limit": "limits of a listener",
  "src/resolver": "Go: net, Resolver",
  "src/serve": "Go: net/http, Serve",
  "src/signal": "Go: os/signal",
  "src/worker": "worker threads",
  "src/pool": "jobs in workers",
  "src/reactor": "connections in workers",
  "platforms": "epoll, kqueue, IOCP",
  "platforms/contract": "interfaces of a system",
  "platforms/windows/abi": "Win32 and Winsock",
  "platforms/windows/iocp": "completion ports",
  "platforms/windows/afd": "the raw poller",
};

/** Pictures by name, each with a function that returns a file's box, or null for none. */
const PICTURES = {
  layers(file) {
    const [top, folder] = file.split("/");
    return top === "platforms" ? top : folder === undefined ? top : `${top}/${folder}`;
  },
  net(file) {
    return file.startsWith("src/net/") ? file.split("/").slice(0, 3).join("/") : null;
  },
  platforms(file) {
    if (!file.startsWith("platforms/")) return null;
    return file.split("/").slice(0, 3).filter((part, i) => i < 2 || !part.endsWith(".ts")).join(
      "/",
    );
  },
};

/** Returns the imports between boxes. */
function graph(edges, boxOf) {
  const targets = new Map();
  for (const { from, to } of edges) {
    const [box, target] = [boxOf(from), boxOf(to)];
    if (box === null || target === null) continue;
    if (!targets.has(box)) targets.set(box, new Set());
    if (!targets.has(target)) targets.set(target, new Set());
    if (box !== target) targets.get(box).add(target);
  }
  return targets;
}

/** Whether an import of `target` by `box` is implied by other imports. */
function isImplied(targets, box, target) {
  const seen = new Set();
  const queue = [...targets.get(box)].filter((other) => other !== target);
  for (const at of queue) {
    if (at === target) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    queue.push(...targets.get(at));
  }
  return false;
}

/** Formats a picture as a Mermaid block: boxes, and the arrows that are not implied. */
function draw(targets) {
  const boxes = [...targets.keys()].sort();
  const id = (box) => box.replaceAll(/\W/g, "_");
  const label = (box) => NOTES[box] === undefined ? box : `${box}<br><small>${NOTES[box]}</small>`;
  const arrows = boxes.flatMap((box) =>
    [...targets.get(box)].sort().filter((target) => !isImplied(targets, box, target))
      .map((target) => `  ${id(box)} --> ${id(target)}`)
  );
  const shown = boxes.map((box) => `  ${id(box)}["${label(box)}"]`);
  return ["```mermaid", "flowchart TD", ...shown, ...arrows, "```"].join("\n");
}

/** Returns `text` with `picture` between the comments of this name. */
function place(text, name, picture) {
  const [begin, end] = [`<!-- picture: ${name} -->`, `<!-- end of picture: ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${document} has no ${begin} ... ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${picture}\n\n${text.slice(to)}`;
}

const args = process.argv.slice(2);
const [document = "docs/architecture.md"] = args.filter((arg) => arg !== "--check");
const path = resolve(ROOT, document);
const old = readFileSync(path, "utf8");
const edges = await imports();
let text = old;
for (const [name, boxOf] of Object.entries(PICTURES)) {
  text = place(text, name, draw(graph(edges, boxOf)));
}
if (!args.includes("--check")) writeFileSync(path, text);
else if (text !== old) {
  console.error(`The pictures of ${document} are not those of the sources: npm run architecture`);
  process.exitCode = 1;
}
