// SPDX-License-Identifier: MIT
/** The example that shows what runs, as a program: over its socket, and on SIGQUIT. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Stats } from "../../mod.ts";
import { onWindows } from "../support/harness.ts";
import { connectTo, receive, serveExample } from "../support/echo_clients.ts";

/** What the example's watchdog says. */
const SLOW = /^goroutine \d+ \[\w+\] ran for \d+ ms without yielding to others\n/gm;

/** Requests `path`. Returns the status and the body. */
async function get(port: number, path: string): Promise<[status: number, body: string]> {
  const socket = await connectTo(port);
  const closed = once(socket, "close");
  socket.end(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  const text = (await receive(socket)).toString();
  await closed;
  const [head, ...body] = text.split("\r\n\r\n");
  return [Number(head.split(" ")[1]), body.join("\r\n\r\n")];
}

test("examples/seeing.ts serves the dump, the counters and a trace", async () => {
  await using served = await serveExample("examples/seeing.ts");
  const { port } = served;
  const [status, dump] = await get(port, "/dump");
  assert.equal(status, 200);
  assert.match(dump, /goroutine \d+ \[IO wait, \d+ ms\]: main \(fd \d+ tcp 127\.0\.0\.1:\d+\)\n/);
  assert.match(dump, /\]: worker/);
  assert.match(dump, /\[running\]: inspect\n {4}started at .*examples[\\/]seeing\.ts:\d+:\d+\n/);

  const counters = JSON.parse((await get(port, "/stats"))[1]) as Stats;
  assert.ok(counters.goroutines >= 6 && counters.switches > 0 && counters.bytesWritten > 0);
  assert.ok(counters.spawned === counters.goroutines + counters.finished);

  const trace = JSON.parse((await get(port, "/trace"))[1]) as { traceEvents: { ph: string }[] };
  for (const ph of ["M", "X", "s", "f"]) {
    assert.ok(trace.traceEvents.some((event) => event.ph === ph), `events of kind ${ph}`);
  }
  assert.equal((await get(port, "/nothing"))[0], 404);
  // The watchdog may speak: a machine with much else to do stops a goroutine in its midst.
  assert.equal(served.child.stderr.text.replaceAll(SLOW, ""), "");
});

const skip = onWindows && "Windows has no SIGQUIT";

test("SIGQUIT writes the dump to standard error, and the program continues", { skip }, async () => {
  await using served = await serveExample("examples/seeing.ts");
  for (let i = 0; i < 2; i++) {
    served.child.stderr.text = "";
    served.child.kill("SIGQUIT");
    await served.child.stderr.match(
      /SIGQUIT\n(.*\n)*goroutine \d+ \[IO wait, \d+ ms\]: main (.*\n)*$/,
    );
    assert.equal((await get(served.port, "/stats"))[0], 200);
  }
});
