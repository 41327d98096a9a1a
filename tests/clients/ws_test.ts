// SPDX-License-Identifier: MIT
/** The client ws through nginx to its own server under Node, over streams of the library. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";
import type WebSocket from "ws";
import { start } from "../support/child.ts";
import { nginx } from "./servers.ts";
import { BIG, KINDS, TIMEOUT_MS } from "./streams.ts";

// By its path: Bun has a ws of its own, without createConnection.
const ws = createRequire(import.meta.url)("../../node_modules/ws/index.js") as typeof WebSocket;

/** Sends a message; returns the answer. */
async function echoed(socket: WebSocket, data: string | Buffer): Promise<Buffer> {
  const message = once(socket, "message");
  socket.send(data);
  return (await message)[0];
}

for (const [kind, secure, dial] of KINDS) {
  test(`ws: a thousand messages, a large one, and a killed server (${kind})`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using backend = start("node", ["tests/clients/fixtures/ws_server.mjs"]);
    const [, port] = await backend.stdout.match(/connections on (\d+)/);
    await using server = await nginx(Number(port));
    const stream = await dial(secure ? server.tlsPort : server.port);
    const socket = new ws("ws://localhost/ws", { createConnection: () => stream as never });
    await once(socket, "open");
    for (let i = 0; i < 1000; i++) assert.equal(String(await echoed(socket, `${i}`)), `${i}`);
    const sent = Buffer.alloc(BIG, "0123456789");
    assert.ok(sent.equals(await echoed(socket, sent)));
    const closed = Promise.all([once(socket, "close"), once(stream, "close")]);
    await backend[Symbol.asyncDispose]();
    await closed;
  });
}
