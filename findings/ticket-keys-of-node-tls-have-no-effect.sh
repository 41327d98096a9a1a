#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# node:tls of Node, Bun 1.4.5 and Deno 2.9.6: two servers with the same `ticketKeys`, as several machines or
# processes behind one address have them, so that a client that comes back need not make a full handshake with
# whichever it meets. The good guess is that a ticket of the first resumes a session with the second, as on Node.
# On Bun and Deno each server resumes its own sessions alone: the option is accepted and has no effect. On Deno
# `setTicketKeys` succeeds and `getTicketKeys` returns the keys, also without effect; on Bun both throw. Seen:
#   node: own ticket resumed, the other server's resumed, after setTicketKeys resumed; getTicketKeys: the keys
#   bun: own ticket resumed, the other server's not resumed, after setTicketKeys threw; getTicketKeys: threw
#   deno: own ticket resumed, the other server's not resumed, after setTicketKeys not resumed; getTicketKeys: the keys
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 selfsigned@5.5.0
cat >pair.mjs <<'EOC'
import { writeFileSync } from "node:fs"; import { generate } from "selfsigned";
const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], { keySize: 2048 }); writeFileSync("pair.json", JSON.stringify({ key, cert }));
EOC
cat >twice.mjs <<'EOC'
import tls from "node:tls"; import { once } from "node:events"; import { readFileSync } from "node:fs"; import { Buffer } from "node:buffer"; import process from "node:process";
setTimeout(() => process.exit(1), 60_000); const pair = JSON.parse(readFileSync("pair.json", "utf8")), ticketKeys = Buffer.alloc(48, 7);
async function server(options) { const s = tls.createServer({ ...pair, ...options }, (socket) => socket.on("error", () => {}).end("hello")).listen(0, "127.0.0.1"); await once(s, "listening"); return s; }
async function visit(server, session) {
  const socket = tls.connect({ port: server.address().port, host: "127.0.0.1", rejectUnauthorized: false, session });
  let ticket; socket.on("session", (it) => ticket = it).resume(); await once(socket, "secureConnect"); const is = socket.isSessionReused() ? "resumed" : "not resumed";
  await once(socket, "close"); return { is, ticket };
}
const result = async (f) => { try { return await f(); } catch { return "threw"; } };
const [first, second, third] = [await server({ ticketKeys }), await server({ ticketKeys }), await server({})];
const { ticket } = await visit(first), own = (await visit(first, ticket)).is, other = (await visit(second, ticket)).is;
const later = await result(async () => { third.setTicketKeys(ticketKeys); return (await visit(third, ticket)).is; });
const keys = await result(() => second.getTicketKeys().equals(ticketKeys) ? "the keys" : "others");
const runtime = globalThis.Deno ? "deno" : process.versions.bun ? "bun" : "node";
console.log(`${runtime}: own ticket ${own}, the other server's ${other}, after setTicketKeys ${later}; getTicketKeys: ${keys}`); process.exit();
EOC
node pair.mjs; npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
{ node twice.mjs; node_modules/.bin/bun twice.mjs; node_modules/.bin/deno run -A twice.mjs; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
