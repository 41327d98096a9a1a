#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun 1.4.5 with bun:sqlite, and drizzle-orm 0.45.4 on it and on PostgreSQL (PGlite 0.5.14). `db.transaction(f)`
# rolls back what f wrote if f throws. The good guess is that this is so of an async function as well, which
# drizzle's types allow and which its other drivers want. On bun:sqlite COMMIT comes as soon as the
# function has returned its promise, which is at its first await; what follows runs outside, each statement
# for itself, and the rejection reaches the caller as if all had been undone. Seen:
#   bun:sqlite, sync: error reported, rows left 0
#   bun:sqlite, async: error reported, rows left 2
#   drizzle on bun:sqlite, async: error reported, rows left 2
#   drizzle on PGlite, async: error reported, rows left 0
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"; npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 drizzle-orm@0.45.4 @electric-sql/pglite@0.5.14
npx --no-install bun --version
cat >case.mjs <<'EOC'
import { PGlite } from "@electric-sql/pglite"; import { Database } from "bun:sqlite"; import { sql } from "drizzle-orm";
import { drizzle as onSqlite } from "drizzle-orm/bun-sqlite";
import { drizzle as onPglite } from "drizzle-orm/pglite";
const table = "CREATE TABLE transfers (amount int)", count = "SELECT count(*) AS n FROM transfers";
const insert = (amount) => `INSERT INTO transfers VALUES (${amount})`;
async function report(name, transaction, left) {
  let outcome = "no error";
  try { await transaction(); } catch (error) { if (error.message === "account closed") outcome = "error reported"; }
  console.log(`${name}: ${outcome}, rows left ${await left()}`);
}
const fail = () => { throw new Error("account closed"); };
for (const kind of ["sync", "async"]) {
  const db = new Database(":memory:"); db.run(table);
  const sync = () => (db.run(insert(-10)), db.run(insert(10)), fail());
  const async = async () => { db.run(insert(-10)); await null; db.run(insert(10)); fail(); };
  await report(`bun:sqlite, ${kind}`, db.transaction(kind === "sync" ? sync : async), () => db.query(count).get().n);
}
const sqlite = onSqlite(new Database(":memory:")), pglite = onPglite(new PGlite()); sqlite.run(sql.raw(table)); await pglite.execute(sql.raw(table));
const body = (run) => async (tx) => { await tx[run](sql.raw(insert(-10))); await tx[run](sql.raw(insert(10))); fail(); };
await report("drizzle on bun:sqlite, async", () => sqlite.transaction(body("run")), () => sqlite.get(sql.raw(count))[0]);
await report("drizzle on PGlite, async", () => pglite.transaction(body("execute")), async () => (await pglite.execute(sql.raw(count))).rows[0].n);
EOC
npx --no-install bun case.mjs | tee seen; diff <(sed -n 's/^#   //p' "$script") seen
