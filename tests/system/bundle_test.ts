// SPDX-License-Identifier: MIT
/**
 * Programs as one file. Each is built from a copy of the sources that is then removed, and run in an
 * empty folder: it is idle, serves a connection and ends.
 *
 * `deno compile` is not tried here: it fetches its base program, denort, from a server of its own. No
 * npm package has it, and a program compiled with Deno's own binary in its place (`DENORT_BIN`) is
 * Deno's command line.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { isDeno, ROOT, start } from "../support/child.ts";

const TIMEOUT_MS = 120_000;
const PROGRAM = `
import { dial, go, listen, run, sleep, timerFunc } from "../mod.ts";

// Without await, which CommonJS does not have at the top level.
run(function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  go(function* () {
    using conn = yield* listener.accept();
    const buf = new Uint8Array(5);
    yield* conn.readFull(buf);
    yield* conn.write(buf);
  });
  // Long enough to be idle in the host's loop, where Bun starts its helper.
  yield* sleep(50);
  using conn = yield* dial("tcp", String(listener.addr));
  timerFunc(50, function* () {
    yield* conn.write(new TextEncoder().encode("hello"));
  });
  const buf = new Uint8Array(5);
  yield* conn.readFull(buf);
  console.log("echoed", new TextDecoder().decode(buf));
});
`;

const CORES = `
import { dial, type Routine, run } from "../mod.ts";
import { openReactor, openWorkerPool } from "../reactor.ts";

await run(function* () {
  const module = new URL("./handler.ts", import.meta.url);
  {
    using reactor = yield* openReactor(module, { workers: 2 });
    const addr = yield* reactor.listen("tcp", "127.0.0.1:0");
    for (let i = 0; i < 4; i++) {
      using conn = yield* dial("tcp", String(addr));
      yield* conn.write("hello");
      const buf = new Uint8Array(5);
      yield* conn.readFull(buf);
      if (i === 3) console.log("echoed", new TextDecoder().decode(buf));
    }
    yield* reactor.shutdown();
  }
  using pool = yield* openWorkerPool<{ twice(n: number): Routine<number> }>(module, { workers: 1 });
  console.log("twice", yield* pool.submit("twice", 21));
});
`;

const EXPLORE = `
import { explore } from "../sim.ts";

const module = new URL("./handler.ts", import.meta.url);
const { runs, failed } = await explore({ runs: 40, workers: 2, strategies: ["random"] }, module);
console.log("explored", runs, failed);
const found = await explore({ runs: 40, workers: 2, faults: "storm" }, module).catch((error) => error);
console.log(found.name, found.repeats);
`;

const EXPLORED = `
import { dial, listen, type Routine } from "../mod.ts";
import type { Simulation } from "../sim.ts";
IMPORT

export default function* main(sim: Simulation): Routine<void> {
  const server = sim.host("server");
  server.go(function* () {
    using listener = yield* listen("tcp", ":7");
    using conn = yield* listener.accept();
    yield* conn.write("hello");
  });
  using conn = yield* dial("tcp", "server:7");
  const n = yield* conn.read(new Uint8Array(5));
  if (n !== 5) throw new RangeError(\`a message of \${n} bytes\`);
}
`;

const HANDLER = `
import { type Conn, type Routine, sleep } from "../mod.ts";
IMPORT

export function* handle(conn: Conn): Routine<void> {
  const buf = new Uint8Array(5);
  yield* conn.readFull(buf);
  // The library of the handler is that of the worker.
  yield* sleep(1);
  yield* conn.write(buf);
}

export function* twice(n: number): Routine<number> {
  yield* sleep(1);
  return 2 * n;
}
`;

/** A reactor whose only worker is terminated, and once more while it starts again. */
const RESTARTED = `
import { run, sleep } from "../mod.ts";
import { openReactor } from "../reactor.ts";

await run(function* () {
  const starts = new Int32Array(new SharedArrayBuffer(4));
  using reactor = yield* openReactor(new URL("./handler.ts", import.meta.url), {
    workers: 1,
    data: starts,
    restart: { delay: 1 },
    onWorkerEnd: ({ error }) => console.log("ended", error),
  });
  const [worker] = reactor.workers;
  worker.terminate();
  while (Atomics.load(starts, 0) < 2) yield* sleep(1);
  worker.terminate();
  while (worker.state === "starting") yield* sleep(1);
});
`;

