#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun.SQL of Bun 1.4.5 with MySQL: a BIGINT column, say an amount in cents or a time in milliseconds. The good guess
# is one type for the column: a number, as mysql2 3.24.6 gives, or always a string. Bun gives a number up to
# 2147483647 and a string from 2147483648 on, although a number holds integers up to 9007199254740991 exactly; an
# unsigned column changes at 4294967296. So `row.cents + 1` adds in tests and joins text when the values have grown.
# With `bigint: true` it is a number below and a BigInt above, whose sum throws. The same was seen with MariaDB 10.11;
# a stand-in here speaks the protocol. Seen:
#   mysql2: number 2147483647, number 2147483648; plus 1: 2147483649
#   Bun.SQL: number 2147483647, string 2147483648; plus 1: 21474836481
#   Bun.SQL with bigint: number 2147483647, bigint 2147483648; plus 1: TypeError
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 mysql2@3.24.6; npx --no-install bun --version
cat >amounts.mjs <<'EOC'
import net from "node:net"; import { once } from "node:events"; import mysql from "mysql2/promise";
setTimeout(() => process.exit(1), 60_000);
const u16 = (n) => [n & 255, n >> 8], text = (s) => [s.length, ...Buffer.from(s)], OK = [0, 0, 0, 2, 0, 0, 0], EOF = [254, 0, 0, 2, 0], BIGINT = 8;
const column = [...["def", "shop", "orders", "orders", "cents", "cents"].flatMap(text), 12, 63, 0, 20, 0, 0, 0, BIGINT, 1, 0, 0, 0, 0];
const rows = ["2147483647", "2147483648"].map(text);
const greeting = [10, ...Buffer.from("8.0.40\0"), 1, 0, 0, 0, ...Buffer.from("saltsalt\0"), ...u16(0xa20f), 45, 2, 0, 8, 0, 21, ...Buffer.from("\0".repeat(10) + "saltsaltsalt\0mysql_native_password\0")];
/** Answers each query for orders with two rows, and anything else with success. */
const server = net.createServer((socket) => {
  const send = (first, ...packets) => socket.write(Buffer.concat(packets.map((p, i) => Buffer.from([...u16(p.length), 0, first + i, ...p]))));
  send(0, greeting);
  socket.on("error", () => {}).once("data", () => send(2, OK) && socket.on("data", (d) => /orders/.test(d) ? send(1, [1], column, EOF, ...rows, EOF) : send(1, OK)));
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address(), query = "SELECT cents FROM orders";
function report(client, [{ cents: small }, { cents: large }]) {
  const sum = (() => { try { return large + 1; } catch (error) { return error.name; } })();
  console.log(`${client}: ${typeof small} ${small}, ${typeof large} ${large}; plus 1: ${sum}`);
}
report("mysql2", (await (await mysql.createConnection({ host: "127.0.0.1", port, user: "u", password: "p" })).query(query))[0]);
for (const options of [{}, { bigint: true }]) report(`Bun.SQL${options.bigint ? " with bigint" : ""}`, await new Bun.SQL(`mysql://u:p@127.0.0.1:${port}/shop`, options).unsafe(query).simple());
process.exit();
EOC
npx --no-install bun amounts.mjs | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
