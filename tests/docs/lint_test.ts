// SPDX-License-Identifier: MIT
/**
 * The lint rules, as `deno lint`, oxlint and ESLint run them: each finds the same mistakes in a program, at
 * the same lines, and nothing in what is right. That they find nothing in this repository, `deno lint`
 * checks at every commit.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { isDeno, ROOT } from "../support/child.ts";

const TIMEOUT_MS = 120_000;

/** A file that the program imports. */
const HELPERS = `
import type { Conn, Routine } from "@netpoll/netpoll";
export function* greet(conn: Conn) { yield* conn.write("hello"); }
export function later(conn: Conn): Routine<number> { return conn.write("later"); }
export function plain(): number { return 1; }
export function* numbers(): Generator<number> { yield 1; }
`;

/** A program. A line that ends in the name of a rule has a mistake that the rule is to find. */
const PROGRAM = `
import * as netpoll from "@netpoll/netpoll";
import { type Conn, type Routine, chan, Chan as Channel, dial, go, listen, Mutex, pipe, run, scope, serve, sleep, wait as waitFor } from "@netpoll/netpoll";
import { openWorkerPool } from "@netpoll/netpoll/reactor";
import { greet, later, numbers, plain } from "./helpers.ts";
import { write } from "./unknown.ts";

const mutex = new Mutex();
class Server {
  readonly #lock = new Mutex();
  conn: Conn | null = null;
  *serve(conn: Conn) { yield* conn.read(new Uint8Array(1)); }
  *twice(conn: Conn) {
    this.serve(conn); // yield-star
    yield* this.serve(conn);
    this.#lock.lock(); // yield-star
    yield* this.#lock.lock();
    this.plain();
  }
  plain() {}
}
function* own(conn: Conn): Routine<void> {
  conn.write("bye"); // yield-star
  yield* conn.write("bye");
  sleep(100); // yield-star
  waitFor(Promise.resolve()); // yield-star
  netpoll.sleep(100); // yield-star
  mutex.lock(); // yield-star
  if (conn.read(new Uint8Array(1))) return; // yield-star
  const total = 1 + conn.read(new Uint8Array(1)); // yield-star
  const [a, b] = pipe();
  a.write("x"); // yield-star
  b!.close();
  yield conn.write("bye"); // yield-star
  for (const byte of conn.read(new Uint8Array(1))) console.log(byte, total); // yield-star
  console.log([...conn.read(new Uint8Array(1))]); // yield-star
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const accepted = yield* listener.accept();
  accepted.write("hi"); // yield-star
  const { fd } = listener.accept(); // yield-star
  dial("tcp", "127.0.0.1:1").write("x"); // yield-star
  console.log(fd, \`\${conn.read(new Uint8Array(1))}\`); // yield-star
  greet(conn); // yield-star
  later(conn); // yield-star
  own(conn); // yield-star
  conn.closing && conn.write("bye"); // yield-star
  const handle = go(own, conn);
  handle.join(); // yield-star
  const pool = yield* openWorkerPool("jobs.ts");
  pool.submit("job"); // yield-star
  yield* scope(function* (s) {
    s.wait(); // yield-star
  });
  yield* serve(listener, function* (one) {
    one.write("served"); // yield-star
  });
  // What is right, or what no rule can know.
  const kept = conn.write("later");
  yield* kept;
  void conn.write("meant");
  for (const number of numbers()) plain(number);
  console.log([...numbers()], plain());
  yield* netpoll.select(chan().onRecv(), null);
  go(() => conn.write("started"));
  const calls = [conn.write("one"), conn.write("two")];
  for (const call of calls) yield* call;
  write("not ours");
  {
    const conn = { write(_: string) {} };
    conn.write("another");
  }
  const read = (conn: { read(): void }) => conn.read();
  read({ read() {} });
  let ch: Channel<number> | Set<number> = new Set();
  ch.add(1);
}
async function asynchronous(conn: Conn) {
  await conn.read(new Uint8Array(1)); // yield-star
  await go(own, conn).join(); // yield-star
}
await run(async () => {}); // go-function
await run(asynchronous); // go-function
await run(function* () {
  go(own(await0())); // go-function
  go(greet(await0())); // go-function
  go(own, await0());
  go(plain);
  new Server();
});
function await0(): Conn { return pipe()[0]; }
`;

/** The mistakes that the program says it has: "12 yield-star". */
function expected(): string[] {
  return PROGRAM.split("\n").flatMap((line, i) => {
    const rule = /\/\/ (yield-star|go-function)$/.exec(line)?.[1];
    return rule === undefined ? [] : [`${i + 1} ${rule}`];
  });
}

