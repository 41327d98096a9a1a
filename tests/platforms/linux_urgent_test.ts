// SPDX-License-Identifier: MIT
/** Urgent data of TCP, which a peer may send to stop a reader. tcp(7), MSG_OOB. */
import assert from "node:assert/strict";
import { go, sleep } from "../../mod.ts";
import { libc } from "../../platforms/linux/libc.ts";
import { platform } from "../../platforms/platform.ts";
import { both, pair, thrown, until } from "../support/harness.ts";
import { lacking } from "../support/libkqueue_limits.ts";

/** The flag that makes the last byte urgent, on Linux. */
const MSG_OOB = 1;

const unable = platform().os === "linux"
  ? lacking("urgent data").skip ?? false
  : "it takes Linux's sockets";

both("data after urgent data is read at once", function* () {
  const [client, server] = yield* pair();
  const send = (text: string, flags: number) => {
    const bytes = new TextEncoder().encode(text);
    assert.equal(libc().symbols.send(client.fd, bytes, bytes.length, flags), bytes.length);
  };
  const buf = new Uint8Array(100);
  const first = go(() => server.read(buf));
  yield* until(() => first.status === "waiting");
  send("0", 0);
  assert.equal(yield* first.join(), 1);
  send("abc", 0);
  send("X", MSG_OOB);
  send("def", 0);
  // A goroutine waits, so the poller looks, and there is no other event for the data.
  const waiting = go(() => thrown(client.read(new Uint8Array(1))));
  yield* until(() => waiting.status === "waiting");
  yield* sleep(10);
  server.setReadDeadline(Date.now() + 5000);
  let text = "";
  // The kernel ends a read in front of the urgent byte, which is not of the stream.
  while (text.length < 6) {
    const n = yield* server.read(buf);
    text += new TextDecoder().decode(buf.subarray(0, n!));
  }
  assert.equal(text, "abcdef");
  client.close();
  server.close();
  yield* waiting.join();
}, unable);
