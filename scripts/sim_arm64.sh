#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Compares the hashes of simulations on this machine's x64 with those on an emulated arm64, on Bun and
# on Deno (docs/simulation.md). Run by hand: scripts/arm64.sh downloads 250 MB the first time.
set -eu
cd "$(dirname "$0")/.."

bin=$(scripts/arm64.sh)
for program in tests/sim/fixtures/hashes.ts tests/sim/fixtures/explorations.ts; do
  own=$(npx bun "$program")
  for runtime in bun deno; do
    other=$("$bin/$runtime" run "$program")
    [ "$other" = "$own" ] || {
      echo "sim_arm64.sh: $program on $runtime: on x64 $own, on arm64 $other" >&2
      exit 1
    }
    echo "$program on $runtime: $(echo "$own" | wc -l) lines equal"
  done
done