interface Found {
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** Runs a linter in a folder with the program and its configuration. */
function lint(command: readonly string[], file: string, config: unknown): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "netpoll-lint-")));
  try {
    writeFileSync(join(folder, "helpers.ts"), HELPERS);
    writeFileSync(join(folder, "main.ts"), PROGRAM);
    writeFileSync(join(folder, "plain.js"), inJavaScript());
    writeFileSync(join(folder, file), typeof config === "string" ? config : JSON.stringify(config));
    const { stdout, stderr } = spawnSync(command[0], command.slice(1), {
      cwd: folder,
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    assert.notEqual(stdout, "", stderr);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `deno lint` finds. */
function denoLint(): Found[] {
  const config = { lint: { plugins: [join(ROOT, "lint.ts")], rules: { tags: [] } } };
  const deno = isDeno ? process.execPath : join(ROOT, "node_modules/.bin/deno");
  const out = JSON.parse(lint([deno, "lint", "--json", "main.ts"], "deno.json", config));
  assert.deepEqual(out.errors, []);
  return out.diagnostics.map((
    one: { range: { start: { line: number } }; code: string; message: string },
  ) => ({
    line: one.range.start.line,
    code: one.code,
    message: one.message,
  }));
}

/** The plugin in JavaScript, as the npm package has it: Node runs oxlint. */
function compiledPlugin(folder: string): string {
  const file = join(folder, "plugin.mjs");
  const { status, stderr } = spawnSync(join(ROOT, "node_modules/.bin/esbuild"), [
    join(ROOT, "lint.ts"),
    "--bundle",
    "--platform=node",
    "--format=esm",
    `--outfile=${file}`,
  ], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return file;
}

/** What oxlint finds, which runs the plugins of ESLint. */
function oxlint(folder: string, file = "main.ts"): Found[] {
  const rules = { "netpoll/yield-star": "error", "netpoll/go-function": "error" };
  const config = {
    jsPlugins: [compiledPlugin(folder)],
    categories: { correctness: "off" },
    rules,
  };
  const program = join(ROOT, "node_modules/.bin/oxlint");
  const out = JSON.parse(lint([program, "-f", "json", file], ".oxlintrc.json", config));
  return out.diagnostics.map((
    one: { labels: { span: { line: number } }[]; code: string; message: string },
  ) => ({
    line: one.labels[0].span.line,
    code: one.code.replace(/^netpoll\((.*)\)$/, "netpoll/$1"),
    message: one.message,
  }));
}

/** The program without its types: no parser for TypeScript goes with the compiler used here. */
function inJavaScript(): string {
  const program = join(ROOT, "node_modules/.bin/esbuild");
  const { stdout, stderr } = spawnSync(program, ["--loader=ts", "--target=esnext"], {
    input: PROGRAM,
    encoding: "utf8",
  });
  assert.notEqual(stdout, "", stderr);
  return stdout;
}

/** What ESLint finds in the program without its types. */
function eslint(folder: string): Found[] {
  const config = `
import netpoll from ${JSON.stringify(pathToFileURL(compiledPlugin(folder)).href)};
export default [{
  plugins: { netpoll },
  rules: { "netpoll/yield-star": "error", "netpoll/go-function": "error" },
}];`;
  const program = join(ROOT, "node_modules/eslint/bin/eslint.js");
  const command = ["node", program, "-f", "json", "plain.js"];
  const [{ messages }] = JSON.parse(lint(command, "eslint.config.mjs", config));
  return messages.map(
    ({ line, ruleId, message }: { line: number; ruleId: string; message: string }) => ({
      line,
      code: ruleId,
      message,
    }),
  );
}

function assertFound(found: readonly Found[]): void {
  const sorted = found.toSorted((a, b) => a.line - b.line);
  assert.deepEqual(
    sorted.map(({ line, code }) => `${line} ${code.replace("netpoll/", "")}`),
    expected(),
  );
  const write = found.find(({ message }) => message.includes("conn.write"));
  assert.match(
    write?.message ?? "",
    /^A call of conn\.write without yield\* does nothing: write yield\* conn\.write\(\.\.\.\)/,
  );
}

test("deno lint finds every mistake, and no other", () => assertFound(denoLint()));

test("oxlint finds the same mistakes", () => withFolder((folder) => assertFound(oxlint(folder))));

test("without types ESLint finds the same as oxlint", () =>
  withFolder((folder) => {
    const places = (found: readonly Found[]) =>
      found.map(({ line, code }) => `${line} ${code}`).sort();
    const found = places(eslint(folder));
    assert.deepEqual(found, places(oxlint(folder, "plain.js")));
    // Annotations are what a third of the mistakes is found by.
    assert.ok(found.length > expected().length / 2, found.join("\n"));
  }));

function withFolder(body: (folder: string) => void): void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "netpoll-plugin-")));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
