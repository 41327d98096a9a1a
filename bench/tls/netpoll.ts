// SPDX-License-Identifier: MIT
// The library: netpoll.ts run|runSync openssl|host
import process from "node:process";
import { readFileSync } from "node:fs";
import { go, run, runSync, type TLSConn, tlsListen } from "../../mod.ts";

const [driver, engine] = process.argv.slice(2) as ["run" | "runSync", "openssl" | "host"];
const { PORT, CERT, KEY } = process.env as Record<string, string>;

function* echo(conn: TLSConn) {
  const chunks = conn.chunks();
  try {
    for (let chunk; (chunk = yield* chunks.next()) !== null;) yield* conn.write(chunk);
  } catch {
    // The peer is gone, or does not speak TLS: ends only its own connection.
  } finally {
    chunks[Symbol.dispose]();
    conn[Symbol.dispose]();
  }
}

function* main() {
  const own = { cert: readFileSync(CERT), key: readFileSync(KEY), engine };
  using listener = yield* tlsListen("tcp", `127.0.0.1:${PORT}`, own);
  for (;;) go(echo, yield* listener.accept());
}

if (driver === "runSync") runSync(main);
else await run(main);
