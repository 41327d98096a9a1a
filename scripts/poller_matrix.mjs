// SPDX-License-Identifier: MIT
/**
 * Runs the cases of tests/platforms/poller_cases.ts over every poller that this machine supports,
 * on both runtimes, and writes the results into docs/pollers.md, between its markers. With
 * `--check` it writes nothing, and fails if the tables are out of date. With `--wine FOLDER`, a
 * directory that scripts/wine.sh created, it includes Wine. Columns of unsupported systems are
 * unchanged. Prints the numbers of passed and failed cases.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { runtimeProgram } from "./runtimes.mjs";
import { output } from "./tools.mjs";

const FILE = "./tests/platforms/poller_cases_test.ts";
const DOCUMENT = "docs/pollers.md";
const MARKS = ["<!-- the matrix -->", "<!-- the end of the matrix -->"];
const RECORDS = ["<!-- the records -->", "<!-- the end of the records -->"];

/** The runtimes, and how each reports the result of a test. */
const RUNTIMES = {
  Bun: {
    program: "bun",
    args: ["test", "--timeout", "60000", FILE],
    line: /^\((pass|fail|skip)\) (.*?)(?: \[[\d.]+m?s\])?$/gm,
    parts: ([, what, name]) => [name, what],
  },
  Deno: {
    program: "deno",
    args: ["test", "-A", "--no-check", FILE],
    line: /^(.*) \.\.\. (ok|FAILED|ignored)\b/gm,
    parts: ([, name, what]) => [name, { ok: "pass", FAILED: "fail", ignored: "skip" }[what]],
  },
};

const wine = process.argv.includes("--wine")
  ? process.argv.at(process.argv.indexOf("--wine") + 1)
  : null;
/** Everything under Wine runs on one processor, see scripts/test_wine.mjs. */
const inWine = ["taskset", "-c", String(availableParallelism() - 1), `${wine}/wine`];

const native = (program) => [runtimeProgram(program)];
const on = (...names) => names.includes(process.platform) ? native : null;

/** The systems, the command line and environment of a program on each; null if unsupported here. */
const SYSTEMS = [
  { title: "epoll: Linux", start: on("linux") },
  {
    title: "kqueue: libkqueue on Linux",
    start: on("linux"),
    env: () => ({
      NETPOLL_POLLER: "kqueue",
      NETPOLL_LIBKQUEUE: output("scripts/libkqueue.sh", []),
    }),
  },
  { title: "IOCP: Wine", start: wine && ((program) => [...inWine, `${wine}/${program}.exe`]) },
  { title: "kqueue: macOS, FreeBSD", start: on("darwin", "freebsd") },
  { title: "IOCP: Windows", start: on("win32") },
];

/** Returns the result of each case, by name. */
function results(runtime, start, env) {
  const { program, args, line, parts } = RUNTIMES[runtime];
  const [command, ...before] = start(program);
  const { stdout, stderr } = spawnSync(command, [...before, ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  const found = [...`${stdout}${stderr}`.matchAll(line)].map(parts);
  // "epoll: add: ..." without the system's name.
  return new Map(found.map(([name, what]) => [name.replace(/^\w+: /, ""), what]));
}

const SIGN = { pass: "passes", fail: "FAILS", skip: "skipped" };

/** As {@linkcode results}, from the existing table. */
function written(title, text) {
  const lines = text.slice(...MARKS.map((mark) => text.indexOf(mark))).split("\n");
  const cells = lines.map((line) => line.split("|").map((cell) => cell.trim()));
  const column = cells.find(([, first]) => first === "Case")?.indexOf(title);
  const what = Object.fromEntries(Object.entries(SIGN).map(([key, sign]) => [sign, key]));
  return new Map(cells.map((row) => [row[1], what[row[column]]]).filter(([, sign]) => sign));
}

function matrix(text) {
  const columns = SYSTEMS.flatMap(({ title: system, start, env = () => ({}) }) =>
    Object.keys(RUNTIMES).map((runtime) => {
      const title = `${system}, ${runtime}`;
      if (start === null) return { title, of: written(title, text), all: [] };
      const of = results(runtime, start, env());
      return { title, of, all: [...of.values()] };
    })
  );
  const cases = new Set(columns.flatMap(({ of }) => [...of.keys()]));
  const titles = columns.map(({ title }) => title);
  const rows = [...cases].map((name) => [
    name,
    ...columns.map(({ of }) => SIGN[of.get(name)] ?? "not run"),
  ]);
  return { table: table(["Case", ...titles], rows), all: columns.flatMap(({ all }) => all) };
}

function records() {
  const program = 'import { RECORDS } from "./tests/support/kevent_records.ts"; ' +
    "console.log(JSON.stringify(RECORDS))";
  const rows = JSON.parse(output(runtimeProgram("bun"), ["-e", program]));
  const filter = { [-1]: "READ", [-2]: "WRITE" };
  const shown = ([which, flags, fflags, data]) =>
    `${filter[which]}${flags ? " EOF" : ""}${fflags ? ` fflags ${fflags}` : ""} data ${data}`;
  return table(
    ["What happened", "Kevents", "Wakes", "Source"],
    rows.map(({ what, kevents, wakes, source }) => [
      what,
      kevents.map(shown).join("; "),
      wakes.join(", "),
      source,
    ]),
  );
}

function table(titles, rows) {
  return [titles, titles.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function between(text, [from, to], what) {
  const start = text.indexOf(from) + from.length;
  return `${text.slice(0, start)}\n\n${what}\n\n${text.slice(text.indexOf(to))}`;
}

/** Formats `text` by `deno fmt`, so that the formatter and this script agree. */
function formatted(text) {
  const options = { input: text, encoding: "utf8" };
  return execFileSync(runtimeProgram("deno"), ["fmt", "--ext", "md", "-"], options);
}

const old = readFileSync(DOCUMENT, "utf8");
const { table: cases, all } = matrix(old);
// Wine's own processes would keep running, with our output open.
if (wine) spawnSync(`${wine}/wine`, ["wineserver", "-k"]);
const fresh = formatted(between(between(old, MARKS, cases), RECORDS, records()));
const stale = fresh !== old;
if (!process.argv.includes("--check")) writeFileSync(DOCUMENT, fresh);
else if (stale) console.log(`${DOCUMENT} is not what this run gave`);
console.log(cases);
const count = (what) => all.filter((each) => each === what).length;
console.log(`${count("pass")} passed, ${count("fail")} failed`);
const empty = all.length === 0;
process.exitCode = empty || count("fail") > 0 || (stale && process.argv.includes("--check"))
  ? 1
  : 0;
