#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6 beside Bun 1.4.5. A socket of node:net that was made inside `AsyncLocalStorage.run` has that
# value in all of its events on Node and Bun. On Deno "connect" has it, and "data" and "close" have none,
# so a database driver's row handlers run outside the trace or the log context of the request that
# opened the connection, although every test that looks at "connect" passes. node:http restores its own
# context, and its responses have the value. Seen:
#   bun: connect opener, data opener, close opener, response opener
#   deno: connect opener, data undefined, close undefined, response opener
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1
cat >case.mjs <<'EOF'
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
const context = new AsyncLocalStorage();
const server = http.createServer((_, response) => response.end("hello"));
await once(server.listen(0, "127.0.0.1"), "listening");
const at = { port: server.address().port, host: "127.0.0.1" };
const seen = [];
const note = (event) => seen.push(`${event} ${context.getStore()}`);
const socket = context.run("opener", () => net.connect(at));
socket.on("connect", () => (note("connect"), socket.end("GET / HTTP/1.0\r\n\r\n")));
socket.once("data", () => note("data")).on("close", () => note("close"));
await once(socket, "close");
const request = context.run("opener", () => http.get(at));
request.on("response", (response) => response.on("data", () => note("response")));
await once(request, "close");
console.log(seen.join(", "));
process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"; echo "deno: $(npx --no-install deno run -A case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
