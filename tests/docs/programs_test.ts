// SPDX-License-Identifier: MIT
/**
 * The programs of the documentation do what is said of them, as they stand there; and every one that
 * serves, in README.md, docs or a hover, survives a client that resets its connection.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type Conn, dial, type Routine, run, sleep } from "../../mod.ts";
import { type Child, isDeno, start } from "../support/child.ts";
import { freePort } from "../support/free_port.ts";

const root = new URL("../../", import.meta.url);

/** Timeout for the compiler, which is slow on a busy machine. */
const LIFETIME_MS = 100_000;
const PAGES = [
  "docs/servers.md",
  "docs/overload.md",
  "docs/buffered.md",
  "docs/proxy_protocol.md",
  "docs/debug.md",
  "docs/guide/first-server.md",
  "docs/guide/production.md",
];

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
function having(
  page: string,
  args: (config: string, folder: string) => string[],
  body: (child: Child) => Promise<void>,
): Promise<void> {
  return havingFiles(programsOf(page), args, body);
}

/** As {@linkcode having}, of files by their names. */
async function havingFiles(
  files: ReadonlyMap<string, string>,
  args: (config: string, folder: string) => string[],
  body: (child: Child) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-"));
  try {
    for (const [file, source] of files) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, source);
    }
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
  return having(page, runs(name), body);
}

