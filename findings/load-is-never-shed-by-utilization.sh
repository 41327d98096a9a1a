#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# @fastify/under-pressure 9.2.0 with fastify 5.12.8: a server whose thread is busy for all but a moment of each
# third of a second, and `maxEventLoopUtilization: 0.5`, so that it refuses requests while it is overloaded. Node
# answers 503. On Bun 1.4.5 and Deno 2.9.6 every request is served: `performance.eventLoopUtilization()` exists
# there, and says active 0, idle 0 and utilization 0 whatever the thread does, so the plugin, which looks whether
# the function exists, never sheds load and warns of nothing. `maxEventLoopDelay` works on Bun. Seen:
#   node: busy, utilization above 0.9; answers 503 503 503
#   bun: busy, utilization 0; answers 200 200 200
#   deno: busy, utilization 0; answers 200 200 200
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 fastify@5.12.8 @fastify/under-pressure@9.2.0
cat >busy.mjs <<'EOC'
import Fastify from "fastify"; import underPressure from "@fastify/under-pressure"; import { performance } from "node:perf_hooks"; import process from "node:process";
setTimeout(() => process.exit(1), 60_000);
const app = Fastify();
await app.register(underPressure, { maxEventLoopUtilization: 0.5, sampleInterval: 200 });
app.get("/", () => "served");
const url = await app.listen({ port: 0, host: "127.0.0.1" });
setInterval(() => { for (const end = performance.now() + 330; performance.now() < end;); }, 0);
const before = performance.eventLoopUtilization();
await new Promise((resolve) => setTimeout(resolve, 2_500));
const { utilization } = performance.eventLoopUtilization(before);
const answers = [];
for (let i = 0; i < 3; i++) answers.push((await fetch(url)).status);
const runtime = globalThis.Deno ? "deno" : process.versions.bun ? "bun" : "node";
console.log(`${runtime}: busy, utilization ${utilization > 0.9 ? "above 0.9" : utilization}; answers ${answers.join(" ")}`);
process.exit();
EOC
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
{ node busy.mjs; node_modules/.bin/bun busy.mjs; node_modules/.bin/deno run -A busy.mjs; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
