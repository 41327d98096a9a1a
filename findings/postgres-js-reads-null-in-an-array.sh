#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# postgres (postgres.js) 3.4.9 beside pg 8.23.1 and the SQL client of Bun 1.4.5, with a real PostgreSQL behind a
# socket: PGlite 0.5.14. Arrays with NULL in them come from array_agg over an outer join, say. The good guess is
# that NULL is null, as it is in a column. postgres.js hands each element to the parser of its type, the word
# NULL too: text becomes the string "NULL", which no test of null finds; a boolean becomes false, an
# integer NaN and a date an Invalid Date. A read and a write back store them so. Seen:
#   bun: column null; text ["a",null,"NULL"]; bool [true,null]; int [1,null]; written back ["a",null]
#   pg: column null; text ["a",null,"NULL"]; bool [true,null]; int [1,null]; written back ["a",null]
#   postgres: column null; text ["a","NULL","NULL"]; bool [true,false]; int [1,"NaN"]; written back ["a","NULL"]
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 pg@8.23.1 postgres@3.4.9 @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17
npx --no-install bun --version; cat >server.mjs <<'EOC'
import { PGlite } from "@electric-sql/pglite"; import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
const server = new PGLiteSocketServer({ db: await PGlite.create(), host: "127.0.0.1", port: 0, maxConnections: 4 });
await server.start(); console.log(server.getServerConn().split(":").pop());
EOC
cat >case.mjs <<'EOC'
import { SQL } from "bun";
import pg from "pg";
import postgres from "postgres";
const port = Number(process.argv[2]), at = { host: "127.0.0.1", port, user: "postgres", database: "postgres" };
const client = new pg.Client(at), sql = postgres({ ...at, max: 1 }), bun = new SQL({ url: `postgres://postgres@127.0.0.1:${port}/postgres`, max: 1, prepare: false });
const text = (value) => JSON.stringify(value, (_, v) => Number.isNaN(v) ? "NaN" : v);
async function trial(name, query, end) {
  const one = async (what, parameters) => (await query(`SELECT ${what} AS value`, parameters))[0].value;
  const words = await one("ARRAY['a', NULL, 'NULL']"), flags = await one("ARRAY[true, NULL]"), numbers = await one("ARRAY[1, NULL]");
  const back = await one("to_jsonb($1::text[])", [await one("ARRAY['a', NULL]")]);
  console.log(`${name}: column ${await one("NULL::text")}; text ${text(words)}; bool ${text(flags)}; int ${text(numbers)}; written back ${text(back)}`);
  await end();
}
await trial("bun", (...all) => bun.unsafe(...all), () => bun.close());
await client.connect(); await trial("pg", async (...all) => (await client.query(...all)).rows, () => client.end());
await trial("postgres", (...all) => sql.unsafe(...all), () => sql.end());
EOC
node server.mjs >port & while kill -0 $! && ! [ -s port ]; do sleep 0.1; done; npx --no-install bun case.mjs "$(cat port)" | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
