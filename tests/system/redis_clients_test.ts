// SPDX-License-Identifier: MIT
/** redis-cli and redis-benchmark against the two servers of the Redis protocol. Needs redis-tools. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { serveExample } from "../support/echo_clients.ts";
import { eventually, start } from "../support/child.ts";
import { descriptors, internetSockets } from "../support/open_files.ts";
import { succeed } from "../support/tools.ts";

const TIMEOUT_MS = 60_000;

/** What is typed, and what redis-cli shows for the answer. */
const TYPED: [line: string, shown: string][] = [
  ["PING", "PONG"],
  ['SET greeting "hello, world"', "OK"],
  ["GET greeting", '"hello, world"'],
  ["GET nothing", "(nil)"],
  ["INCR visits", "(integer) 1"],
  ["EXPIRE visits 100", "(integer) 1"],
  ["TTL visits", "(integer) 100"],
  ["MSET a 1 b 2", "OK"],
  ["DEL a b c", "(integer) 2"],
  ["LPUSH list x y", "(integer) 2"],
  ["LRANGE list 0 -1", '1) "y"\n2) "x"'],
  ["INCR greeting", "(error) ERR value is not an integer or out of range"],
  ["GET list", "(error) WRONGTYPE Operation against a key holding the wrong kind of value"],
  ["PUBLISH nobody hears", "(integer) 0"],
];

for (const file of ["examples/redis.ts", "examples/event_redis.ts"]) {
  test(`redis-cli works with ${file}`, { timeout: TIMEOUT_MS }, async () => {
    await using served = await serveExample(file);
    const where = ["-h", "127.0.0.1", "-p", String(served.port)];
    await using cli = start("redis-cli", [...where, "--no-raw"]);
    for (const [line, shown] of TYPED) {
      const from = cli.stdout.text.length;
      cli.send(`${line}\n`);
      await eventually(line, () => cli.stdout.text.length >= from + shown.length);
      assert.equal(cli.stdout.text.slice(from).trim(), shown, line);
    }
    await using subscriber = start("redis-cli", [...where, "SUBSCRIBE", "news"]);
    await subscriber.stdout.match(/subscribe\nnews\n1\n/);
    assert.equal(await succeed("redis-cli", [...where, "PUBLISH", "news", "extra"]), "1\n");
    await subscriber.stdout.match(/message\nnews\nextra\n/);
  });

  test(`redis-benchmark runs against ${file}`, { timeout: TIMEOUT_MS }, async () => {
    await using served = await serveExample(file);
    const where = ["-h", "127.0.0.1", "-p", String(served.port)];
    const tests = "ping_inline,ping_mbulk,set,get,incr,lpush,lrange_100,mset".split(",");
    for (const pipeline of ["1", "16"]) {
      const load = ["-n", "2000", "-c", "20", "-r", "100", "-P", pipeline, "--csv"];
      const report = await succeed("redis-benchmark", [...where, ...load, "-t", tests.join(",")]);
      const rates = [...report.matchAll(/^"([A-Z_]+)[^"]*","([0-9.]+)"/gm)];
      // One more, since the list is filled before it is read.
      assert.equal(rates.length, tests.length + 1, report);
      assert.ok(rates.every(([, , rate]) => Number(rate) > 0), report);
      assert.doesNotMatch(report, /WARN|ERR/i);
    }
    const keys = await succeed("redis-cli", [...where, "DBSIZE"]);
    assert.ok(Number(keys) > 100, `${keys} keys are left of what was set`);
    const { child } = served;
    await eventually(
      "all connections closed",
      () => internetSockets(descriptors(child.pid)).length === 1,
    );
    assert.equal(child.stderr.text, "");
  });
}