/** The arguments that run a file of the folder. */
function runs(name: string): (config: string, folder: string) => string[] {
  return (config, folder) => {
    const args = isDeno ? ["run", "-A", "--no-check", "--config", config] : [];
    return [...args, join(folder, name)];
  };
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

test("the event handlers answer whole lines", () =>
  talking("docs/servers.md", "shouts.ts", function* (conn) {
    yield* exchange(conn, "one line\nand a ha", "hello\nONE LINE\n");
    yield* exchange(conn, "lf\n", "AND A HALF\n");
  }));

test("the goroutines answer in capital letters", () =>
  talking("docs/servers.md", "lines.ts", function* (conn) {
    yield* exchange(conn, "one line", "ONE LINE");
  }));

test("the chat delivers a line to every member, and survives a line that is too long", () =>
  running("docs/servers.md", "chat.ts", async (child) => {
    const [, address] = await child.stdout.match(/^listening on (\S+)$/m);
    await run(function* () {
      using first = yield* dial("tcp", address);
      yield* exchange(first, "hello\n", "hello\n");
      using second = yield* dial("tcp", address);
      yield* exchange(second, "hi\n", "hi\n");
      yield* exchange(first, "", "hi\n");
      yield* second.write("x".repeat(5000));
      assert.equal(yield* second.read(new Uint8Array(1)), null);
      using third = yield* dial("tcp", address);
      yield* exchange(third, "good bye\n", "good bye\n");
      yield* exchange(first, "", "good bye\n");
      child.kill("SIGTERM");
      assert.equal(yield* first.read(new Uint8Array(1)), null);
    });
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
  }));

test("the handler serves in workers", () =>
  talking("docs/servers.md", "cores.ts", function* (conn) {
    yield* exchange(conn, "hello", "worker 0\nhello");
  }));

test("the workers answer datagrams, and the sum of their counters is printed", () =>
  running("docs/servers.md", "datagrams.ts", async (child) => {
    const [, address] = await child.stdout.match(/^listening on (\S+)$/m);
    await run(function* () {
      using conn = yield* dial("udp", address);
      const buf = new Uint8Array(64);
      yield* conn.write(new TextEncoder().encode("hi"));
      const n = yield* conn.read(buf);
      assert.equal(new TextDecoder().decode(buf.subarray(0, n)), "good day");
    });
    child.kill("SIGTERM");
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
    assert.match(child.stdout.text, /\n\d+ bytes read\n$/);
  }));

test("the server with limits echoes", () =>
  talking("docs/overload.md", "limits.ts", function* (conn) {
    yield* exchange(conn, "hello", "hello");
  }));

test("the pool does its job, and the program exits", () =>
  running("docs/overload.md", "pool.ts", async (child) => {
    assert.equal((await child.exit).code, 0);
    assert.equal(child.stdout.text, "75025\n");
  }));

test("the line server answers lines, and one that is too long", () =>
  talking("docs/buffered.md", "lines.ts", function* (conn) {
    yield* exchange(conn, "one\r\ntw", "3 one\n");
    yield* exchange(conn, `o\n${"x".repeat(5000)}\nthree\n`, "3 two\nline too long\n5 three\n");
    yield* exchange(conn, "QUIT\n", "");
    assert.equal(yield* conn.read(new Uint8Array(1)), null);
  }));

test("bytes before the handshake are refused", () =>
  running("docs/buffered.md", "starttls.ts", async (child) => {
    assert.equal((await child.exit).code, 0);
    assert.equal(child.stdout.text, "true\n6 bytes before the handshake\n");
  }));

test("the words are counted", () =>
  running("docs/buffered.md", "words.ts", async (child) => {
    assert.equal((await child.exit).code, 0);
    assert.equal(child.stdout.text, "2 6\n");
  }));

test("the frame server echoes frames", () =>
  talking("docs/buffered.md", "frames.ts", function* (conn) {
    yield* exchange(conn, "\0\x05hello\0", "\0\x05hello");
    yield* exchange(conn, "\x01!", "\0\x01!");
  }));

test("the server behind a proxy greets the announced client", () =>
  talking("docs/proxy_protocol.md", "behind_proxy.ts", function* (conn) {
    const through = `through ${conn.localAddr}`;
    const greeting = `client 192.0.2.1:1111 ${through}, to 192.0.2.2:80\n`;
    const header = "PROXY TCP4 192.0.2.1 192.0.2.2 1111 80\r\n";
    for (const start of ["", "PROXY", "GET / HTTP/1.1\r\n", header]) {
      const other = yield* dial("tcp", String(conn.remoteAddr));
      yield* other.write(start);
      other.abort();
    }
    yield* exchange(conn, header, greeting);
  }));

/** The programs of all pages, by their page and name. */
function allPrograms(): Map<string, string> {
  const pages = PAGES.map((page) => [page.replaceAll("/", "-"), programsOf(page)] as const);
  return new Map(
    pages.flatMap(([page, programs]) =>
      [...programs].map(([name, source]) => [join(page, name), source])
    ),
  );
}

// All at once: the compiler reads the library each time that it starts.
test("the programs pass the type check", { skip: !isDeno && "Bun checks no types" }, () => {
  const files = allPrograms();
  assert.ok(files.size > PAGES.length, "pages without programs");
  return havingFiles(files, (config, folder) => {
    const paths = [...files.keys()].map((name) => join(folder, name));
    return ["check", "--quiet", "--config", config, ...paths];
  }, async (child) => {
    const { code } = await child.exit;
    assert.equal(code, 0, child.stderr.text);
  });
});

/** A program that serves: its files, and which of them is run. */
interface Serving {
  readonly files: ReadonlyMap<string, string>;
  readonly name: string;
}

/** The blocks of code of a file, without the stars of a comment. */
function blocksOf(file: string): string[] {
  const text = readFileSync(new URL(file, root), "utf8").replaceAll(/^ +\* ?/gm, "");
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, source]) => source);
}

/** A line of a hover that serves, in a program that has what it needs. */
function aroundHover(source: string): string {
  return `import { limit } from "@netpoll/netpoll/reactor";
    import { listen, notify, run, serve } from "@netpoll/netpoll";
    function* handle(conn) {
      const buf = new Uint8Array(4096);
      for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
    }
    await run(function* () { ${source} });
    void [limit, notify];`;
}

/** The module that programs with workers name. */
const ECHO_HANDLER = `import type { Conn, Routine } from "@netpoll/netpoll";
  export function* handle(conn: Conn): Routine<void> {
    const buf = new Uint8Array(4096);
    for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
  }`;

/** The sources of this library, and of its entries. */
function* sources(): Generator<string> {
  for (const entry of ["mod.ts", "event.ts", "reactor.ts"]) yield entry;
  for (const file of readdirSync(new URL("src/", root), { recursive: true })) {
    if (String(file).endsWith(".ts")) yield `src/${String(file).replaceAll("\\", "/")}`;
  }
}

