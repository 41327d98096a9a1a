#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# node:child_process of Deno 2.9.6, and execa 9.6.1 above it: a child that does not end at SIGTERM (it finishes its
# work first, or hangs) is to be killed after a grace. `child.kill("SIGTERM")` sets `signalCode` at once, as if the
# child had ended, so that a second `kill("SIGKILL")` sends nothing and returns false, and execa, which looks at
# `signalCode`, never sends the SIGKILL of `forceKillAfterDelay`: what waits for the child waits for ever. On Node
# and Bun 1.4.5 `signalCode` is null until the child has ended. `process.kill(child.pid, "SIGKILL")` works. Seen:
#   node: after SIGTERM signalCode null, SIGKILL sent true, child ended true; execa ended by SIGKILL
#   bun: after SIGTERM signalCode null, SIGKILL sent true, child ended true; execa ended by SIGKILL
#   deno: after SIGTERM signalCode SIGTERM, SIGKILL sent false, child ended false; execa still waits
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 execa@9.6.1
cat >kill.mjs <<'EOC'
import { spawn } from "node:child_process"; import { once } from "node:events"; import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises"; import { execa } from "execa";
setTimeout(() => process.exit(1), 60_000);
// Ignores SIGTERM, says that it does, and ends by itself after twenty seconds.
const stubborn = ["sh", ["-c", "trap '' TERM; echo ready; for i in $(seq 200); do sleep 0.1; done"]];
const child = spawn(...stubborn);
await once(child.stdout, "data");
child.kill("SIGTERM");
const { signalCode } = child;
const sent = child.kill("SIGKILL");
const ended = await Promise.race([once(child, "exit").then(() => true), sleep(2_000).then(() => false)]);
const graceful = execa(...stubborn, { timeout: 500, forceKillAfterDelay: 300, reject: false });
const result = await Promise.race([graceful, sleep(3_000)]);
const runtime = globalThis.Deno ? "deno" : process.versions.bun ? "bun" : "node";
console.log(`${runtime}: after SIGTERM signalCode ${signalCode}, SIGKILL sent ${sent}, child ended ${ended}; execa ${result ? `ended by ${result.signal}` : "still waits"}`);
for (const { pid } of [child, graceful]) { try { process.kill(pid, "SIGKILL"); } catch { /* it has ended */ } }
process.exit();
EOC
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
{ node kill.mjs; node_modules/.bin/bun kill.mjs; node_modules/.bin/deno run -A kill.mjs; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
