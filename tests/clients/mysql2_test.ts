// SPDX-License-Identifier: MIT
/** The client mysql2 against MariaDB, over streams of the library. */
import assert from "node:assert/strict";
import { test } from "node:test";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { startProgram } from "../support/child.ts";
import { mariadb } from "./servers.ts";
import { BIG, dialStream, TIMEOUT_MS } from "./streams.ts";

/** Codes of a server that is gone: by an end, or by a reset. */
const LOST = ({ code }: { code: string }) => /^(PROTOCOL_CONNECTION_LOST|ECONNRESET)$/.test(code);

async function client(port: number): Promise<mysql.Connection> {
  return await mysql.createConnection({ user: "root", stream: await dialStream(port) });
}

test("mysql2: thousands of queries and a large result", { timeout: TIMEOUT_MS }, async () => {
  await using server = await mariadb();
  const one = await client(server.port);
  for (let i = 0; i < 2000; i++) {
    const [rows] = await one.query<RowDataPacket[]>("select ? as n", [i]);
    assert.equal(rows[0].n, i);
  }
  for (let i = 0; i < 500; i++) {
    const [rows] = await one.execute<RowDataPacket[]>("select ? as n", [`${i}`]);
    assert.equal(String(rows[0].n), `${i}`);
  }
  const [rows] = await one.query<RowDataPacket[]>(`select repeat('x', ${BIG}) as s`);
  assert.equal(rows[0].s.length, BIG);
  await one.end();
});

test("mysql2: a server is killed in mid-query, and restarted", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using server = await mariadb();
  const one = await client(server.port);
  one.on("error", () => {});
  const failing = assert.rejects(one.query("select sleep(60)"), LOST);
  await server.kill();
  await failing;
  await assert.rejects(one.query("select 1"));
  await server.restart();
  const two = await client(server.port);
  const [rows] = await two.query<RowDataPacket[]>("select 1 as n");
  assert.equal(rows[0].n, 1);
  await two.end();
});

test("mysql2: the process exits after end() of a pool", { timeout: TIMEOUT_MS }, async () => {
  await using server = await mariadb();
  await using program = startProgram("tests/clients/fixtures/mysql2_pool.ts", [
    String(server.port),
  ]);
  assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
  assert.equal(program.stdout.text, "100 answers\n");
});
