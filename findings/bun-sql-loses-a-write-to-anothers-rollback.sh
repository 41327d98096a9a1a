#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun.SQL of Bun 1.4.5: one interface for PostgreSQL (here PGlite 0.5.14 behind a socket) and SQLite. A request has
# a transaction, `sql.begin`, and awaits something in it; meanwhile another request, that has none, writes a
# line with the plain `sql`. The good guess is that the two have nothing to do with each other: `begin`
# reserves a connection. With SQLite there is one connection and no queue for plain queries, in a file
# too: the second INSERT resolves, in the first one's transaction, and goes with its ROLLBACK. Two `begin` do wait
# for each other, so a program that puts every write into a transaction loses nothing. Seen:
#   postgres: INSERT resolved; transaction rejected; kept: audit
#   sqlite in memory: INSERT resolved; transaction rejected; kept: nothing
#   sqlite in a file: INSERT resolved; transaction rejected; kept: nothing
#   sqlite in a file, both in transactions: INSERT resolved; transaction rejected; kept: audit
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17
npx --no-install bun --version
cat >server.mjs <<'EOC'
import { PGlite } from "@electric-sql/pglite"; import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
const server = new PGLiteSocketServer({ db: await PGlite.create(), host: "127.0.0.1", port: 0, maxConnections: 4 });
await server.start(); console.log(server.getServerConn().split(":").pop());
EOC
cat >case.mjs <<'EOC'
import { SQL } from "bun";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function trial(name, sql, other = (f) => f(sql)) {
  await sql`CREATE TABLE log (line text)`;
  const transaction = sql.begin(async (tx) => { await tx`INSERT INTO log VALUES ('order')`; await pause(300); throw new Error("no money"); });
  const outcome = transaction.then(() => "resolved", () => "rejected");
  await pause(100);
  const insert = await other((s) => s`INSERT INTO log VALUES ('audit')`).then(() => "resolved", () => "rejected");
  console.log(`${name}: INSERT ${insert}; transaction ${await outcome}; kept: ${(await sql`SELECT * FROM log`).map((row) => row.line).join() || "nothing"}`);
}
await trial("postgres", new SQL({ url: `postgres://postgres@127.0.0.1:${process.argv[2]}/postgres`, max: 2, prepare: false }));
await trial("sqlite in memory", new SQL("sqlite://:memory:")); await trial("sqlite in a file", new SQL("sqlite://one.db"));
const sql = new SQL("sqlite://two.db"); await trial("sqlite in a file, both in transactions", sql, (f) => sql.begin(f)); process.exit();
EOC
node server.mjs >port & while kill -0 $! && ! [ -s port ]; do sleep 0.1; done; npx --no-install bun case.mjs "$(cat port)" | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