/** The second time it never gets to serve. */
const STARTS_ONCE = `
import { workerData } from "node:worker_threads";
import type { Conn, Routine } from "../mod.ts";
import "../reactor.ts";

if (Atomics.add(workerData.data, 0, 1) > 0) await new Promise((resolve) => setTimeout(resolve, 600_000));

export function* handle(conn: Conn): Routine<void> {
  yield* conn.write("hello");
}
`;

/** Files of a program by their names. */
type Files = Readonly<Record<string, string>>;

/**
 * Builds a program in a copy of the checkout by `command`, in which IN and HANDLER stand for its files,
 * and OUT and DIR for what is built and its folder.
 */
function build(files: Files, command: readonly string[], dir: string): void {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const copy = mkdtempSync(join(ROOT, ".cache", "bundle-"));
  try {
    for (const part of ["src", "platforms", "mod.ts", "reactor.ts", "sim.ts"]) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    const app = join(copy, "app");
    mkdirSync(app);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(app, name), text);
    const places = { HANDLER: join(app, "handler.ts"), IN: join(app, "main.ts"), ...built(dir) };
    const [program, ...args] = command.map((arg) => placed(arg, places));
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: copy, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function built(dir: string): Record<string, string> {
  return { OUT: join(dir, "main.js"), DIR: dir };
}

function placed(arg: string, places: Readonly<Record<string, string>>): string {
  return arg.replace(/HANDLER|IN|OUT|DIR/, (name) => places[name] ?? name);
}

/** Builds by `command` and runs by `runner`, in an empty folder; returns how that ended. */
async function outcome(
  files: Files,
  command: readonly string[],
  runner: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const dir = mkdtempSync(join(tmpdir(), "netpoll-bundle-"));
  try {
    build(files, command, dir);
    const [program, ...args] = runner.map((arg) => placed(arg, built(dir)));
    await using child = start(program, args, { lifetime: TIMEOUT_MS });
    const { code } = await child.exit;
    return { code, stdout: child.stdout.text, stderr: child.stderr.text };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** As {@linkcode outcome}; the program must end well and print `expected`. */
async function prints(
  files: Files,
  command: readonly string[],
  runner: readonly string[],
  expected: string,
): Promise<void> {
  const { code, stdout, stderr } = await outcome(files, command, runner);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: expected }, stderr);
}

function echoes(command: readonly string[], runner: readonly string[]): Promise<void> {
  return prints({ "main.ts": PROGRAM }, command, runner, "echoed hello\n");
}

const runtime = process.execPath;

/** The builds of this runtime: name, command, and how the result is run. */
const BUILDS: readonly (readonly [name: string, command: string[], runner: string[]])[] = isDeno
  ? [["deno bundle", [runtime, "bundle", "--platform", "deno", "-o", "OUT", "IN"], [
    runtime,
    "run",
    "-A",
    "OUT",
  ]]]
  : [
    ["bun build", [runtime, "build", "--target=bun", "--outfile=OUT", "IN"], [runtime, "OUT"]],
    ["bun build --minify", [
      runtime,
      "build",
      "--target=bun",
      "--minify",
      "--outfile=OUT",
      "IN",
    ], [runtime, "OUT"]],
    ["bun build --compile", [runtime, "build", "--compile", "--outfile=OUT", "IN"], ["OUT"]],
    // Compiled to CommonJS.
    ["bun build --bytecode", [
      runtime,
      "build",
      "--compile",
      "--bytecode",
      "--outfile=OUT",
      "IN",
    ], ["OUT"]],
  ];

for (const [name, command, runner] of BUILDS) {
  test(
    `${name}: the bundled program is self-contained`,
    { timeout: TIMEOUT_MS },
    () => echoes(command, runner),
  );
}

/** esbuild makes one file for either. */
test("esbuild: the bundled program is self-contained", { timeout: TIMEOUT_MS }, () =>
  echoes(
    [
      join(ROOT, "node_modules/.bin/esbuild"),
      "IN",
      "--bundle",
      "--format=esm",
      "--platform=node",
      "--external:bun:ffi",
      "--external:@deno/shim-deno",
      "--outfile=OUT",
    ],
    isDeno ? [runtime, "run", "-A", "OUT"] : [runtime, "OUT"],
  ));

/** The files of a program with a reactor and a pool; the handler imports what starts it in a bundle. */
function coresFiles(imported: boolean): Files {
  const line = imported ? 'import "../reactor.ts";' : "";
  return { "main.ts": CORES, "handler.ts": HANDLER.replace("IMPORT", line) };
}

const ESBUILD = [
  join(ROOT, "node_modules/.bin/esbuild"),
  "IN",
  "HANDLER",
  "--bundle",
  "--format=esm",
  "--platform=node",
  "--external:bun:ffi",
  "--external:@deno/shim-deno",
  "--outdir=DIR",
];

/** The same of a program whose handler is a file of its own, as docs/guide/cores.md has them. */
const CORES_BUILDS: typeof BUILDS = isDeno
  ? [
    ["deno bundle", [runtime, "bundle", "--platform", "deno", "--outdir", "DIR", "IN", "HANDLER"], [
      runtime,
      "run",
      "-A",
      "OUT",
    ]],
    ["esbuild", ESBUILD, [runtime, "run", "-A", "OUT"]],
  ]
  : [
    ["bun build", [runtime, "build", "--target=bun", "--outdir=DIR", "IN", "HANDLER"], [
      runtime,
      "OUT",
    ]],
    ["bun build --compile", [runtime, "build", "--compile", "--outfile=OUT", "IN", "HANDLER"], [
      "OUT",
    ]],
    ["esbuild --splitting", [...ESBUILD, "--splitting"], [runtime, "OUT"]],
  ];

for (const [name, command, runner] of CORES_BUILDS) {
  test(
    `${name}: workers of a reactor and of a pool start without the sources`,
    { timeout: TIMEOUT_MS },
    () => prints(coresFiles(true), command, runner, "echoed hello\ntwice 42\n"),
  );
}

/** The same of an exploration, whose program is a module. */
function exploreFiles(imported: boolean): Files {
  const line = imported ? 'import "../sim.ts";' : "";
  return { "main.ts": EXPLORE, "handler.ts": EXPLORED.replace("IMPORT", line) };
}

// On Deno the first suffices: esbuild's output is that of the test on Bun.
for (const [name, command, runner] of isDeno ? CORES_BUILDS.slice(0, 1) : CORES_BUILDS) {
  test(
    `${name}: workers of an exploration start without the sources`,
    { timeout: TIMEOUT_MS },
    () => prints(exploreFiles(true), command, runner, "explored 40 0\nExplorationError true\n"),
  );
}

test(
  "a bundled program of an exploration that does not import the library is named in the error",
  { timeout: TIMEOUT_MS },
  async () => {
    const [, command, runner] = CORES_BUILDS[0];
    const { code, stdout, stderr } = await outcome(exploreFiles(false), command, runner);
    assert.notEqual(code, 0);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /Cannot start a worker of a bundle as .*handler\.js does not import .*sim/,
    );
  },
);

test(
  "a bundled handler that cannot start its worker is named in the error",
  { timeout: TIMEOUT_MS },
  async () => {
    const [, command, runner] = CORES_BUILDS[0];
    const { code, stdout, stderr } = await outcome(coresFiles(false), command, runner);
    assert.notEqual(code, 0);
    assert.equal(stdout, "");
    assert.match(stderr, /Cannot start a worker of a bundle as .*handler\.js does not import/);
  },
);

test(
  "a bundled worker that is terminated while it starts is not said to lack an import",
  { timeout: TIMEOUT_MS },
  () => {
    const [, command, runner] = CORES_BUILDS[0];
    const files = { "main.ts": RESTARTED, "handler.ts": STARTS_ONCE };
    return prints(files, command, runner, "ended null\nended null\n");
  },
);
