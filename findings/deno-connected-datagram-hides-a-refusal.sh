#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6 beside Bun 1.4.5, Linux. A connected datagram socket (node:dgram, `socket.connect`) learns
# that its peer's port is closed: the kernel keeps the ICMP error, and the next call returns
# ECONNREFUSED. That is how statsd and syslog clients notice a dead collector without waiting. On Bun an
# "error" event reports it, as on Node. On Deno there is none, and every send reports success. Seen:
#   bun: refused: ECONNREFUSED
#   deno: refused: no error; 3 of 3 sends succeeded
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1
cat >case.mjs <<'EOF'
import dgram from "node:dgram";
import { once } from "node:events";
const pause = () => new Promise((resolve) => setTimeout(resolve, 200));
const other = dgram.createSocket("udp4");
other.bind(0, "127.0.0.1");
await once(other, "listening");
const { port } = other.address();
other.close();
await once(other, "close");
const socket = dgram.createSocket("udp4");
let error = null, sent = 0;
socket.on("error", (e) => error ??= e.code);
socket.connect(port, "127.0.0.1");
await once(socket, "connect");
for (let i = 0; i < 3; i++) {
  socket.send("metric", (e) => sent += e ? 0 : 1);
  await pause();
}
console.log(`refused: ${error ?? `no error; ${sent} of 3 sends succeeded`}`);
process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"; echo "deno: $(npx --no-install deno run -A case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
