#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun 1.4.5, Deno 2.9.6 and Node 20, Linux. A program ends when nothing is left that could wake it, but the
# runtimes do not agree on what can. A pending AbortSignal.timeout that has a listener keeps only Deno
# running, so a client that has its answer stays for the rest of its time-out (without a listener it does
# not). A MessageChannel with a handler keeps Deno and Node running until it is closed, but not Bun, where
# a program ends although its message port waits. Atomics.waitAsync keeps none of them running, and its
# promise is never settled. Seen:
#   bun: timeout no, timeout with a listener no, message port no, waitAsync no
#   deno: timeout no, timeout with a listener yes, message port yes, waitAsync no
#   node: timeout no, timeout with a listener no, message port yes, waitAsync no
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case.mjs <<'EOF'
import process from "node:process";
import { setTimeout as later } from "node:timers";
const MS = 2000, from = performance.now();
process.on("exit", () => console.log(performance.now() - from > MS / 2 ? "yes" : "no"));
const kept = {
  "timeout": () => globalThis.kept = AbortSignal.timeout(MS),
  "timeout with a listener": () => AbortSignal.timeout(MS).addEventListener("abort", () => {}),
  "message port": () => {
    const { port1 } = new MessageChannel();
    port1.onmessage = () => {};
    later(() => port1.close(), MS).unref();
  },
  "waitAsync": () => Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, MS).value.then(() => {}),
};
kept[process.argv[2]]();
EOF
try() {
  line="$1:"
  for name in "timeout" "timeout with a listener" "message port" "waitAsync"; do line+=" $name $("${@:2}" case.mjs "$name"),"; done
  echo "${line%,}"
}
{ try bun node_modules/.bin/bun; try deno node_modules/.bin/deno run -A; try node node --no-warnings; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
