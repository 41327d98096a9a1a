#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6 and Node 20 beside Bun 1.4.5, Linux. A service has one AbortSignal for its shutdown and hands
# it to each connection's `target.addEventListener(type, f, { signal })`, so that nothing must be removed by
# hand. The good guess is that this costs the same for each, and nothing once the target is garbage. On Deno
# and Node the signal keeps an entry for each listener ever added, of targets that are long gone too, and
# searches all of them for the next one: after a hundred thousand, one call took 6 ms on Deno.
# A listener of the signal itself, added and removed, costs the same always. Seen:
#   bun: { signal } stays level, a listener added and removed stays level
#   deno: { signal } grows, a listener added and removed stays level
#   node: { signal } grows, a listener added and removed stays level
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case.mjs <<'EOF'
const pause = () => new Promise((resolve) => setTimeout(resolve, 0));
const { signal } = new AbortController(), nothing = () => {};
const time = (f, from = performance.now()) => {
  for (let i = 0; i < 500; i++) f();
  return performance.now() - from;
};
async function growth(f) {
  for (let i = 0; i < 4; i++) time(f);
  const first = Math.min(time(f), time(f), time(f));
  for (let i = 0; i < 20; i++, await pause()) time(f);
  return Math.min(time(f), time(f), time(f)) > 2 * first ? "grows" : "stays level";
}
const plain = await growth(() => {
  signal.addEventListener("abort", nothing);
  signal.removeEventListener("abort", nothing);
});
const own = await growth(() => new EventTarget().addEventListener("message", nothing, { signal }));
console.log(`{ signal } ${own}, a listener added and removed ${plain}`);
process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"; echo "deno: $(npx --no-install deno run -A case.mjs)"; echo "node: $(node --no-warnings case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
