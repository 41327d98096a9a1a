// SPDX-License-Identifier: MIT
/** curl, wrk and ab against the two servers of HTTP. Needs curl, wrk and apache2-utils. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { serveExample } from "../support/echo_clients.ts";
import { eventually } from "../support/child.ts";
import { descriptors, internetSockets } from "../support/open_files.ts";
import { succeed } from "../support/tools.ts";

const TIMEOUT_MS = 60_000;

/** A test against a server of its own, which must have no connection left and nothing to say. */
function against(
  name: string,
  body: (url: string, folder: string) => Promise<void>,
): void {
  for (const file of ["examples/http.ts", "examples/event_http.ts"]) {
    test(`${name} (${file})`, { timeout: TIMEOUT_MS }, async () => {
      const folder = mkdtempSync(join(tmpdir(), "netpoll-http-"));
      try {
        await using served = await serveExample(file);
        await body(`http://127.0.0.1:${served.port}`, folder);
        const { child } = served;
        await eventually(
          "all connections closed",
          () => internetSockets(descriptors(child.pid)).length === 1,
        );
        assert.equal(child.stderr.text, "");
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}

function curl(...args: string[]): Promise<string> {
  return succeed("curl", ["-sS", "--max-time", "30", ...args]);
}

against("curl sends several kinds of requests over one connection", async (url) => {
  const urls = ["/", "/slow", "/count", "/nowhere", "/"].map((path) => url + path);
  const what = ["-o", "/dev/null", "-w", "%{http_code} %{num_connects} %{size_download}\n"];
  const answers = await curl(
    ...urls.flatMap((one) => [...what.slice(0, 2), one]),
    ...what.slice(2),
  );
  assert.equal(answers, "200 1 14\n200 0 8\n200 0 3890\n404 0 13\n200 0 14\n");
  assert.match(await curl("-I", url), /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 14\r\n\r\n$/);
  assert.match(await curl("--http1.0", "-i", url), /connection: close\r\n\r\nHello, World!\n$/);
  assert.equal(await curl("--http2", url), "Hello, World!\n");
  assert.equal(await curl("-d", "shout", `${url}/upper`), "SHOUT");
});

against(
  "curl receives the 8 MiB that it posts, with a length and in chunks",
  async (url, folder) => {
    const [sent, received] = [join(folder, "sent"), join(folder, "received")];
    const bytes = randomBytes(8 << 20);
    writeFileSync(sent, bytes);
    // It waits for "100 Continue" before it sends so much.
    const post = ["-X", "POST", "--data-binary", `@${sent}`, "-o", received, `${url}/echo`];
    for (const headers of [[], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect:"]]) {
      await curl(...headers, ...post);
      assert.ok(readFileSync(received).equals(bytes), `what came back differs (${headers})`);
    }
  },
);

against("all requests of wrk are answered", async (url, folder) => {
  const pipeline = join(folder, "pipeline.lua");
  writeFileSync(
    pipeline,
    `function init() requests = wrk.format("GET", "/"):rep(16) end
     function request() return requests end
     function done(summary)
       local errors = summary.errors
       io.write("answered ", summary.requests, " refused ", errors.status, " broken ",
         errors.connect + errors.read + errors.write, "\\n")
     end`,
  );
  const load = ["-t", "1", "-c", "20", "-d", "1s"];
  for (const script of [["-s", pipeline], []]) {
    const report = await succeed("wrk", [...load, ...script, url]);
    assert.doesNotMatch(report, /Socket errors|Non-2xx/);
    if (script.length > 0) assert.match(report, /answered [1-9][0-9]* refused 0 broken 0\n/);
    else assert.match(report, / [1-9][0-9]* requests in /);
  }
});

against("all requests of ab are answered, with keep-alive and without", async (url) => {
  for (const keepAlive of [["-k"], []]) {
    const report = await succeed("ab", ["-q", "-n", "2000", "-c", "20", ...keepAlive, `${url}/`]);
    assert.match(report, /Complete requests: +2000\n/);
    assert.match(report, /Failed requests: +0\n/);
    if (keepAlive.length > 0) assert.match(report, /Keep-Alive requests: +2000\n/);
  }
});
