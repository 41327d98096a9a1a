#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6, `deno run --watch`: a program whose top-level await is pending when it is saved is
# restarted in the same process, and its three analysis caches (SQLite, with their logs) stay open: six
# descriptors a save. The same program without the await leaves none, so it is not the restart itself.
# Seen: "pending await: 9, after 3 saves 27", "no await: 9, after 3 saves 9": descriptors in
# /proc/PID/fd whose file is named *_cache_v2*. A guess from the manual would be equal numbers.
set -euo pipefail
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund deno@2.9.6 >/dev/null
deno=$dir/node_modules/deno/deno
[ -x "$deno" ] || node node_modules/deno/install.cjs >/dev/null
"$deno" --version | head -n 1 | grep -q '^deno 2\.9\.6 '
export DENO_DIR=$dir/cache
seen() { for _ in $(seq 300); do grep -q "version $1" out && return; sleep 0.1; done; cat out; exit 1; }
caches() { readlink /proc/"$pid"/fd/* | grep -c '_cache_v2' || true; }
grow() { # what, its last line: prints the two counts and sets $more to the difference
  local n start end
  save() { printf 'console.log("version %s");\nsetInterval(() => {}, 1000);\n%s\n' "$1" "$2" >main.ts; }
  save 1 "$2"
  "$deno" run --watch -A main.ts >out 2>&1 &
  pid=$!
  seen 1 && sleep 1
  start=$(caches)
  for n in 2 3 4; do save "$n" "$2" && seen "$n" && sleep 1; done
  end=$(caches)
  kill "$pid" && wait "$pid" 2>/dev/null || true
  echo "$1: $start, after 3 saves $end"
  more=$((end - start))
}
grow "pending await" 'await new Promise(() => {});' && pending=$more
grow "no await" '' && plain=$more
[ "$pending" -eq 18 ] && [ "$plain" -eq 0 ]
