#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# HTTP servers of Bun 1.4.5, Deno 2.9.6 and Node, Linux. A client sends one request and ends its direction,
# as `nc -N` and many small clients do: TCP's half-close, after which it still reads. The good guess is that
# it gets its reply, as from Go's net/http. It does from a handler that replies at once, and so in every
# test; a handler that awaits anything finds the connection closed under it, in all of these. Seen:
#   bun Bun.serve: at once replied, after 50 ms no reply
#   bun node:http: at once replied, after 50 ms no reply
#   deno Deno.serve: at once replied, after 50 ms no reply
#   deno node:http: at once replied, after 50 ms no reply
#   node node:http: at once replied, after 50 ms no reply
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case.mjs <<'EOF'
import { createServer } from "node:http";
import { connect } from "node:net";
const later = (path, reply) => path.endsWith("/now") ? reply() : new Promise((resolve) => setTimeout(() => resolve(reply()), 50));
const fetch = (request) => later(request.url, () => new Response("ok")), at = { port: 0, hostname: "127.0.0.1" };
const server = createServer((request, response) => later(request.url, () => response.end("ok")));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const ports = { "node:http": server.address().port };
if (globalThis.Bun) ports["Bun.serve"] = Bun.serve({ ...at, fetch }).port;
if (globalThis.Deno) ports["Deno.serve"] = Deno.serve({ ...at, onListen() {} }, fetch).addr.port;
const ask = (port, path) => new Promise((resolve) => {
  let got = "";
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("data", (data) => got += data).on("error", () => {});
  socket.end(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).on("end", () => resolve(got.includes(" 200 ") ? "replied" : "no reply"));
});
for (const [name, port] of Object.entries(ports).sort()) console.log(`${process.argv[2]} ${name}: at once ${await ask(port, "/now")}, after 50 ms ${await ask(port, "/later")}`);
process.exit();
EOF
{ npx --no-install bun case.mjs bun; npx --no-install deno run -A case.mjs deno; node case.mjs node; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
