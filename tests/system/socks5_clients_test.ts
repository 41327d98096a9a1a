// SPDX-License-Identifier: MIT
/** curl through the SOCKS5 proxy, to the server of HTTP. Needs curl. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { serveExample } from "../support/echo_clients.ts";
import { eventually, start } from "../support/child.ts";
import { descriptors, internetSockets } from "../support/open_files.ts";
import { succeed } from "../support/tools.ts";

const TIMEOUT_MS = 60_000;

test("curl connects through examples/socks5.ts", { timeout: TIMEOUT_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-socks5-"));
  try {
    await using web = await serveExample("examples/http.ts");
    await using proxy = await serveExample("examples/socks5.ts");
    const through = (kind: string) => ["-sS", kind, `127.0.0.1:${proxy.port}`];
    // By name the proxy looks it up, else curl does.
    for (const [kind, host] of [["--socks5-hostname", "localhost"], ["--socks5", "127.0.0.1"]]) {
      const url = `http://${host}:${web.port}`;
      assert.equal(await succeed("curl", [...through(kind), `${url}/`]), "Hello, World!\n");
      const [sent, received] = [join(folder, "sent"), join(folder, "received")];
      const bytes = randomBytes(4 << 20);
      writeFileSync(sent, bytes);
      const post = ["-X", "POST", "--data-binary", `@${sent}`, "-o", received, `${url}/echo`];
      await succeed("curl", [...through(kind), ...post]);
      assert.ok(readFileSync(received).equals(bytes), `what came back differs (${kind})`);
    }
    await using refused = start("curl", [...through("--socks5-hostname"), "http://localhost:1/"]);
    // 97: what the proxy said; 5 is "connection refused".
    assert.deepEqual(await refused.exit, { code: 97, signal: null });
    assert.match(refused.stderr.text, /localhost.*\(5\)/);
    for (const { child } of [web, proxy]) {
      await eventually(
        "all connections closed",
        () => internetSockets(descriptors(child.pid)).length === 1,
      );
      child.kill("SIGTERM");
      assert.deepEqual(await child.exit, { code: 0, signal: null });
      assert.equal(child.stderr.text, "");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
