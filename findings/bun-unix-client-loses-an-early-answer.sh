#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A server on a Unix socket that answers and closes at once: a client of node:net on Bun that is busy
# for a moment after connect() gets "connect ECONNRESET", and the answer is lost although it lies in
# the socket. One expects the answer and its end, which Node and Deno have. A Unix connection whose
# peer has closed is reported by EPOLLHUP, as a refused one is, and Bun looks at that first.
# bun 1.4.5, deno 2.9.6, node 20, Linux.
set -euo pipefail
folder=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bun@1.4.5 deno@2.9.6 >/dev/null 2>&1

cat >server.mjs <<'JS'
import { createServer } from "node:net";
const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.write("an answer", () => socket.destroy());
});
server.listen("socket", () => console.log("ready"));
JS
cat >client.mjs <<'JS'
import { connect } from "node:net";
let text = "";
const socket = connect("socket");
socket.on("data", (data) => text += data);
socket.on("error", (error) => console.log(error.code));
socket.on("close", () => console.log(JSON.stringify(text)));
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300); // Busy.
JS
node server.mjs >ready & server=$!
until grep -q ready ready; do kill -0 "$server"; sleep 0.1; done
[ "$(node client.mjs)" = '"an answer"' ]
[ "$(npx deno run -A client.mjs)" = '"an answer"' ]
found=$(npx bun client.mjs)
echo "$found" # ECONNRESET, then ""
[ "$found" = $'ECONNRESET\n""' ]
