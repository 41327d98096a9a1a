#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6 beside Bun 1.4.5 (Node 20 is as Bun). The first `new Error` that runs at the top level of a
# module takes time in proportion to the module's length: 50 ms in one of 2 MB, 0.2 ms in a small one.
# `Error.stackTraceLimit = 0` does not help, a second error costs nothing, and in a function that is
# called after the import the first one is cheap too. So one error object that is kept as a constant
# (`export const EOF = new Error()`) makes every start of a bundled program slower, and no profile by
# function shows it. Seen:
#   bun: large module under 20 times the small one, later under 20 times
#   deno: large module over 20 times the small one, later under 20 times
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1
lines() { for ((i = 0; i < $1; i++)); do echo "function f$i(a) { return a > $i ? a + $i : [a, $i].map((x) => x * $i); }"; done; }
error='const start = performance.now(); new Error("first"); globalThis.ms = performance.now() - start;'
{ lines 10; echo "$error"; } >small.mjs
{ lines 20000; echo "$error"; } >large.mjs
{ lines 20000; echo "export function later() { $error }"; } >function.mjs
cat >time.mjs <<'EOF'
const { later } = await import(`./${process.argv[2]}.mjs`);
later?.();
console.log(globalThis.ms);
EOF
# The least of five processes, in milliseconds; a clock's step is added.
least() { for _ in 1 2 3 4 5; do "${@:2}" time.mjs "$1"; done | sort -g | awk 'NR == 1 { print $1 + 0.05 }'; }
compare() {
  local small large inside
  small=$(least small "${@:2}") large=$(least large "${@:2}") inside=$(least function "${@:2}")
  awk -v n="$1" -v s="$small" -v l="$large" -v f="$inside" 'function by(x) { return x > 20 * s ? "over" : "under" }
    BEGIN { print n ": large module " by(l) " 20 times the small one, later " by(f) " 20 times" }'
}
{ compare bun npx --no-install bun; compare deno npx --no-install deno run -A; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
