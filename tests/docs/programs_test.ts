// SPDX-License-Identifier: MIT
/** The programs of docs/servers.md, docs/overload.md and docs/buffered.md do what is said of them, as they stand there. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type Conn, dial, type Routine, run } from "../../mod.ts";
import { type Child, isDeno, start } from "../support/child.ts";

const root = new URL("../../", import.meta.url);

/** The compiler takes a while where others need the machine as well. */
const LIFETIME_MS = 100_000;
const PAGES = ["docs/servers.md", "docs/overload.md", "docs/buffered.md"];

/** The programs of a page, by the names in their first lines. */
function programsOf(page: string): Map<string, string> {
  const found = readFileSync(new URL(page, root), "utf8").matchAll(
    /^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm,
  );
  return new Map([...found].map(([, name, source]) => [name, here(source)]));
}

/** `source` as it runs in this repository, on any port. */
function here(source: string): string {
  return source.replaceAll("127.0.0.1:8080", "127.0.0.1:0").replaceAll(
    /"@netpoll\/netpoll(?:\/(\w+))?"/g,
    (_, part = "mod") => JSON.stringify(new URL(`${part}.ts`, root).href),
  );
}

/** Writes the programs of a page down, and has the runtime do `args` to one of them. */
async function having(
  page: string,
  args: (config: string, folder: string) => string[],
  body: (child: Child) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-"));
  try {
    for (const [file, source] of programsOf(page)) writeFileSync(join(folder, file), source);
    const config = new URL("deno.json", root).pathname;
    await using child = start(process.execPath, args(config, folder), { lifetime: LIFETIME_MS });
    await body(child);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a program. */
function running(
  page: string,
  name: string,
  body: (child: Child) => Promise<void>,
): Promise<void> {
  return having(page, (config, folder) => {
    const args = isDeno ? ["run", "-A", "--no-check", "--config", config] : [];
    return [...args, join(folder, name)];
  }, body);
}

/** Runs a program that listens, and talks to it. */
function talking(page: string, name: string, talk: (conn: Conn) => Routine<void>): Promise<void> {
  return running(page, name, async (child) => {
    const [, address] = await child.stdout.match(/^listening on (\S+)$/m);
    await run(function* () {
      using conn = yield* dial("tcp", address);
      yield* talk(conn);
    });
  });
}

/** Says `text`, and hears `answer`. */
function* exchange(conn: Conn, text: string, answer: string): Routine<void> {
  yield* conn.write(new TextEncoder().encode(text));
  const buf = new Uint8Array(new TextEncoder().encode(answer).length);
  yield* conn.readFull(buf);
  assert.equal(new TextDecoder().decode(buf), answer);
}

test("the table of callbacks answers whole lines", () =>
  talking("docs/servers.md", "shouts.ts", function* (conn) {
    yield* exchange(conn, "one line\nand a ha", "hello\nONE LINE\n");
    yield* exchange(conn, "lf\n", "AND A HALF\n");
  }));

test("the handler serves in workers", () =>
  talking("docs/servers.md", "cores.ts", function* (conn) {
    yield* exchange(conn, "hello", "worker 0\nhello");
  }));

test("the server with limits echoes", () =>
  talking("docs/overload.md", "limits.ts", function* (conn) {
    yield* exchange(conn, "hello", "hello");
  }));

test("the pool does its job, and the program ends", () =>
  running("docs/overload.md", "pool.ts", async (child) => {
    assert.equal((await child.exit).code, 0);
    assert.equal(child.stdout.text, "75025\n");
  }));

test("the server of lines answers them, and one that is too long", () =>
  talking("docs/buffered.md", "lines.ts", function* (conn) {
    yield* exchange(conn, "one\r\ntw", "3 one\n");
    yield* exchange(conn, `o\n${"x".repeat(5000)}\nthree\n`, "3 two\nline too long\n5 three\n");
    yield* exchange(conn, "QUIT\n", "");
    assert.equal(yield* conn.read(new Uint8Array(1)), null);
  }));

test("bytes in front of the handshake are refused", () =>
  running("docs/buffered.md", "starttls.ts", async (child) => {
    assert.equal((await child.exit).code, 0);
    assert.equal(child.stdout.text, "true\n6 bytes before the handshake\n");
  }));

test("the words are counted", () =>
  running("docs/buffered.md", "words.ts", async (child) => {
    assert.equal((await child.exit).code, 0);
    assert.equal(child.stdout.text, "2 6\n");
  }));

test("the server of frames echoes them", () =>
  talking("docs/buffered.md", "frames.ts", function* (conn) {
    yield* exchange(conn, "\0\x05hello\0", "\0\x05hello");
    yield* exchange(conn, "\x01!", "\0\x01!");
  }));

for (const page of PAGES) {
  test(
    `the programs of ${page} are well typed`,
    { skip: !isDeno && "Bun checks no types" },
    () =>
      having(page, (config, folder) => {
        const files = [...programsOf(page).keys()].map((name) => join(folder, name));
        return ["check", "--quiet", "--config", config, ...files];
      }, async (child) => {
        const { code } = await child.exit;
        assert.equal(code, 0, child.stderr.text);
      }),
  );
}
