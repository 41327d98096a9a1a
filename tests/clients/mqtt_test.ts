// SPDX-License-Identifier: MIT
/** The client mqtt against Mosquitto, over streams of the library. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startProgram } from "../support/child.ts";
import { client, event } from "./fixtures/mqtt_client.ts";
import { mosquitto } from "./servers.ts";
import { BIG, dialStream, KINDS, TIMEOUT_MS } from "./streams.ts";

for (const [kind, secure, dial] of KINDS) {
  test(`mqtt: thousands of messages and a large one (${kind})`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using server = await mosquitto();
    const one = await client(() => dial(secure ? server.tlsPort : server.port));
    await one.subscribeAsync("numbers", { qos: 1 });
    const numbers: number[] = [];
    const large = Promise.withResolvers<number>();
    one.on("message", (topic, payload) => {
      if (topic === "big") large.resolve(payload.length);
      else numbers.push(Number(payload));
    });
    const sent = Array.from({ length: 3000 }, (_, i) => i);
    await Promise.all(sent.map((i) => one.publishAsync("numbers", String(i), { qos: 1 })));
    await one.subscribeAsync("big");
    await one.publishAsync("big", Buffer.alloc(BIG), { qos: 1 });
    assert.equal(await large.promise, BIG);
    assert.deepEqual(numbers, sent);
    await one.endAsync();
  });
}

test("mqtt detects that its server was killed, and reconnects", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using server = await mosquitto();
  const one = await client(() => dialStream(server.port));
  const closed = event(one, "close");
  await server.kill();
  await closed;
  await server.restart();
  await one.again();
  await one.subscribeAsync("news");
  const message = event(one, "message");
  await one.publishAsync("news", "back");
  assert.equal(String((await message)[1]), "back");
  await one.endAsync();
});

test("mqtt: the process exits after end()", { timeout: TIMEOUT_MS }, async () => {
  await using server = await mosquitto();
  await using program = startProgram("tests/clients/fixtures/mqtt_end.ts", [String(server.port)]);
  assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
  assert.equal(program.stdout.text, "hello\n");
});
