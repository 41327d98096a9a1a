#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deno 2.9.6, Linux. A descriptor of node:fs looks like a plain number, and is not: node:fs keeps an
# owner for each. If the number is closed by close(2) (FFI, a native library), the next openSync
# that gets the same number drops that stale owner, which closes the NEW file: openSync returns a
# descriptor that is closed already. And closeSync of a number that node:fs did not open throws
# EBADF and leaves it open. Seen:
#   openSync returned the number of the file before: true
#   the new descriptor is open: false
#   readSync of it: EBADF
#   closeSync of a descriptor of dup(2): EBADF; still open: true
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null && npm install --no-audit --no-fund --silent deno@2.9.6
npx --no-install deno --version | head -1
cat >case.mts <<'EOF'
import { closeSync, existsSync, openSync, readSync } from "node:fs";
const { symbols: c } = Deno.dlopen("libc.so.6", {
  close: { parameters: ["i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
});
const isOpen = (fd: number) => existsSync(`/proc/self/fd/${fd}`);
const code = (f: () => unknown) => {
  try { return f(); } catch (e) { return (e as { code: string }).code; }
};
const copy = c.dup(1);
const first = openSync("/dev/zero", "r");
c.close(first);
const second = openSync("/dev/zero", "r");
console.log("openSync returned the number of the file before:", first === second);
console.log("the new descriptor is open:", isOpen(second));
console.log("readSync of it:", code(() => readSync(second, new Uint8Array(1))));
const closed = code(() => closeSync(copy));
console.log(`closeSync of a descriptor of dup(2): ${closed}; still open: ${isOpen(copy)}`);
EOF
npx --no-install deno run -A case.mts | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
