#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6 beside Bun 1.4.5 and Node 20, Linux, loopback. A program sends six datagrams in a row on one UDP
# socket, without waiting for each: a frame in parts, log lines, counters. UDP may reorder, but nobody expects
# that of the sender's own machine: send(2) is called in order, and loopback keeps it. On Deno what is sent before
# the socket is bound or connected, or in that very turn of the event loop, goes out backwards, the last
# datagram first, and the callbacks come in that order too; later bursts are in order. Deno.listenDatagram does
# the same. A test that waits a millisecond, or for one reply, sees nothing of it. Seen:
#   bun: first 1 2 3 4 5 6, second 1 2 3 4 5 6; connected: first 1 2 3 4 5 6, second 1 2 3 4 5 6
#   deno: first 6 5 4 3 2 1, second 1 2 3 4 5 6; connected: first 6 5 4 3 2 1, second 1 2 3 4 5 6
#   node: first 1 2 3 4 5 6, second 1 2 3 4 5 6; connected: first 1 2 3 4 5 6, second 1 2 3 4 5 6
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case.mjs <<'EOF'
import { createSocket } from "node:dgram";
import { once } from "node:events";
const receiver = createSocket("udp4"), got = [];
let done;
receiver.on("message", (message) => got.push(String(message)) === 6 && done(got.splice(0).join(" ")));
await once(receiver.bind(0, "127.0.0.1"), "listening");
const to = [receiver.address().port, "127.0.0.1"];
const burst = (socket, address) => new Promise((resolve) => {
  done = resolve;
  for (let i = 1; i <= 6; i++) socket.send(String(i), ...address);
});
const both = async (...all) => `first ${await burst(...all)}, second ${await burst(...all)}`;
const plain = await both(createSocket("udp4").bind(0, "127.0.0.1"), to);
const connected = createSocket("udp4");
connected.connect(...to);
await once(connected, "connect");
console.log(`${plain}; connected: ${await both(connected, [])}`);
process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"; echo "deno: $(npx --no-install deno run -A case.mjs)"; echo "node: $(node case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
