// SPDX-License-Identifier: MIT
/**
 * A listener over a recorded kqueue, whose descriptors have run out: its one kevent comes once, and
 * no connection may be left waiting for another. Over libkqueue the test with a real shortage cannot run,
 * see libkqueue_limits.ts.
 */
import assert from "node:assert/strict";
import { go, listen } from "../../mod.ts";
import { EVFILT_READ } from "../../platforms/bsd/kevent.ts";
import { KqueuePoller } from "../../platforms/bsd/poller.ts";
import { DARWIN } from "../../platforms/darwin/system.ts";
import { platform } from "../../platforms/platform.ts";
import type { RawAddress } from "../../platforms/contract/platform.ts";
import { failingWith } from "../fixtures/syscalls_fixture.ts";
import { only, onWindows, until } from "../support/harness.ts";
import { RecordedKqueue } from "../support/kqueue_stub.ts";

only(
  "runSync",
  "accept() without free descriptors continues without a second kevent",
  function* () {
    const host = platform();
    const { openPoller } = host;
    const kqueue = new RecordedKqueue(DARWIN.kevent);
    // Opened by the first descriptor of this thread, which is the listener.
    host.openPoller = () => new KqueuePoller(kqueue, DARWIN.kevent, DARWIN.errnoText);
    try {
      using listener = yield* listen("tcp", "127.0.0.1:0");
      const accepting = go(() => listener.accept());
      yield* until(() => accepting.status === "waiting");
      // Not dialled: that would wait for a kevent of its own.
      const { sockets, errno } = host;
      const fd = sockets.streamSocket("ip4");
      sockets.connect(fd, sockets.localAddress(listener.fd) as RawAddress);
      const { EMFILE } = errno;
      const calls = yield* failingWith("accept", [EMFILE, EMFILE, EMFILE, EMFILE], function* () {
        kqueue.deliver(listener.fd, [EVFILT_READ, 0, 0, 1]);
        (yield* accepting.join()).abort();
      });
      assert.ok(calls > 4);
      sockets.close(fd);
    } finally {
      host.openPoller = openPoller;
    }
  },
  onWindows && "a socket of Windows accepts through a port alone",
);
