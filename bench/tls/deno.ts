// SPDX-License-Identifier: MIT
// Deno.listenTls, as in its documentation.
// deno-lint-ignore-file no-explicit-any
import { readFileSync } from "node:fs";
import process from "node:process";

const { PORT, CERT, KEY } = process.env as Record<string, string>;

async function echo(conn: any): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let n; (n = await conn.read(buffer)) !== null;) {
      for (let rest = buffer.subarray(0, n); rest.length > 0;) {
        rest = rest.subarray(await conn.write(rest));
      }
    }
  } catch {
    // The peer is gone.
  }
  try {
    conn.close();
  } catch {
    // Already closed.
  }
}

const listener = (globalThis as any).Deno.listenTls({
  hostname: "127.0.0.1",
  port: Number(PORT),
  cert: readFileSync(CERT, "utf8"),
  key: readFileSync(KEY, "utf8"),
});
for await (const conn of listener) void echo(conn);
