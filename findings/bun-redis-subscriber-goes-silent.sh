#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# RedisClient of Bun 1.4.5 beside ioredis 6.0.0 and redis (node-redis) 6.3.1. A program subscribes to a channel,
# and its connection is lost for a moment: a failover, or a proxy's restart. All three connect again by
# themselves, and the good guess is that the client asks for its channels again, as these two others do. Bun's
# sends HELLO and no SUBSCRIBE: `connected` is true, no error and no event reports it, and its listener
# is never called again, so that a cache which is invalidated by messages stays wrong for ever. Seen:
#   bun: before first; connections 2, SUBSCRIBE sent 1 times; after none
#   ioredis: before first; connections 2, SUBSCRIBE sent 2 times; after second
#   redis: before first; connections 2, SUBSCRIBE sent 2 times; after second
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"; npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 ioredis@6.0.0 redis@6.3.1; npx --no-install bun --version
cat >case.mjs <<'EOC'
import { RedisClient } from "bun"; import { Redis } from "ioredis"; import { createServer } from "node:net"; import { createClient } from "redis"; setTimeout(() => process.exit(1), 60_000);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms)), string = (s) => `$${s.length}\r\n${s}\r\n`;
async function trial(name, start) {
  let connections = 0, subscribed = 0, subscriber, last;
  const server = createServer((socket) => (connections++, last = socket).on("error", () => {}).on("data", (data) => {
    for (const [, word] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
      if (/hello/i.test(word)) socket.write("%1\r\n+proto\r\n:3\r\n");
      else if (!/^subscribe/i.test(word)) socket.write("+OK\r\n");
      else subscribed++, subscriber = socket, socket.write(`>3\r\n${string("subscribe")}${string("news")}:1\r\n`);
    }
  }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const got = [], send = (text) => (last === subscriber && last.write(`>3\r\n${string("message")}${string("news")}${string(text)}`), pause(300));
  await start(server.address().port, (message) => got.push(message));
  await send("first"); const before = got.splice(0).join(); last.destroy();
  while (connections < 2) await pause(50);
  await pause(1000); await send("second");
  console.log(`${name}: before ${before}; connections ${connections}, SUBSCRIBE sent ${subscribed} times; after ${got.join() || "none"}`);
}
await trial("bun", async (port, listener) => { const client = new RedisClient(`redis://127.0.0.1:${port}`); await client.connect(); await client.subscribe("news", listener); });
await trial("ioredis", async (port, listener) => { const client = new Redis(port, "127.0.0.1", { enableReadyCheck: false }); client.on("error", () => {}).on("message", (_, message) => listener(message)); await client.subscribe("news"); });
await trial("redis", async (port, listener) => { const client = createClient({ url: `redis://127.0.0.1:${port}` }).on("error", () => {}); await client.connect(); await client.subscribe("news", listener); }); process.exit();
EOC
npx --no-install bun case.mjs | tee seen; diff <(sed -n 's/^#   //p' "$script") seen
