#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pg 8.23.1 (node-postgres) and its pool, with a real PostgreSQL behind a socket: PGlite 0.5.14. A transaction
# does what it should: on an error it sends ROLLBACK, and then it releases its client. One UPDATE takes longer
# than `query_timeout`. The good guess is that it is rolled back, or that the pool drops the connection. But
# the statement goes on in the server, the ROLLBACK waits behind it, its own time-out takes it out of the
# queue, and it is never sent. The pool gets back a client that looks sound, and the next caller, who knows
# nothing of this, writes into the old transaction: the INSERT resolves, reads of that pool see it, and it is
# gone with the connection. `release(error)` prevents it. Seen:
#   transfer: Query read timeout, idle clients 1
#   INSERT: resolved, rows 1
#   rows in the pool: 1, in another connection: 0
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT; cd "$dir"; npm init --yes >/dev/null; node --version
npm install --no-audit --no-fund --silent pg@8.23.1 @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17
cat >server.mjs <<'EOF'
import { PGlite } from "@electric-sql/pglite"; import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
const db = await PGlite.create(); await db.exec("CREATE TABLE orders (what text)");
const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: 0, maxConnections: 4 }); await server.start();
console.log(server.getServerConn().split(":").pop());
EOF
cat >client.mjs <<'EOF'
import pg from "pg";
const at = { host: "127.0.0.1", port: Number(process.argv[2]), user: "postgres", database: "postgres" };
const pool = new pg.Pool({ ...at, max: 1, query_timeout: 1500 }), other = new pg.Client(at);
const rows = async (by, sql = "SELECT * FROM orders") => (await by.query(sql)).rowCount;
async function transfer(client) {
  try { for (const sql of ["BEGIN", "UPDATE orders SET what = '' FROM pg_sleep(3.75)", "COMMIT"]) await client.query(sql); }
  catch (error) { await client.query("ROLLBACK"); throw error; }
  finally { client.release(); }
}
const outcome = await transfer(await pool.connect()).then(() => "resolved", (error) => error.message);
console.log(`transfer: ${outcome}, idle clients ${pool.idleCount}`);
console.log(`INSERT: resolved, rows ${await rows(pool, "INSERT INTO orders VALUES ('book')")}`);
const inside = await rows(pool); await pool.end(); await other.connect();
console.log(`rows in the pool: ${inside}, in another connection: ${await rows(other)}`); process.exit();
EOF
node server.mjs >port & while kill -0 $! && ! [ -s port ]; do sleep 0.1; done; node client.mjs "$(cat port)" | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
