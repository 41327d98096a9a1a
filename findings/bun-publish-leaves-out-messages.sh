#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun.serve of Bun 1.4.5, its WebSocket topics: `server.publish(topic, message)` to two subscribers, one of which
# reads nothing for a while (a phone in a tunnel). The good guess is that the slow one gets all messages later,
# or that its connection is closed: a WebSocket is reliable and in order. What goes beyond its 16 MiB of
# backpressure is left out for it, in the middle: when it reads again it gets the first ones, and then the
# newest, on the same open connection, so it cannot know that its state is wrong. `publish` returns 0
# ("dropped") for such a message, although the other one got it, and does not say who did not. Seen:
#   fast: 60 of 60 messages, then the last; open
#   slow: from the first to one in the middle, then the last; open
#   publish returned 0 for each that the slow one missed, and the fast one got: true
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 ws@8.23.0
npx --no-install bun --version; node --version; cat >server.mjs <<'EOC'
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms)), returned = {};
async function run() {
  for (let n = 0, r; n < 60; n++, await pause(20)) returned[r = server.publish("news", Buffer.alloc(1 << 20, n))] = (returned[r] ?? 0) + 1;
  server.publish("news", JSON.stringify(returned)); for (let i = 0; i < 20; i++, await pause(100)) server.publish("news", "last");
}
let count = 0; const websocket = { open(socket) { socket.subscribe("news"); if (++count === 2) run(); }, message() {} };
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request, server) => void server.upgrade(request), websocket }); console.log(server.port);
EOC
cat >client.mjs <<'EOC'
import { once } from "node:events"; import WebSocket from "ws"; setTimeout(() => process.exit(1), 60_000);
const [fast, slow] = [1, 2].map(() => ({ got: [], socket: new WebSocket(`ws://127.0.0.1:${process.argv[2]}/`) }));
for (const { got, socket } of [fast, slow]) socket.on("message", (data) => got.push(data.length > 1000 ? data[0] : String(data)));
slow.socket.on("open", () => slow.socket.pause());
while (!fast.got.includes("last")) await once(fast.socket, "message");
slow.socket.resume(); while (!slow.got.includes("last")) await once(slow.socket, "message");
const numbers = ({ got }) => got.filter((item) => typeof item === "number"), inOrder = (all) => all.every((n, i) => n === i);
const state = ({ socket }) => socket.readyState === WebSocket.OPEN ? "open" : "closed", [all, some] = [fast, slow].map(numbers);
console.log(`fast: ${inOrder(all) ? all.length : "not all"} of 60 messages, then the last; ${state(fast)}`);
console.log(`slow: ${inOrder(some) && some.length < 60 ? "from the first to one in the middle" : "others"}, then the last; ${state(slow)}`);
const dropped = JSON.parse(fast.got.find((item) => String(item).startsWith("{")))[0];
console.log(`publish returned 0 for each that the slow one missed, and the fast one got: ${dropped === all.length - some.length}`); process.exit();
EOC
node_modules/.bin/bun server.mjs >port & while kill -0 $! && ! [ -s port ]; do sleep 0.1; done; node client.mjs "$(cat port)" | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
