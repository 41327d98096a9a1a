#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Linux 6.18, net.core.wmem_default 212992; by bun:ffi of Bun 1.4.5. "Not writable" does not mean
# that a send would block: a Unix stream that is full of one-byte sends takes another after ONE
# read, but poll(2) and epoll report room only when three quarters of its memory are free. A program
# that waits for POLLOUT is woken after 210 reads; a peer that reads half and then waits stops both.
# The memory of each send counts, not its bytes: 278 bytes fill 208 KiB. Seen:
#   one-byte sends until EAGAIN: 278
#   reads until a send goes through: 1
#   more reads until poll says POLLOUT: 209
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null && npm install --no-audit --no-fund --silent bun@1.4.5
cat >case.ts <<'EOF'
import { dlopen } from "bun:ffi";
const { symbols: c } = dlopen("libc.so.6", {
  socketpair: { args: ["i32", "i32", "i32", "buffer"], returns: "i32" },
  send: { args: ["i32", "buffer", "u64", "i32"], returns: "i64_fast" },
  recv: { args: ["i32", "buffer", "u64", "i32"], returns: "i64_fast" },
  poll: { args: ["buffer", "u64", "i32"], returns: "i32" },
});
const [AF_UNIX, SOCK_STREAM, MSG_DONTWAIT, POLLOUT] = [1, 1, 0x40, 4];
const [pair, byte] = [new Int32Array(2), new Uint8Array(1)];
c.socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
const send = () => c.send(pair[0], byte, 1, MSG_DONTWAIT) === 1;
const room = () => c.poll(Int32Array.of(pair[0], POLLOUT), 1, 0) === 1;
const readsUntil = (f: () => boolean) => {
  for (let n = 0;; n++, c.recv(pair[1], byte, 1, MSG_DONTWAIT)) if (f()) return n;
};
for (var full = 0; send();) full++;
console.log("one-byte sends until EAGAIN:", full);
console.log("reads until a send goes through:", readsUntil(send));
console.log("more reads until poll says POLLOUT:", readsUntil(room));
EOF
uname -sr
npx --no-install bun case.ts | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
