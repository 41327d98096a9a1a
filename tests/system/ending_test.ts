// SPDX-License-Identifier: MIT
/** How the echo example ends, by signals: in order. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Child, eventually, start, startProgram } from "../support/child.ts";
import { connectTo, receive, refusing, roundTrip, startEcho } from "../support/echo_server.ts";
import { buildLoad } from "../support/load.ts";

const TIMEOUT_MS = 60_000;
/** Of the example. */
const GRACE_MS = 2000;
/** Generous: what has nothing to wait for ends long before. */
const SOON_MS = 1500;
/** What container managers grant after SIGTERM before they kill: Docker's 10 s. */
const AT_LAST_MS = 10_000;

/** Its end, in order, and how many milliseconds after now. */
async function endOf(child: Child): Promise<number> {
  const start = performance.now();
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
  assert.equal(child.stderr.text, "");
  return performance.now() - start;
}

/** Resolves when the connection is over, however. */
function over(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.resume().once("end", resolve).once("close", resolve));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} ends an idle server`, { timeout: TIMEOUT_MS }, async () => {
    await using server = await startEcho();
    server.child.kill(signal);
    assert.ok(await endOf(server.child) < SOON_MS, "it waited for nobody");
  });

  test(`${signal}: open connections finish, new ones are refused`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using server = await startEcho();
    const socket = await connectTo(server.port);
    await roundTrip(socket, Buffer.from("before"));
    server.child.kill(signal);
    await refusing(server.port);
    // No part of a message under way is lost.
    const message = Buffer.alloc(4 << 20, "after the signal ");
    const all = receive(socket, Infinity);
    socket.end(message);
    assert.ok((await all).equals(message));
    socket.destroy();
    assert.ok(await endOf(server.child) < GRACE_MS, "it waited although all had finished");
  });

  test(`${signal}: idle connections are closed after the grace period`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using server = await startEcho();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connectTo(server.port)));
    for (const socket of sockets) await roundTrip(socket, Buffer.from("hello"));
    const start = performance.now();
    const closed = Promise.all(sockets.map(over));
    server.child.kill(signal);
    await closed;
    assert.ok(performance.now() - start > GRACE_MS - 50, "they were closed before their time");
    sockets.forEach((socket) => socket.destroy());
    await endOf(server.child);
  });
}

test("SIGTERM ends a server whose client never reads", { timeout: TIMEOUT_MS }, async () => {
  await using server = await startEcho();
  const [silent, other] = [await connectTo(server.port), await connectTo(server.port)];
  silent.pause();
  silent.write(Buffer.alloc(32 << 20));
  // The server serves both in turn, so after these it has met the unread data of the silent one.
  for (let i = 0; i < 100; i++) await roundTrip(other, Buffer.from("turn"));
  other.destroy();
  server.child.kill("SIGTERM");
  const took = await endOf(server.child);
  silent.destroy();
  assert.ok(took < AT_LAST_MS, `it took ${Math.round(took)} ms`);
});

test("SIGTERM ends a server under full load", { timeout: TIMEOUT_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-ending-"));
  try {
    const load = await buildLoad(folder);
    await using server = await startEcho();
    const args = ["--port", String(server.port), "--conns", "50", "--size", "64"];
    await using _clients = start(load, [...args, "--time", "30000"]);
    await eventually("the load is on", () => server.connections() === 50);
    server.child.kill("SIGTERM");
    const took = await endOf(server.child);
    assert.ok(took > GRACE_MS - 50, "the connections had no grace");
    assert.ok(took < AT_LAST_MS, `it took ${Math.round(took)} ms`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(
  "SIGTERM directly after the server has printed its address",
  { timeout: TIMEOUT_MS },
  async () => {
    const env = { HOST: "127.0.0.1", PORT: "0" };
    await using child = startProgram("examples/echo.ts", [], { env });
    await child.stdout.match(/^listening on/);
    child.kill("SIGTERM");
    await endOf(child);
  },
);

test("a second signal ends the server at once", { timeout: TIMEOUT_MS }, async () => {
  await using server = await startEcho();
  const socket = await connectTo(server.port);
  await roundTrip(socket, Buffer.from("hello"));
  server.child.kill("SIGINT");
  await refusing(server.port);
  server.child.kill("SIGINT");
  assert.deepEqual(await server.child.exit, { code: null, signal: "SIGINT" });
  socket.destroy();
});
