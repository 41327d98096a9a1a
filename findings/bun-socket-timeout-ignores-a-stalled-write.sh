#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun 1.4.5 beside Deno 2.9.6. `socket.setTimeout(ms)` of node:net is how clients notice a peer that
# has stopped. On Bun it fires on an idle socket and not while a write is pending: to a peer that reads
# nothing, with a full send buffer and no byte moving in either direction, no "timeout" comes, so an
# upload to a stuck server lasts until the server goes. Deno's socket times out in both. Seen:
#   bun: idle fires, stalled write does not fire
#   deno: idle fires, stalled write fires
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version
npx --no-install deno --version | head -1
cat >case.mjs <<'EOF'
import net from "node:net";
const server = net.createServer((peer) => peer.pause());
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
function fires(bytes) {
  return new Promise((resolve) => {
    const socket = net.connect(server.address().port, "127.0.0.1", () => {
      if (bytes > 0) socket.write(Buffer.alloc(bytes));
      socket.setTimeout(300, () => resolve("fires"));
      setTimeout(resolve, 4000, "does not fire");
    });
  });
}
const idle = await fires(0);
console.log(`idle ${idle}, stalled write ${await fires(50_000_000)}`);
process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"
  echo "deno: $(npx --no-install deno run -A case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
