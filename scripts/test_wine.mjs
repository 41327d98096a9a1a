// SPDX-License-Identifier: MIT
/**
 * Runs the tests under Bun for Windows and Deno for Windows, in Wine, and prints at the end one line
 * with the sum. `node scripts/test_wine.mjs FOLDER [file or folder of tests]...`, where FOLDER is what
 * scripts/wine.sh made.
 *
 * Everything runs on one processor: what Wine does of a system goes through a server process, and
 * between two processors each call takes ten times as long. One file at a time, for the same reason.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { failureOf } from "./failures.mjs";

const [folder, ...given] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node scripts/test_wine.mjs FOLDER [file or folder of tests]...");
  process.exit(2);
}

/** The folders of tests that run there; tests/system is about Linux's own tools and signals. */
const PLACES = [
  "bridge",
  "bufio",
  "chan",
  "context",
  "diag",
  "event",
  "examples",
  "limit",
  "net",
  "netpoll",
  "platforms",
  "poll",
  "pool",
  "reactor",
  "sched",
  "sync",
  "time",
  "tls",
].map((name) => `tests/${name}`);
/** Files that cannot run there, and why. */
const UNIX = "Wine has no Unix sockets, see tests/platforms/wine_gaps_test.ts";
const NOT_THERE = new Map([
  ["tests/net/unix_test.ts", UNIX],
  ["tests/net/unix_fds_test.ts", UNIX],
]);
/**
 * Files that Bun alone cannot run there. To find a package with a scope in its name it lists folders,
 * for which Wine needs its device drivers, that scripts/wine.sh leaves out. A server of Wine with them
 * for this file alone was tried: it mostly works, and sometimes the server before is still there.
 */
const NOT_UNDER_BUN = new Map([
  ["tests/net/deno_errors_test.ts", 'a gap of Wine as we run it: "folders for Bun to read"'],
]);
/** Longest that a file may take, in milliseconds: most take seconds, but a machine may be busy. */
const LIMIT_MS = 300_000;
/** The processor; not the first, which has most of a machine's own work. */
const PROCESSOR = String(availableParallelism() - 1);

const inWine = (program, ...args) => [
  "taskset",
  "-c",
  PROCESSOR,
  `${folder}/wine`,
  `${folder}/${program}`,
  ...args,
];

const BUN = {
  name: "Bun",
  command: (file) => ["bun", "test", "--timeout", "120000", `./${file}`],
  passed: /^ *(\d+) pass$/m,
  failed: /^ *(\d+) fail$/m,
};

const RUNNERS = [
  {
    ...BUN,
    name: "Bun for Windows",
    command: (file) => inWine("bun.exe", "test", "--timeout", "120000", `./${file}`),
  },
  {
    name: "Deno for Windows",
    command: (file) => inWine("deno.exe", "test", "-A", "--no-check", file),
    passed: /(\d+) passed/,
    failed: /(\d+) failed/,
  },
];

function filesIn(place) {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place).filter((name) => name.endsWith("_test.ts")).map((name) =>
    `${place}/${name}`
  );
}

const places = given.length > 0 ? given.map((place) => place.replace(/^\.\//, "")) : PLACES;
const files = places.flatMap(filesIn);

let passed = 0;
let failed = 0;
/** What each file that failed said of it. */
const told = [];

/** Ends Wine's own processes and all that run in it. */
function endWine(why) {
  console.log(why);
  spawnSync(`${folder}/wine`, ["wineserver", "-k"], { timeout: 60_000, killSignal: "SIGKILL" });
}

/** Without its summary a run has failed: Deno ends without a word where it finds no test. */
function run({ name, command, passed: passedIn, failed: failedIn }, file) {
  console.log(`\n== ${file} under ${name}`);
  const start = performance.now();
  const [program, ...args] = command(file);
  const { stdout, stderr, status, error } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", NETPOLL_WINE: folder },
    maxBuffer: 1 << 28,
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  // What a file that hangs has started hangs as well; the next begins with a server of its own.
  if (error) endWine(String(error));
  const output = `${stdout ?? ""}${stderr ?? ""}`;
  process.stdout.write(output);
  console.log(`${file} took ${Math.round((performance.now() - start) / 1000)} s`);
  const count = (pattern) => Number(pattern.exec(output)?.[1] ?? 0);
  const failures = count(failedIn);
  const summed = passedIn.test(output) || failedIn.test(output);
  passed += count(passedIn);
  if (status === 0 && summed && failures === 0) return;
  failed += Math.max(1, failures);
  told.push(failureOf(`${file} under ${name}`, output));
}

for (const runner of RUNNERS) {
  for (const file of files) {
    const reason = NOT_THERE.get(file) ??
      (runner.name.startsWith("Bun") ? NOT_UNDER_BUN.get(file) : undefined);
    if (reason === undefined) run(runner, file);
    else console.log(`\n== ${file} does not run under ${runner.name}: ${reason}`);
  }
}
// Between Wine and this system, once.
if (given.length === 0) run(BUN, "tests/wine/interop_test.ts");
endWine("\nWine's own processes would linger, and hold our output open: they are ended.");
told.forEach((failure) => console.log(`\n${failure}`));
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
