// SPDX-License-Identifier: MIT
/**
 * A reader over a recorded kqueue that receives urgent data as XNU reports it, with Linux's sockets,
 * which end a read in front of it as XNU's do. Nothing else wakes it, so nothing may be needed.
 * libkqueue cannot tell: see linux_urgent_test.ts for epoll itself.
 */
import assert from "node:assert/strict";
import { fileConn, go } from "../../mod.ts";
import { EVFILT_READ } from "../../platforms/bsd/kevent.ts";
import { KqueuePoller } from "../../platforms/bsd/poller.ts";
import { DARWIN } from "../../platforms/darwin/system.ts";
import { libc } from "../../platforms/linux/libc.ts";
import { platform } from "../../platforms/platform.ts";
import type { RawAddress, SocketCalls } from "../../platforms/contract/platform.ts";
import { only, until } from "../support/harness.ts";
import { RecordedKqueue } from "../support/kqueue_stub.ts";

const MSG_OOB = 1;
const { os, sockets } = platform();
const elsewhere = os !== "linux" && "it takes Linux's sockets";

/** Two ends that no poller knows. */
function connected(sockets: SocketCalls): [client: number, server: number] {
  const listener = sockets.streamSocket("ip4");
  const any = platform().sockaddr.encode({ ip: Uint8Array.of(127, 0, 0, 1), port: 0, scope: 0 });
  assert.equal(sockets.bind(listener, any), 0);
  assert.equal(sockets.listen(listener, 1), 0);
  const client = sockets.streamSocket("ip4");
  sockets.connect(client, sockets.localAddress(listener) as RawAddress);
  while (sockets.ready(listener, "read") === 0);
  const server = sockets.accept(listener);
  assert.ok(server >= 0);
  sockets.close(listener);
  return [client, server];
}

only("runSync", "darwin: data after urgent data is read at once", function* () {
  const host = platform();
  const { openPoller } = host;
  const kqueue = new RecordedKqueue(DARWIN.kevent);
  // Opened by the first descriptor of this thread, which is the reader's.
  host.openPoller = () => new KqueuePoller(kqueue, DARWIN.kevent, DARWIN.errnoText);
  const [client, server] = connected(sockets);
  const send = (text: string, flags: number) => {
    const bytes = new TextEncoder().encode(text);
    assert.equal(libc().symbols.send(client, bytes, bytes.length, flags), bytes.length);
  };
  try {
    using conn = fileConn(server, { own: true });
    conn.setReadDeadline(Date.now() + 5000);
    const buf = new Uint8Array(100);
    const first = go(() => conn.read(buf));
    yield* until(() => first.status === "waiting");
    send("abc", 0);
    send("X", MSG_OOB);
    send("def", 0);
    // All of it is there when the peer's kernel has said so.
    yield* until(() => sockets.unacknowledged(client) === 0);
    kqueue.deliver(server, [EVFILT_READ, 0, DARWIN.kevent.NOTE_OOB, 3]);
    assert.equal(yield* first.join(), 3);
    assert.equal(yield* conn.read(buf), 3);
    assert.equal(new TextDecoder().decode(buf.subarray(0, 3)), "def");
    sockets.close(client);
    assert.equal(yield* conn.read(buf), null, "and the end, of which no kevent told");
  } finally {
    host.openPoller = openPoller;
  }
}, elsewhere);
