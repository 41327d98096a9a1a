#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun.serve of Bun 1.4.5 beside Deno.serve of Deno 2.9.6, Linux. A client may send its next request before
# the reply to the last has come, and the server must answer in that order (RFC 9112 9.3.2). While an
# async handler of Bun.serve is at work, a second request closes the connection, and neither request gets
# a reply. With a handler that is not async both are answered, so that a load test with pipelining and a
# constant reply does not show it. Deno.serve answers both. Seen:
#   bun, sync: /1 /2
#   bun, async: closed without a reply
#   deno, async: /1 /2
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1
cat >server.mjs <<'EOF'
const reply = (request) => new Response(new URL(request.url).pathname);
const slow = (request) => new Promise((resolve) => setTimeout(() => resolve(reply(request)), 100));
const handler = process.argv[2] === "sync" ? reply : slow;
const at = { port: 0, hostname: "127.0.0.1" };
if (typeof Bun === "undefined") Deno.serve({ ...at, onListen: ({ port }) => console.log(port) }, handler);
else console.log(Bun.serve({ ...at, fetch: handler }).port);
EOF
cat >client.mjs <<'EOF'
import { connect } from "node:net";
let got = "";
const request = (path, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const socket = connect(Number(process.argv[2]), "127.0.0.1");
socket.write(request("/1") + request("/2", "Connection: close\r\n"));
socket.on("data", (data) => got += data).on("error", () => {}).on("close", () => {
  console.log(got.match(/^\/\d/gm)?.join(" ") ?? "closed without a reply");
});
EOF
try() { : >port; "${@:2}" >port & until [ -s port ]; do sleep 0.1; done; echo "$1: $(node client.mjs "$(cat port)")"; kill $!; wait $! || true; }
{ try "bun, sync" node_modules/.bin/bun server.mjs sync; try "bun, async" node_modules/.bin/bun server.mjs async
  try "deno, async" node_modules/.bin/deno run -A server.mjs async; } 2>/dev/null | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
