// SPDX-License-Identifier: MIT
/** Clients of HTTP against nginx, over streams of the library: undici and node:http2. */
import assert from "node:assert/strict";
import http2 from "node:http2";
import { test } from "node:test";
import { startProgram } from "../support/child.ts";
import { pool } from "./fixtures/undici_pool.ts";
import { nginx } from "./servers.ts";
import { BIG, dialStream, h2Stream, KINDS, TIMEOUT_MS } from "./streams.ts";

const REQUESTS = 2000;

for (const [kind, secure, dial] of KINDS) {
  test(`undici: thousands of requests, and 20 MB in each direction (${kind})`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using server = await nginx();
    const one = pool(() => dial(secure ? server.tlsPort : server.port));
    await one.put("/small", Buffer.from("small"));
    for (let i = 0; i < REQUESTS; i += 20) {
      const answers = Array.from({ length: 20 }, () => one.get("/small"));
      for (const answer of await Promise.all(answers)) assert.equal(String(answer), "small");
    }
    const sent = Buffer.alloc(BIG, "0123456789");
    await one.put("/big", sent);
    assert.ok(sent.equals(await one.get("/big")));
    await one.close();
  });
}

test("undici: a server is killed, and restarted", { timeout: TIMEOUT_MS }, async () => {
  await using server = await nginx();
  const one = pool(() => dialStream(server.port));
  await one.put("/small", Buffer.from("small"));
  await server.kill();
  await assert.rejects(one.get("/small"));
  await server.restart();
  assert.equal(String(await one.get("/small")), "small");
  await one.close();
});

test("undici: the process exits after close() of a pool", { timeout: TIMEOUT_MS }, async () => {
  await using server = await nginx();
  await using program = startProgram("tests/clients/fixtures/undici_close.ts", [
    String(server.port),
  ]);
  assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
  assert.equal(program.stdout.text, "small\n");
});

/** One request; returns the body of its answer. */
async function request(
  session: http2.ClientHttp2Session,
  method: string,
  path: string,
  body?: Buffer,
): Promise<Buffer> {
  const stream = session.request({ ":method": method, ":path": path });
  stream.end(body);
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

for (const secure of [false, true]) {
  const kind = secure ? "tlsDial" : "plain";
  test(`node:http2: thousands of requests, and 20 MB in each direction (${kind})`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using server = await nginx();
    const stream = await (secure ? h2Stream(server.tlsPort) : dialStream(server.h2Port));
    const session = http2.connect("http://localhost", { createConnection: () => stream });
    await request(session, "PUT", "/small", Buffer.from("small"));
    for (let i = 0; i < REQUESTS; i += 20) {
      const answers = Array.from({ length: 20 }, () => request(session, "GET", "/small"));
      for (const answer of await Promise.all(answers)) assert.equal(String(answer), "small");
    }
    const sent = Buffer.alloc(BIG, "0123456789");
    await request(session, "PUT", "/big", sent);
    assert.ok(sent.equals(await request(session, "GET", "/big")));
    // Not by once, which an error rejects: nginx may end the connection without a close_notify.
    const closed = new Promise((resolve) => stream.once("close", resolve));
    session.close();
    await closed;
  });
}
