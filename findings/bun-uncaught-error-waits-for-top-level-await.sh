#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun 1.4.5 beside Deno 2.9.6. An uncaught error, thrown by a timer or a microtask, ends a Bun process
# only once its entry module has been evaluated. While a top-level await is pending the error is
# printed and the program goes on: timers fire, sockets are served, "uncaughtException" has not been
# asked for; the exit with code 1 comes when the await is over. A server that awaits its own end
# (`await server.closed`) therefore survives every uncaught error, and its supervisor never restarts
# it. Without the await Bun ends at once, as Deno does in both. Seen:
#   bun, awaiting: ticks after the error, exit 1
#   bun, not awaiting: no tick after the error, exit 1
#   deno, awaiting: no tick after the error, exit 1
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version
npx --no-install deno --version | head -1
cat >timers.mjs <<'EOF'
setTimeout(() => { throw new Error("uncaught"); }, 20);
export const over = new Promise((resolve) => {
  setTimeout(() => { console.log("tick"); resolve(); }, 500);
});
EOF
echo 'import "./timers.mjs";' >plain.mjs
echo 'import { over } from "./timers.mjs"; await over;' >awaiting.mjs
try() {
  local name=$1 code=0 out
  shift
  out=$("$@" 2>errors) || code=$?
  grep -q uncaught errors
  echo "$name: $([ -n "$out" ] && echo "ticks" || echo "no tick") after the error, exit $code"
}
{ try "bun, awaiting" npx --no-install bun awaiting.mjs
  try "bun, not awaiting" npx --no-install bun plain.mjs
  try "deno, awaiting" npx --no-install deno run -A awaiting.mjs; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
