// SPDX-License-Identifier: MIT
/**
 * The classic epoll echo, level-triggered: one call per event is enough, because what is left is reported
 * again. But a socket is nearly always writable, so output must be switched on only while something
 * waits to be written, or the loop would never sleep. HOST and PORT come from the environment.
 */
import process from "node:process";
import { AGAIN, openPoller, sys, SyscallError } from "../poll.ts";

const { HOST = "127.0.0.1", PORT = "7007" } = process.env;

/** What is still to be written; null while input is waited for. */
interface Echo {
  rest: Uint8Array | null;
}

using poller = openPoller<Echo | null>();
const buffer = new Uint8Array(16 * 1024);
const listener = sys.socket();
sys.setOption(listener, "SO_REUSEADDR", 1);
sys.bind(listener, `${HOST}:${PORT}`);
sys.listen(listener);
poller.add(listener, { read: true }, null);
console.log(`listening on ${sys.localAddr(listener)} (level)`);

for (;;) {
  for (const { fd, data } of poller.wait()) {
    if (data === null) accept();
    else if (!echo(fd, data)) hangUp(fd);
  }
}

function accept() {
  const fd = sys.accept(listener);
  if (fd !== AGAIN) poller.add(fd, { read: true }, { rest: null });
}

/** Reads once, or writes once. False at the end of the connection. */
function echo(fd: number, conn: Echo): boolean {
  try {
    if (conn.rest === null) {
      const n = sys.read(fd, buffer);
      if (n === 0) return false;
      if (n > 0) send(fd, conn, buffer.subarray(0, n));
    } else {
      send(fd, conn, conn.rest);
    }
    return true;
  } catch (error) {
    if (error instanceof SyscallError) return false; // A peer may vanish.
    throw error;
  }
}

/** Writes, and turns the switch: output while something is left, input when nothing is. */
function send(fd: number, conn: Echo, bytes: Uint8Array) {
  const n = Math.max(0, sys.write(fd, bytes));
  const all = n === bytes.length;
  const waited = conn.rest !== null;
  conn.rest = all ? null : bytes.slice(n);
  if (waited === all) poller.modify(fd, { read: all, write: !all });
}

function hangUp(fd: number) {
  poller.remove(fd);
  sys.close(fd);
}
