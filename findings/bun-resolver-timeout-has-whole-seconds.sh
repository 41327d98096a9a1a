#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun 1.4.5 beside Deno 2.9.6, a name server that never answers. The `timeout` of a `Resolver` of
# node:dns is documented in milliseconds. Bun rounds it up to whole seconds, for each try, so a client
# that wants to give up on a dead name server after 200 ms waits five times as long, and with three
# tries three seconds. Deno keeps the milliseconds. Seen:
#   bun: timeout 200 is 1.0 s, timeout 1100 is 2.0 s
#   deno: timeout 200 is 0.2 s, timeout 1100 is 1.1 s
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
import dgram from "node:dgram";
import { Resolver } from "node:dns/promises";
const silent = dgram.createSocket("udp4");
await new Promise((resolve) => silent.bind(0, "127.0.0.1", resolve));
async function seconds(timeout) {
  const resolver = new Resolver({ timeout, tries: 1 });
  resolver.setServers([`127.0.0.1:${silent.address().port}`]);
  const start = performance.now();
  const code = await resolver.resolve4("name.test").then(() => "an answer", (e) => e.code);
  if (code !== "ETIMEOUT") throw new Error(code);
  return ((performance.now() - start) / 1000).toFixed(1);
}
console.log(`timeout 200 is ${await seconds(200)} s, timeout 1100 is ${await seconds(1100)} s`);
process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"
  echo "deno: $(npx --no-install deno run -A case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
