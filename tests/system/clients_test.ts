// SPDX-License-Identifier: MIT
/**
 * Clients that are not ours against the echo example: socat, curl, the load generator in C and
 * `node:net`, well-behaved and not. Needs socat, curl and gcc.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../support/child.ts";
import {
  connectTo,
  type EchoServer,
  receive,
  roundTrip,
  startEcho,
} from "../support/echo_server.ts";
import { buildLoad } from "../support/load.ts";
import { succeed } from "../support/tools.ts";

const TIMEOUT_MS = 60_000;
const MIB = 1 << 20;
/** How much a server may grow: a runtime's heap breathes by so much, and connections hold 16 KiB. */
const GROWTH = 64 * MIB;

/** A test with a server of its own, which must be left as it was found and have nothing to say. */
function against(name: string, body: (server: EchoServer, folder: string) => Promise<void>): void {
  test(name, { timeout: TIMEOUT_MS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "netpoll-clients-"));
    try {
      await using server = await startEcho();
      await body(server, folder);
      await eventually("all connections closed", () => server.connections() === 0);
      server.child.kill("SIGTERM");
      assert.deepEqual(await server.child.exit, { code: 0, signal: null });
      assert.equal(server.child.stderr.text, "");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

against("socat transfers 32 MiB each way unchanged", async ({ port }, folder) => {
  const [sent, received] = [join(folder, "sent"), join(folder, "received")];
  const bytes = randomBytes(32 * MIB);
  writeFileSync(sent, bytes);
  const files = `OPEN:${sent},rdonly!!OPEN:${received},creat,wronly`;
  await succeed("socat", ["-t", "30", files, `TCP4:127.0.0.1:${port}`]);
  assert.ok(readFileSync(received).equals(bytes), "what came back differs");
});

against("curl receives the 16 MiB that it posts", async ({ port }, folder) => {
  const [sent, received] = [join(folder, "sent"), join(folder, "received")];
  const bytes = randomBytes(16 * MIB);
  writeFileSync(sent, bytes);
  // The method is a status line, so that curl's own request, echoed, is an answer to it.
  const method = ["-X", "HTTP/1.1 200 OK", "-H", "Expect:"];
  const data = ["--data-binary", `@${sent}`, "-o", received];
  await succeed("curl", ["-sS", ...method, ...data, `http://127.0.0.1:${port}/`]);
  assert.ok(readFileSync(received).equals(bytes), "what came back differs");
});

against(
  "a client that half-closes after its last byte receives everything back",
  async ({ port }, folder) => {
    const load = await buildLoad(folder);
    const answer = JSON.parse(
      await succeed(load, ["--port", String(port), "--bytes", String(64 * MIB)]),
    );
    assert.equal(answer.identical, true);
    assert.equal(answer.received, 64 * MIB);

    const socket = await connectTo(port);
    const bytes = randomBytes(4 * MIB);
    const all = receive(socket, Infinity);
    socket.end(bytes);
    assert.ok((await all).equals(bytes), "what came back differs");
    socket.destroy();
  },
);

against("500 connections at once each receive their own bytes", async (server) => {
  const sockets = await Promise.all(Array.from({ length: 500 }, () => connectTo(server.port)));
  const messages = sockets.map((_, i) => Buffer.alloc(64, `connection ${i} `));
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(sockets.map((s, i) => roundTrip(s, messages[i])));
    answers.forEach((answer, i) => assert.equal(answer.toString(), messages[i].toString()));
  }
  assert.equal(server.connections(), 500);
  sockets.forEach((socket) => socket.destroy());
});

/** Resets that this machine has sent so far. */
function resetsSent(): number {
  const [names, values] = readFileSync("/proc/net/snmp", "utf8").match(/^Tcp: .*$/gm)!;
  return Number(values.split(" ")[names.split(" ").indexOf("OutRsts")]);
}

against("clients that reset their connections do not affect others", async (server, folder) => {
  const { port } = server;
  const steady = await connectTo(port);
  const sent = join(folder, "sent");
  writeFileSync(sent, randomBytes(MIB));
  const resets = resetsSent();
  for (let i = 0; i < 10; i++) {
    // With linger 0 the close is a reset, while echoes are under way.
    await succeed("socat", ["-u", `OPEN:${sent}`, `TCP4:127.0.0.1:${port},linger=0`]);
    const message = Buffer.from(`message ${i}`);
    assert.equal(String(await roundTrip(steady, message)), String(message));
  }
  assert.ok(resetsSent() - resets >= 10, "the clients did not reset");
  await eventually("the vanished are closed", () => server.connections() === 1);
  steady.destroy();
});

against("clients that never read cost little, and others continue", async (server) => {
  const steady = await connectTo(server.port);
  const message = Buffer.alloc(1000, "steady ");
  await roundTrip(steady, message);
  const before = server.memory();
  const silent = await Promise.all(Array.from({ length: 20 }, () => connectTo(server.port)));
  let accepted = 0;
  const chunk = Buffer.alloc(32 * MIB);
  for (const socket of silent) {
    socket.pause();
    socket.write(chunk, () => accepted++);
  }
  for (let i = 0; i < 500; i++) {
    assert.ok((await roundTrip(steady, message)).equals(message));
  }
  // Nothing moves any more when the kernel's buffers are full.
  let growth = 0;
  for (let last = -1; last !== growth;) {
    last = growth;
    await new Promise((resolve) => setTimeout(resolve, 300));
    growth = Math.max(growth, server.memory() - before);
  }
  assert.equal(accepted, 0, "32 MiB went out to a server that nobody reads from");
  assert.ok(growth < GROWTH, `it grew by ${growth} bytes`);
  assert.ok((await roundTrip(steady, message)).equals(message));
  [...silent, steady].forEach((socket) => socket.destroy());
});
