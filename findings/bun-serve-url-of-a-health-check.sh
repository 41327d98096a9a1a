#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun.serve of Bun 1.4.5 beside Deno.serve of Deno 2.9.6, Linux. A request of HTTP/1.0 need not name a host,
# and HAProxy's `option httpchk` sends none: "OPTIONS / HTTP/1.0". The Fetch standard has only absolute URLs
# in `request.url`, so every router begins with `new URL(request.url)`. For such a request Bun's is a bare
# path, `new URL` throws, and the check gets status 500: the balancer takes a healthy server out. Deno puts
# "localhost" in its place. Seen:
#   bun, a host: 200 http://app.test/
#   bun, a health check: 500
#   deno, a host: 200 http://app.test/
#   deno, a health check: 200 http://localhost:PORT/
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1
cat >case.mjs <<'EOF'
import { connect } from "node:net";
const at = { port: 0, hostname: "127.0.0.1" }, fetch = (request) => new Response(new URL(request.url).href);
const error = () => new Response("", { status: 500 });
const port = globalThis.Bun ? Bun.serve({ ...at, fetch, error }).port : Deno.serve({ ...at, onListen() {}, onError: error }, fetch).addr.port;
const ask = (request) => new Promise((resolve) => {
  let got = "";
  const socket = connect(port, "127.0.0.1").on("data", (data) => got += data).on("error", () => {});
  socket.on("close", () => resolve(`${got.slice(9, 12)} ${got.split("\r\n\r\n")[1].replace(port, "PORT")}`.trim()));
  socket.write(request);
});
console.log(`${process.argv[2]}, a host: ${await ask("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n")}`);
console.log(`${process.argv[2]}, a health check: ${await ask("OPTIONS / HTTP/1.0\r\n\r\n")}`);
process.exit();
EOF
{ npx --no-install bun case.mjs bun; npx --no-install deno run -A case.mjs deno; } 2>/dev/null | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
