#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6 beside Bun 1.4.5 and Node 20, Linux. A server gives each request a trace id by AsyncLocalStorage,
# and one request loads a module that is needed rarely: `await import("./report.mjs")`. The good guess is that
# its value ends with it, as on Bun and Node. On Deno it stays behind in the event loop: from then on every
# handler of node:http and Deno.serve, and every "data" of a socket, begins with the trace id of that one
# request, where there was none before, until another module is loaded somewhere. Timers are not affected,
# nor is the import of a module that is there already, so that a log with two traces mixed cannot be
# repeated. Seen:
#   bun: node:http none, Bun.serve none, timer none; after an import in trace-1: node:http none, Bun.serve none, timer none
#   deno: node:http none, Deno.serve none, timer none; after an import in trace-1: node:http trace-1, Deno.serve trace-1, timer none
#   node: node:http none, timer none; after an import in trace-1: node:http none, timer none
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
echo 'export default "a report"' >report.mjs
cat >case.mjs <<'EOF'
import { AsyncLocalStorage } from "node:async_hooks";
import { createServer } from "node:http";
const trace = new AsyncLocalStorage(), now = () => trace.getStore() ?? "none", at = { port: 0, hostname: "127.0.0.1" };
const server = createServer((_, response) => response.end(now()));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const ports = { "node:http": server.address().port };
const fetched = () => new Response(now());
if (globalThis.Bun) ports["Bun.serve"] = Bun.serve({ ...at, fetch: fetched }).port;
if (globalThis.Deno) ports["Deno.serve"] = Deno.serve({ ...at, onListen() {} }, fetched).addr.port;
async function seen() {
  const all = [];
  for (const [name, port] of Object.entries(ports)) all.push(`${name} ${await (await fetch(`http://127.0.0.1:${port}/`)).text()}`);
  return [...all, `timer ${await new Promise((resolve) => setTimeout(() => resolve(now()), 1))}`].join(", ");
}
const before = await seen();
await trace.run("trace-1", () => import("./report.mjs"));
console.log(`${before}; after an import in trace-1: ${await seen()}`);
process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"; echo "deno: $(npx --no-install deno run -A case.mjs)"; echo "node: $(node case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
