// SPDX-License-Identifier: MIT
/**
 * An echo server, a goroutine a connection: `npm start`. HOST and PORT come from the environment.
 * SIGINT or SIGTERM ends it in order; serving.ts says how.
 */
import type { Conn } from "../mod.ts";
import { serveUntilStopped } from "./serving.ts";

function* echo(conn: Conn) {
  const buf = new Uint8Array(16 * 1024);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

const command = "Deno" in globalThis ? "npm run start:deno" : "npm start";
await serveUntilStopped({ name: "echo", port: 7007, serve: echo, command });
