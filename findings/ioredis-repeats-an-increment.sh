#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ioredis 6.0.0 beside redis (node-redis) 6.3.1. A server executes INCR, and the connection dies before its
# reply: a failover, or a proxy's restart. Whether the command had its effect is then unknown to the client.
# ioredis sends it once more on its next connection (autoResendUnfulfilledCommands, on by default) and the
# promise resolves as if nothing had happened: a counter, a queue or a payment moves twice. redis rejects
# the promise and leaves the choice to its caller. Seen:
#   ioredis: resolved 2, executed 2 times
#   redis: rejected SocketClosedUnexpectedlyError, executed 1 times
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent ioredis@6.0.0 redis@6.3.1
node --version; cat >case.mjs <<'EOF'
import { createServer } from "node:net";
import { Redis } from "ioredis"; import { createClient } from "redis";
async function trial(name, connect) {
  let count = 0, connections = 0;
  const server = createServer((socket) => {
    const first = ++connections === 1;
    socket.on("error", () => {}).on("data", (data) => {
      for (const [, command] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        if (command.toLowerCase() === "hello") socket.write("%1\r\n+proto\r\n:3\r\n");
        else if (command.toLowerCase() !== "incr") socket.write("+OK\r\n");
        else if (++count && first) return socket.destroy();
        else socket.write(`:${count}\r\n`);
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const outcome = await (await connect(server.address().port)).incr("orders").then((n) => `resolved ${n}`, (e) => `rejected ${e.constructor.name}`);
  console.log(`${name}: ${outcome}, executed ${count} times`);
}
await trial("ioredis", (port) => new Redis(port, "127.0.0.1", { enableReadyCheck: false }).on("error", () => {}));
await trial("redis", (port) => createClient({ url: `redis://127.0.0.1:${port}` }).on("error", () => {}).connect());
process.exit();
EOF
node case.mjs | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
