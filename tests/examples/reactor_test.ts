// SPDX-License-Identifier: MIT
/** The echo over all cores, and the server with a pool, as programs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { onWindows } from "../support/harness.ts";
import { checkEcho, connectTo, receive, serveExample } from "../support/echo_clients.ts";

const TIMEOUT_MS = 60_000;

test("examples/echo_cores.ts echoes, and ends in order", { timeout: TIMEOUT_MS }, async () => {
  await using server = await serveExample("examples/echo_cores.ts");
  await checkEcho(server.port);
  const idle = await connectTo(server.port);
  idle.write("hello");
  assert.equal(String(await receive(idle, 5)), "hello");
  // Windows has no signals of other processes: there it would be ended where it stands.
  if (onWindows) return void idle.destroy();
  server.child.kill("SIGTERM");
  assert.equal(String(await receive(idle)), "");
  idle.destroy();
  assert.deepEqual(await server.child.exit, { code: 0, signal: null });
  assert.equal(server.child.stderr.text, "");
});

test("examples/pool.ts responds while it computes", { timeout: TIMEOUT_MS }, async () => {
  await using server = await serveExample("examples/pool.ts");
  const ask = async (lines: string) => {
    const socket = await connectTo(server.port);
    socket.end(lines);
    const answer = String(await receive(socket));
    socket.destroy();
    return answer;
  };
  const long = ask("2000000\n");
  assert.equal(await ask("10\n100\nx\n"), "4\n25\nerror: no limit: NaN\n");
  assert.equal(await long, "148933\n");
  // A line is answered before the client ends its side, and is not collected without a limit.
  const open = await connectTo(server.port);
  open.on("error", () => {}); // It may be reset.
  open.write("10\n");
  assert.equal(String(await receive(open, 2)), "4\n");
  open.write("1".repeat(1000));
  assert.equal(String(await receive(open)), "");
  open.destroy();
});
