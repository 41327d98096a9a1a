#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6 beside Bun 1.4.5, Linux. A server reads a POST whole and closes the connection, which had
# served a request before, without a reply: it was restarted, or its proxy was. RFC 9110 9.2.2 forbids
# that a client repeats such a request by itself, since it may have had its effect. Deno's fetch does
# repeat it, on a new connection and in silence: the order is placed twice. Bun's rejects a POST, and
# repeats only a GET. Seen:
#   bun: POST sent 1 times, fetch rejected (ECONNRESET); GET sent 2 times, fetch resolved
#   deno: POST sent 2 times, fetch resolved; GET sent 2 times, fetch resolved
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1
cat >case.mjs <<'EOF'
import { createServer } from "node:net";
async function sent(method) {
  let connections = 0, served = 0;
  const server = createServer((socket) => {
    const first = ++connections === 1;
    socket.on("error", () => {}).on("data", (data) => {
      if (!String(data).includes(method === "POST" ? "order" : "GET")) return;
      if (++served > 1 && first) socket.end();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const body = method === "POST" ? "order" : undefined;
  const ask = () => fetch(`http://127.0.0.1:${server.address().port}/`, { method, body }).then((r) => r.text());
  await ask();
  const outcome = await ask().then(() => "resolved", (e) => `rejected (${e.code})`);
  return `${method} sent ${served - 1} times, fetch ${outcome}`;
}
console.log(`${await sent("POST")}; ${await sent("GET")}`);
process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"; echo "deno: $(npx --no-install deno run -A case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
