// SPDX-License-Identifier: MIT
/**
 * The gates of `npm run ok`. Each is a list of commands that must all succeed. Two run at a time,
 * the slow ones first, so that the last two end at about the same time.
 */
import process from "node:process";
import { program } from "../programs.mjs";

const ENTRIES = ["mod.ts", "poll.ts", "event.ts", "reactor.ts", "sim.ts", "debug.ts", "lint.ts"];

/** Returns the command line of a gate that is a script of this folder. */
const script = (name) => [process.execPath, `scripts/gates/${name}.mjs`];

export const GATES = [
  {
    name: "package",
    what: "the npm package has what its package.json promises, types included",
    commands: [script("package_shape")],
  },
  {
    name: "types-deno",
    what: "the types are right for Deno",
    commands: [program("deno", "check", "--quiet", ...ENTRIES, "tests", "examples")],
  },
  {
    name: "publish",
    what: "JSR would accept the package",
    commands: [[process.execPath, "scripts/jsr.mjs", "--dry-run"]],
  },
  {
    name: "spelling",
    what: "docs, comments, strings and names are spelled as in American English",
    commands: [program("cspell", "--no-progress", "--no-summary", "--show-suggestions")],
  },
  {
    name: "docs",
    what: "the programs and fragments in docs and comments pass the type check",
    commands: [script("docs_programs")],
  },
  {
    name: "types-bun",
    what: "the types are right for Bun",
    commands: [program("tsc", "-p", ".", "--pretty", "false")],
  },
  {
    name: "unused",
    what: "every file, export and dependency is used, and not by tests alone",
    commands: [program("knip"), program("knip", "--production", "--no-tag-hints")],
  },
  {
    name: "lint",
    what: "deno lint",
    commands: [program("deno", "lint")],
  },
  {
    name: "format",
    what: "deno fmt",
    commands: [program("deno", "fmt", "--check")],
  },
  {
    name: "layers",
    what: "imports point down, and never in a circle",
    commands: [script("layers")],
  },
  {
    name: "workflows",
    what: "the workflows pass actionlint, and name the permissions of their token",
    commands: [script("workflows")],
  },
  {
    name: "architecture",
    what: "the diagrams in docs/architecture.md match the imports",
    commands: [[process.execPath, "scripts/architecture.mjs", "--check"]],
  },
  {
    name: "doc-comments",
    what: "everything public has a comment and explicit types",
    commands: [program("deno", "doc", "--lint", ...ENTRIES)],
  },
];
