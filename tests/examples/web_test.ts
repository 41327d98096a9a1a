// SPDX-License-Identifier: MIT
/** Handlers of the runtimes' servers and of frameworks that share a pool of connections, as programs. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { eventually, isDeno, startProgram } from "../support/child.ts";
import { serveExample } from "../support/echo_clients.ts";
import { onWine } from "../support/harness.ts";

/** Bun looks for these packages in folders that it cannot list there, see scripts/runners/sets.mjs. */
const NO_PACKAGES = onWine && !isDeno && "Bun under Wine does not find the package";

/** The programs, each with why it does not run here, or false. */
const PROGRAMS: Record<string, string | false> = {
  "examples/web/bun_serve.ts": isDeno && "Bun.serve is Bun's",
  "examples/web/deno_serve.ts": !isDeno && "Deno.serve is Deno's",
  "examples/web/hono.ts": NO_PACKAGES,
  "examples/web/elysia.mjs": NO_PACKAGES,
};

async function get(port: number, path: string): Promise<[status: number, text: string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return [response.status, await response.text()];
}

for (const [file, skip] of Object.entries(PROGRAMS)) {
  test(
    `${file}: handlers share a connection pool, even after a restart of Redis`,
    { skip },
    async () => {
      let redis = await serveExample("examples/redis.ts");
      const { port: redisPort } = redis;
      const env = { PORT: "0", REDIS: `127.0.0.1:${redisPort}` };
      await using child = startProgram(file, [], { env });
      const [, found] = await child.stdout.match(/^listening on 127\.0\.0\.1:(\d+)/m);
      const port = Number(found);
      try {
        const many = await Promise.all(Array.from({ length: 40 }, () => get(port, "/many")));
        assert.deepEqual(new Set(many.map(([status]) => status)), new Set([200]));
        const counts = many.map(([, text]) => Number(text)).sort((a, b) => a - b);
        assert.deepEqual(counts, Array.from({ length: 40 }, (_, i) => i + 1));
        // A client that disconnects at once cancels its call, and affects no connection.
        const gone = new AbortController();
        const request = fetch(`http://127.0.0.1:${port}/gone`, { signal: gone.signal });
        gone.abort();
        await assert.rejects(request);
        assert.deepEqual(await get(port, "/other"), [200, "1\n"]);
        await redis[Symbol.asyncDispose]();
        assert.equal((await get(port, "/many"))[0], 502);
      } finally {
        await redis[Symbol.asyncDispose]();
      }
      const again = startProgram("examples/redis.ts", [], {
        env: { HOST: "127.0.0.1", PORT: String(redisPort) },
      });
      redis = {
        child: again,
        port: redisPort,
        [Symbol.asyncDispose]: () => again[Symbol.asyncDispose](),
      };
      try {
        await again.stdout.match(/^listening on/m);
        await eventually("a count from the new Redis", async () => {
          return (await get(port, "/many"))[1] === "1\n";
        });
      } finally {
        await redis[Symbol.asyncDispose]();
      }
      if (process.platform === "win32") return; // SIGTERM kills a process there.
      child.kill("SIGTERM");
      assert.deepEqual(await child.exit, { code: 0, signal: null });
      assert.equal(child.stderr.text.includes("unhandled"), false);
    },
  );
}
