// SPDX-License-Identifier: MIT
/** The client pg against PostgreSQL, over streams of the library. */
import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { startProgram } from "../support/child.ts";
import { postgres } from "./servers.ts";
import { BIG, CA, dialStream, TIMEOUT_MS } from "./streams.ts";

/** A client that is connected. */
async function client(port: number, ssl: pg.ClientConfig["ssl"] = false): Promise<pg.Client> {
  const stream = await dialStream(port);
  const one = new pg.Client({
    user: "postgres",
    database: "postgres",
    host: "localhost",
    ssl,
    stream: () => stream as never,
  });
  await one.connect();
  return one;
}

/** Whether the session is under TLS, as the server sees it. */
const SECURE = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

for (const [kind, ssl] of [["plain", false], ["TLS of node:tls", { ca: CA }]] as const) {
  test(
    `pg: thousands of queries and a large result (${kind})`,
    { timeout: TIMEOUT_MS },
    async () => {
      await using server = await postgres();
      const one = await client(server.port, ssl);
      assert.equal((await one.query(SECURE)).rows[0].ssl, ssl !== false);
      for (let i = 0; i < 2000; i++) {
        const { rows } = await one.query("select $1::int as n", [i]);
        assert.equal(rows[0].n, i);
      }
      const many = Array.from({ length: 1000 }, (_, i) => one.query(`select ${i} as n`));
      assert.deepEqual((await Promise.all(many)).map(({ rows }) => rows[0].n), [...many.keys()]);
      const { rows } = await one.query(`select repeat('x', ${BIG}) as s`);
      assert.equal(rows[0].s.length, BIG);
      const { rows: lines } = await one.query("select i from generate_series(1, 100000) i");
      assert.equal(lines.length, 100_000);
      await one.end();
    },
  );
}

test("pg: a server is killed in mid-query, and restarted", { timeout: TIMEOUT_MS }, async () => {
  await using server = await postgres();
  const one = await client(server.port);
  one.on("error", () => {});
  const ended = new Promise((resolve) => one.once("end", () => resolve("ended")));
  const failing = assert.rejects(one.query("select pg_sleep(60)"));
  await server.kill();
  await failing;
  assert.equal(await ended, "ended");
  await assert.rejects(one.query("select 1"));
  await server.restart();
  const two = await client(server.port);
  assert.equal((await two.query("select 1 as n")).rows[0].n, 1);
  await two.end();
});

test("pg: the process exits after end() of a pool", { timeout: TIMEOUT_MS }, async () => {
  await using server = await postgres();
  await using program = startProgram("tests/clients/fixtures/pg_pool.ts", [String(server.port)]);
  assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
  assert.equal(program.stdout.text, "100 answers\n");
});
