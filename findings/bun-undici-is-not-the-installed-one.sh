#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun 1.4.5 and Deno 2.9.6 with undici 7.16.0 installed. On Bun `import "undici"` never loads the
# installed package but a stand-in of Bun's: requests work, and what a dispatcher is for does not, without
# a word. The `connect` function of an Agent is not called, so a client that should go through a tunnel
# or a Unix socket asks DNS and goes there directly, and an interceptor is not called. A path into
# node_modules has the real package on Bun as well. Seen:
#   bun, "undici": connect called 0 times, interceptor called 0 times
#   bun, by path: connect called 1 times, interceptor called 1 times
#   deno, "undici": connect called 1 times, interceptor called 1 times
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 undici@7.16.0
npx --no-install bun --version
npx --no-install deno --version | head -1
cat >case.mjs <<'EOF'
import http from "node:http";
import net from "node:net";
const { Agent, request } = (await import(process.argv[2])).default;
const server = http.createServer((_, response) => response.end("hello"));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();
const seen = { connect: 0, interceptor: 0 };
const connect = (_, done) => (seen.connect++, net.connect(port, "127.0.0.1", function () { done(null, this); }));
const counting = (dispatch) => (...all) => (seen.interceptor++, dispatch(...all));
const agent = new Agent({ connect });
const dispatcher = agent.compose?.(counting) ?? agent;
await (await request(`http://127.0.0.1:${port}/`, { dispatcher })).body.text();
console.log(`connect called ${seen.connect} times, interceptor called ${seen.interceptor} times`);
process.exit();
EOF
{ echo "bun, \"undici\": $(npx --no-install bun case.mjs undici)"
  echo "bun, by path: $(npx --no-install bun case.mjs ./node_modules/undici/index.js)"
  echo "deno, \"undici\": $(npx --no-install deno run -A case.mjs undici)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
