// SPDX-License-Identifier: MIT
/** The first program of README.md, and that of mod.ts, run as they stand there. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { dial, run, sleep } from "../../mod.ts";
import { freePort } from "../support/free_port.ts";

const root = new URL("../../", import.meta.url);

/** The code between the first fence of `file` and the next, without the stars of a comment. */
function firstProgram(file: string): string {
  const text = readFileSync(new URL(file, root), "utf8").replaceAll(/^ \* ?/gm, "");
  const found = /```ts\n([\s\S]*?)```/.exec(text);
  assert.ok(found, `${file} has no program`);
  return found[1];
}

for (const file of ["README.md", "mod.ts"]) {
  test(`the program of ${file} echoes`, async () => {
    const port = await freePort();
    const source = firstProgram(file)
      .replace("@netpoll/netpoll", new URL("mod.ts", root).href)
      .replace("127.0.0.1:8080", `127.0.0.1:${port}`);
    const folder = mkdtempSync(join(tmpdir(), "netpoll-"));
    const program = join(folder, "program.ts");
    writeFileSync(program, source);
    const config = new URL("deno.json", root).pathname;
    const args = "Deno" in globalThis ? ["run", "-A", "--no-check", "--config", config] : [];
    const child = spawn(process.execPath, [...args, program], { stdio: "inherit" });
    try {
      assert.equal(await answer(port), "hello");
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
      rmSync(folder, { recursive: true });
    }
  });
}

/** What the echo says to "hello", as soon as there is one. */
function answer(port: number): Promise<string> {
  return run(function* () {
    for (let tries = 0;; tries++) {
      try {
        using conn = yield* dial("tcp", `127.0.0.1:${port}`);
        const buf = new Uint8Array(5);
        yield* conn.write(new TextEncoder().encode("hello"));
        yield* conn.readFull(buf);
        return new TextDecoder().decode(buf);
      } catch (error) {
        if (tries > 1000) throw error;
        yield* sleep(10);
      }
    }
  });
}

/** README.md by its headings; the text before the first is under "". */
function sections(): Map<string, string> {
  const parts = readFileSync(new URL("README.md", root), "utf8").split(/^## (.*)\n/m);
  const found = new Map([["", parts[0]]]);
  for (let i = 1; i < parts.length; i += 2) found.set(parts[i], parts[i + 1]);
  return found;
}

test("README.md is a first page with a line, an installation, a program and a picture", () => {
  const all = sections();
  const head = all.get("")!;
  const [title, line] = head.split("\n\n");
  assert.match(title, /^# \w+$/);
  assert.ok(line.split("\n").length === 1 && line.length <= 100, line);
  for (const way of ["bun add", "deno add jsr:", "npm i"]) assert.ok(head.includes(way), way);
  assert.equal([...head.matchAll(/!\[[^\]]+better[^\]]*\]\(docs\/plots\/\w+\.svg\)/g)].length, 1);
  const headings = ["", "Why not what the runtime has", "Read on", "Systems", "Contributing"];
  assert.deepEqual([...all.keys()], headings);
  assert.ok(readFileSync(new URL("README.md", root), "utf8").split("\n").length < 120);
});

test("README.md has five reasons, six next steps, and a mark in each cell of its table", () => {
  const all = sections();
  const items = (section: string) => [...all.get(section)!.matchAll(/^- /gm)].length;
  assert.equal(items("Why not what the runtime has"), 5);
  assert.equal(items("Read on"), 6);
  const [, , ...rows] = all.get("Systems")!.split("\n").filter((line) => line.startsWith("|"));
  assert.ok(rows.length >= 5);
  for (const row of rows) {
    const [, , poller, ...marks] = row.split("|").slice(0, -1).map((cell) => cell.trim());
    assert.match(poller, /^\w+$/);
    assert.equal(marks.length, 2);
    for (const mark of marks) assert.match(mark, /^[✓◐○–]$/, row);
  }
  assert.match(all.get("Contributing")!, /^npm start .*\nnpm test /m);
});