/** Every program that listens and runs until it is ended. */
function* serving(): Generator<[title: string, program: Serving]> {
  for (const page of PAGES) {
    const files = programsOf(page);
    for (const [name, source] of files) {
      // Clients of that one begin with a header; its own test resets them.
      if (source.includes("proxyProtocol")) continue;
      if (/\bserve\(/.test(source)) yield [`${name} of ${page}`, { files, name }];
    }
  }
  for (const file of ["README.md", ...sources()]) {
    for (const [i, source] of blocksOf(file).entries()) {
      const whole = source.includes("await run(");
      const hover = /\bserve\(listener, handle/.test(source) && source.includes("yield* listen(");
      if (!(whole && /\b(serve|listen)\(/.test(source) || hover)) continue;
      const text = whole ? source : aroundHover(source);
      const missing = !whole || /import /.test(text)
        ? text
        : `import { run } from "@netpoll/netpoll";
        import { serve } from "@netpoll/netpoll/event";
        ${text}`;
      const files = new Map([["a.ts", here(missing)], ["echo_handler.ts", here(ECHO_HANDLER)]]);
      yield [`block ${i + 1} of ${file}`, { files, name: "a.ts" }];
    }
  }
}

/** The program on a port that is known, as not every one prints its own. */
function onPort(files: ReadonlyMap<string, string>, port: number): Map<string, string> {
  const addresses = /"(tcp:\/\/)?(?:127\.0\.0\.1|0\.0\.0\.0)?:\d+"/g;
  return new Map(
    [...files].map(([name, source]) => [
      name,
      source.replaceAll(
        addresses,
        (_, scheme = "") => JSON.stringify(`${scheme}127.0.0.1:${port}`),
      ),
    ]),
  );
}

/** A connection, as soon as the program listens. */
function* connected(address: string, child: Child): Routine<Conn> {
  for (;;) {
    try {
      return yield* dial("tcp", address);
    } catch (error) {
      if (child.ended) throw error;
      yield* sleep(10);
    }
  }
}

/** A whole message to each of them: bytes, a line, and a frame of one byte. */
const MESSAGE = new Uint8Array([0, 1, 10]);

/** Resets connections while one goes on, and looks whether the program serves both that and others. */
function* resets(address: string, child: Child): Routine<void> {
  using steady = yield* connected(address, child);
  const speaks = function* (conn: Conn): Routine<void> {
    yield* conn.write(MESSAGE);
    assert.ok((yield* conn.read(new Uint8Array(4096)))! > 0, "it answers");
  };
  yield* speaks(steady);
  for (let i = 0; i < 3; i++) {
    const rude = yield* dial("tcp", address);
    yield* speaks(rude);
    yield* rude.write(MESSAGE);
    rude.abort();
    // Reset before it is accepted, most likely.
    (yield* dial("tcp", address)).abort();
  }
  using later = yield* dial("tcp", address);
  yield* speaks(later);
  yield* speaks(steady);
}

for (const [title, { files, name }] of serving()) {
  test(`${title} survives resets${files.get(name)!.includes("notify(") ? " and stops on SIGINT" : ""}`, async () => {
    const port = await freePort();
    await havingFiles(onPort(files, port), runs(name), async (child) => {
      await run(() => resets(`127.0.0.1:${port}`, child));
      assert.equal(child.ended, false, child.stderr.text);
      if (!files.get(name)!.includes("notify(")) return;
      child.kill("SIGINT");
      assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
    });
  });
}

test("the serving programs are found", () => {
  const titles = [...serving()].map(([title]) => title);
  for (
    const title of [
      "block 1 of README.md",
      "block 1 of mod.ts",
      "lines.ts of docs/servers.md",
      "chat.ts of docs/servers.md",
      "shouts.ts of docs/servers.md",
      "cores.ts of docs/servers.md",
      "limits.ts of docs/overload.md",
      "block 1 of src/serve/serve.ts",
      "block 1 of src/net/listen.ts",
      "block 1 of src/event/serve.ts",
    ]
  ) assert.ok(titles.includes(title), `${title} is not among ${titles.join(", ")}`);
});

test("no page, hover or example has an accept loop that a reset ends", () => {
  const pages = ["README.md", ...PAGES, ...sources()];
  for (const page of pages) {
    const loops = blocksOf(page).filter((source) =>
      /go\(\w+, yield\* \w+\.accept\(\)/.test(source)
    );
    assert.deepEqual(loops, [], page);
  }
});
