// SPDX-License-Identifier: MIT
/**
 * The classic epoll echo, edge-triggered: each descriptor is registered once, for both directions,
 * and never changed. An edge is reported once, so the program goes on until the call would have to
 * wait. HOST and PORT come from the environment.
 */
import process from "node:process";
import { AGAIN, openPoller, sys, SyscallError } from "../poll.ts";

const { HOST = "127.0.0.1", PORT = "7007" } = process.env;

/** A connection: its bytes, and those of them that are still to be written. */
class Echo {
  readonly buffer = new Uint8Array(16 * 1024);
  rest = this.buffer.subarray(0, 0);
}

using poller = openPoller<Echo | null>();
const listener = sys.socket();
sys.setOption(listener, "SO_REUSEADDR", 1);
sys.bind(listener, `${HOST}:${PORT}`);
sys.listen(listener);
poller.add(listener, { read: true, trigger: "edge" }, null);
console.log(`listening on ${sys.localAddr(listener)} (edge)`);

for (;;) {
  for (const { fd, data } of poller.wait()) {
    if (data === null) accept();
    else if (!echo(fd, data)) hangUp(fd);
  }
}

function accept() {
  for (let fd; (fd = sys.accept(listener)) !== AGAIN;) {
    poller.add(fd, { read: true, write: true, trigger: "edge" }, new Echo());
  }
}

/** Reads and writes until one of the two would have to wait. False at the end of the connection. */
function echo(fd: number, conn: Echo): boolean {
  try {
    for (;;) {
      while (conn.rest.length > 0) {
        const n = sys.write(fd, conn.rest);
        if (n === AGAIN) return true;
        conn.rest = conn.rest.subarray(n);
      }
      const n = sys.read(fd, conn.buffer);
      if (n === AGAIN) return true;
      if (n === 0) return false;
      conn.rest = conn.buffer.subarray(0, n);
    }
  } catch (error) {
    if (error instanceof SyscallError) return false; // A peer may vanish.
    throw error;
  }
}

function hangUp(fd: number) {
  poller.remove(fd);
  sys.close(fd);
}
