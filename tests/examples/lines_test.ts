// SPDX-License-Identifier: MIT
/** The example of a line protocol, by a client of `node:net`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectTo, receive, serveExample } from "../support/echo_clients.ts";

const TIMEOUT_MS = 60_000;

test("examples/lines.ts answers lines, including long ones and an unterminated last one", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using served = await serveExample("examples/lines.ts");
  const socket = await connectTo(served.port);
  socket.write("INCR a\r\nINCR a\nGE");
  assert.equal(String(await receive(socket, 4)), "1\n2\n");
  socket.write(`T a\nGET b\n${"x".repeat(10_000)}\nDEL a\nGET\nGET a b\n`);
  socket.end("GET a");
  const expected = [
    "2",
    "0",
    "ERROR more than 128 bytes",
    "ERROR one name expected",
    "ERROR one name expected",
    "2",
    "",
  ];
  expected.splice(3, 0, "ERROR unknown command");
  assert.equal(String(await receive(socket)), expected.join("\n"));
});

test("QUIT ends the connection of examples/lines.ts after the responses", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using served = await serveExample("examples/lines.ts");
  const socket = await connectTo(served.port);
  socket.write("INCR q\nQUIT\nINCR q\n");
  assert.equal(String(await receive(socket)), "1\n");
  socket.destroy();
});
