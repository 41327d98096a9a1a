// SPDX-License-Identifier: MIT
/**
 * Checks that a release can be made, and prints its commands; it publishes nothing. `node
 * scripts/release.mjs [FOLDER]` checks the package in FOLDER, by default this repository. Prints a
 * line for each check, and fails if one of them fails.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeProgram } from "./runtimes.mjs";

const folder = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));
const read = (name) => readFileSync(join(folder, name), "utf8");
const npm = JSON.parse(read("package.json"));
const deno = JSON.parse(read("deno.json"));
const { version } = npm;
const tag = `v${version}`;

/** Runs a program in the folder. Returns its exit status and output. */
function run(file, ...args) {
  // npm is a batch file on Windows, which requires a shell; no argument here needs quoting.
  const shell = process.platform === "win32" && file === "npm";
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: folder,
    shell,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    maxBuffer: 1 << 26,
  });
  return { status, output: `${stdout ?? ""}${stderr ?? ""}${error ?? ""}`.trimEnd() };
}

/** Returns a program's output if it failed. */
function succeeds(...command) {
  const { status, output } = run(...command);
  return status === 0 ? [] : [output];
}

/** The first section of the changelog must be that of the version, with a date. */
function changelog() {
  const lines = read("CHANGELOG.md").split("\n");
  const sections = lines.flatMap((line, i) => line.startsWith("## ") ? [i] : []);
  const [start = lines.length, end = lines.length] = sections;
  const title = lines[start] ?? "";
  const [, found, date] = /^## \[(.+)\] - (\S+)$/.exec(title) ?? [];
  if (found !== version) return [`the topmost section is "${title}", not that of ${version}`];
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return [`"${title}" has no date in the form YYYY-MM-DD`];
  const text = lines.slice(start + 1, end).join("").trim();
  return text === "" ? [`"${title}" is empty`] : [];
}

/** The version must be the same in all files. */
function versions() {
  const lock = JSON.parse(read("package-lock.json"));
  const found = {
    "package.json": version,
    "deno.json": deno.version,
    "package-lock.json": lock.version,
    'package-lock.json, its package ""': lock.packages[""].version,
  };
  if (new Set(Object.values(found)).size === 1) return [];
  return Object.entries(found).map(([where, each]) => `${each} in ${where}`);
}

/** The work tree must be clean, and the tag unused. */
function git() {
  const { status, output } = run("git", "status", "--porcelain");
  if (status !== 0) return [output];
  const changes = output === "" ? [] : output.split("\n").map((line) => `not committed: ${line}`);
  const tags = run("git", "tag", "--list", tag).output;
  return tags === "" ? changes : [...changes, `the tag ${tag} is there already`];
}

/** No open decisions: a note in one of the two files lists them. */
function decided() {
  const notes = Object.entries({ "package.json": npm["//"], "deno.json": deno["//"] });
  return notes.flatMap(([file, note]) => note === undefined ? [] : [`${file}: ${note}`]);
}

/** Checks by name; each returns its faults, one per line. */
const CHECKS = {
  "the work tree is clean, and the tag free": git,
  "all versions are equal": versions,
  "CHANGELOG.md has a section of the version, with a date": changelog,
  "name, addresses and contacts are decided": decided,
};

/** A package that JSR gets as it is has no script that makes it. */
function jsr() {
  return existsSync(join(folder, "scripts/jsr.mjs"))
    ? succeeds(process.execPath, "scripts/jsr.mjs", "--dry-run")
    : succeeds(runtimeProgram("deno"), "publish", "--dry-run");
}

/** Slow checks, which run after the others pass. */
const PACKAGE_CHECKS = {
  "npm packs the package": () => succeeds("npm", "pack", "--dry-run", "--silent"),
  "JSR accepts the package": jsr,
};

/** Runs checks, prints a line for each and its faults, and returns the number of failures. */
function failuresOf(checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    const faults = check();
    console.log(`${faults.length === 0 ? "ok  " : "FAIL"}  ${name}`);
    for (const fault of faults) console.log(fault.replaceAll(/^/gm, "      "));
    failed += faults.length === 0 ? 0 : 1;
  }
  return failed;
}

const failed = failuresOf(CHECKS) || failuresOf(PACKAGE_CHECKS);
if (failed === 0) {
  console.log(`\n${npm.name} ${version} can be released. Run, in this order:\n`);
  console.log(
    `  git tag ${tag}\n  git push origin ${tag}\n  npm publish\n  cd .cache/jsr && deno publish`,
  );
}
process.exitCode = failed === 0 ? 0 : 1;
