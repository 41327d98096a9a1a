#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# postgres (postgres.js) 3.4.9 beside pg 8.23.1 and the SQL client of Bun 1.4.5, TZ=America/New_York, with a real
# PostgreSQL behind a socket: PGlite 0.5.14. A program reads a row, changes something else, and writes the row
# back, three times. Its `timestamp` column has no zone, so drivers differ in what they make of it. The good
# guess is that each is at one with itself. postgres.js writes a Date in UTC and reads what is stored as local
# time, so the column moves by the offset with every turn; on a server whose zone is UTC nothing is seen of
# it. pg has local time in both directions, Bun UTC in both. All read a Date of timestamptz back. Seen:
#   bun: stored 12:34, then 12:34, 12:34, 12:34; timestamptz same
#   pg: stored 08:34, then 08:34, 08:34, 08:34; timestamptz same
#   postgres: stored 12:34, then 16:34, 20:34, 00:34; timestamptz same
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT; cd "$dir"; npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 pg@8.23.1 postgres@3.4.9 @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17
npx --no-install bun --version; cat >server.mjs <<'EOC'
import { PGlite } from "@electric-sql/pglite"; import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
const server = new PGLiteSocketServer({ db: await PGlite.create(), host: "127.0.0.1", port: 0, maxConnections: 4 });
await server.start(); console.log(server.getServerConn().split(":").pop());
EOC
cat >case.mjs <<'EOC'
import { SQL } from "bun"; import pg from "pg"; import postgres from "postgres";
const port = Number(process.argv[2]), at = { host: "127.0.0.1", port, user: "postgres", database: "postgres" }, date = new Date("2026-07-01T12:34Z");
const client = new pg.Client(at), sql = postgres({ ...at, max: 1 }), bun = new SQL({ url: `postgres://postgres@127.0.0.1:${port}/postgres`, max: 1, prepare: false });
async function trial(name, query, end) {
  const one = async (what, value) => (await query(`SELECT ${what} AS value`, [value]))[0].value;
  const stored = []; let value = date;
  for (let turn = 0; turn < 4; turn++) {
    stored.push(await one("to_char($1::timestamp, 'HH24:MI')", value));
    value = await one("$1::timestamp", value);
  }
  console.log(`${name}: stored ${stored[0]}, then ${stored.slice(1).join(", ")}; timestamptz ${+await one("$1::timestamptz", date) === +date ? "same" : "moved"}`);
  await end();
}
await trial("bun", (...all) => bun.unsafe(...all), () => bun.close());
await client.connect(); await trial("pg", async (...all) => (await client.query(...all)).rows, () => client.end());
await trial("postgres", (...all) => sql.unsafe(...all), () => sql.end());
EOC
node server.mjs >port & while kill -0 $! && ! [ -s port ]; do sleep 0.1; done; TZ=America/New_York npx --no-install bun case.mjs "$(cat port)" | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
