// SPDX-License-Identifier: MIT
/**
 * Runs the cases of tests/platforms/poller_cases.ts over every poller that this machine can run, on
 * both runtimes, and writes what came of them into docs/pollers.md, between the marks there. With
 * `--check` it writes nothing, and fails if the tables there are not those. Prints how many cases
 * passed and failed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const FILE = "./tests/platforms/poller_cases_test.ts";
const DOCUMENT = "docs/pollers.md";
const MARKS = ["<!-- the matrix -->", "<!-- the end of the matrix -->"];
const RECORDS = ["<!-- the records -->", "<!-- the end of the records -->"];

/** The runtimes, and how each tells what became of a test. */
const RUNTIMES = {
  Bun: {
    command: ["bun", "test", "--timeout", "60000", FILE],
    line: /^\((pass|fail|skip)\) (.*?)(?: \[[\d.]+m?s\])?$/gm,
    parts: ([, what, name]) => [name, what],
  },
  Deno: {
    command: ["deno", "test", "-A", "--no-check", FILE],
    line: /^(.*) \.\.\. (ok|FAILED|ignored)\b/gm,
    parts: ([, name, what]) => [name, { ok: "pass", FAILED: "fail", ignored: "skip" }[what]],
  },
};

/** The systems that run here, and with what environment. */
const SYSTEMS = [
  { title: "epoll: Linux", env: {} },
  {
    title: "kqueue: libkqueue on Linux",
    env: () => ({
      NETPOLL_POLLER: "kqueue",
      NETPOLL_LIBKQUEUE: execFileSync("scripts/libkqueue.sh", { encoding: "utf8" }).trim(),
    }),
  },
];

/** What does not run here. */
const ELSEWHERE = ["kqueue: macOS, FreeBSD", "IOCP: Windows"];

function results(runtime, env) {
  const { command, line, parts } = RUNTIMES[runtime];
  const { stdout, stderr } = spawnSync(command[0], command.slice(1), {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  const found = [...`${stdout}${stderr}`.matchAll(line)].map(parts);
  // "epoll: add: ..." without the system's name.
  return new Map(found.map(([name, what]) => [name.replace(/^\w+: /, ""), what]));
}

const SIGN = { pass: "passes", fail: "FAILS", skip: "skipped" };

function matrix() {
  const columns = SYSTEMS.flatMap(({ title, env }) =>
    Object.keys(RUNTIMES).map((runtime) => ({
      title: `${title}, ${runtime}`,
      of: results(runtime, typeof env === "function" ? env() : env),
    }))
  );
  const cases = new Set(columns.flatMap(({ of }) => [...of.keys()]));
  const titles = [...columns.map(({ title }) => title), ...ELSEWHERE];
  const rows = [...cases].map((name) => [
    name,
    ...columns.map(({ of }) => SIGN[of.get(name)] ?? "not run"),
    ...ELSEWHERE.map(() => "not run"),
  ]);
  const all = columns.flatMap(({ of }) => [...of.values()]);
  return { table: table(["Case", ...titles], rows), all };
}

function records() {
  const program = 'import { RECORDS } from "./tests/platforms/kevent_records.ts"; ' +
    "console.log(JSON.stringify(RECORDS))";
  const rows = JSON.parse(execFileSync("bun", ["-e", program], { encoding: "utf8" }));
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

/** As `deno fmt` would have it, so that both are content. */
function formatted(text) {
  return execFileSync("deno", ["fmt", "--ext", "md", "-"], { input: text, encoding: "utf8" });
}

const { table: cases, all } = matrix();
const old = readFileSync(DOCUMENT, "utf8");
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
