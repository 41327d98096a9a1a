#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6, V8 15.0, x86-64. What a foreign function declared with an "i32" parameter does with a
# number that is no 32-bit integer depends on whether the calling function has been compiled: cold
# code throws a TypeError, and the same function called with the same number, once it is hot, wraps
# it modulo 2^32 or cuts it, without a word. So a check that is left to Deno works in every test and
# is gone in production: abs(2^40 + 5) is 5 there. Seen:
#   cold: 1099511627781 -> TypeError, 1.5 -> TypeError
#   hot: 1099511627781 -> 5, 1.5 -> 1
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent deno@2.9.6
npx --no-install deno --version | head -2
cat >case.mts <<'EOF'
const { symbols: c } = Deno.dlopen("libc.so.6", { abs: { parameters: ["i32"], result: "i32" } });
const call = (x: number) => c.abs(x);
const tried = (x: number) => {
  try { return call(x); } catch (e) { return (e as Error).name; }
};
const both = () => [2 ** 40 + 5, 1.5].map((x) => `${x} -> ${tried(x)}`).join(", ");
const cold = both();
console.log("cold:", cold);
let hot = cold;
for (let round = 0; round < 100 && hot === cold; round++) {
  for (let i = 0; i < 100_000; i++) tried(i & 7);
  await new Promise((resolve) => setTimeout(resolve, 10)); // The compiler has a thread of its own.
  hot = both();
}
console.log("hot:", hot);
EOF
npx --no-install deno run -A case.mts | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
