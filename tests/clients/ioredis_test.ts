// SPDX-License-Identifier: MIT
/** The client ioredis against Redis, over streams of the library. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startProgram } from "../support/child.ts";
import { client } from "./fixtures/ioredis_client.ts";
import { redis } from "./servers.ts";
import { BIG, dialStream, KINDS, TIMEOUT_MS } from "./streams.ts";

for (const [kind, secure, dial] of KINDS) {
  test(`ioredis: thousands of commands and a large value (${kind})`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using server = await redis();
    const one = client(() => dial(secure ? server.tlsPort : server.port));
    for (let i = 0; i < 2000; i++) assert.equal(await one.incr("n"), i + 1);
    const many = Array.from(
      { length: 3000 },
      (_, i) => one.set(`k${i}`, i).then(() => one.get(`k${i}`)),
    );
    assert.deepEqual(await Promise.all(many), [...many.keys()].map(String));
    await one.set("big", "x".repeat(BIG));
    assert.equal((await one.getBuffer("big"))!.length, BIG);
    await one.quit();
  });
}

test("ioredis reconnects after its server was killed", { timeout: TIMEOUT_MS }, async () => {
  await using server = await redis();
  const one = client(() => dialStream(server.port));
  one.on("error", () => {});
  assert.equal(await one.incr("n"), 1);
  const closed = new Promise<void>((resolve) => one.once("close", resolve));
  // Held back by the server when it dies; the client sends it once more.
  const blocked = one.blpop("list", 0);
  await server.kill();
  await closed;
  await server.restart();
  const two = client(() => dialStream(server.port));
  await two.lpush("list", "element");
  assert.deepEqual(await blocked, ["list", "element"]);
  assert.equal(await one.incr("n"), 1);
  await two.quit();
  await one.quit();
});

test("ioredis: the process exits after quit()", { timeout: TIMEOUT_MS }, async () => {
  await using server = await redis();
  await using program = startProgram("tests/clients/fixtures/ioredis_quit.ts", [
    String(server.port),
  ]);
  assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
  assert.equal(program.stdout.text, "PONG\n");
});
