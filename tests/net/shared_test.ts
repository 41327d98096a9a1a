// SPDX-License-Identifier: MIT
/** Descriptors that others have too: a close here closes the number, and nothing of theirs. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  closeFd,
  type Conn,
  dial,
  fileConn,
  fileListener,
  go,
  listen,
  type Routine,
  shareFd,
  type UnixConn,
} from "../../mod.ts";
import type { EventConn, Server } from "../../event.ts";
import { platform } from "../../platforms/platform.ts";
import { serving } from "../support/serving.ts";
import { both, onWindows, pairOn, thrown, until } from "../support/harness.ts";

/** Why nothing is shared there. */
const noSharing = onWindows && "a socket that has had a port cannot have another";

const say = (text: string) => new TextEncoder().encode(text);

/** Reads until the end of the stream, as text. */
function* readText(conn: Conn): Routine<string> {
  const buf = new Uint8Array(256);
  let text = "";
  for (let n; (n = yield* conn.read(buf)) !== null;) {
    text += new TextDecoder().decode(buf.subarray(0, n));
  }
  return text;
}

/** A connection to pass descriptors over. */
function* control(): Routine<[UnixConn, UnixConn]> {
  using listener = yield* listen("unix", "");
  const dialled = yield* dial("unix", String(listener.addr));
  return [dialled, (yield* listener.accept()) as UnixConn];
}

/** Passes `fd`, and returns the number that the receiver has for it. */
function* pass(fd: number): Routine<number> {
  const [sender, receiver] = yield* control();
  using _s = sender, _r = receiver;
  yield* sender.writeMsgUnix(say("."), { fds: [fd] });
  return (yield* receiver.readMsgUnix(new Uint8Array(1)))!.fds[0];
}

/** Ways in which a second holder acquires the socket of `fd`. */
const HOLDERS: Record<string, (fd: number) => Routine<Conn>> = {
  *"passed by SCM_RIGHTS"(fd) {
    return fileConn(yield* pass(fd), { own: true });
  },
  *"copied by fileConn"(fd) {
    return fileConn(fd);
  },
  *"marked by shareFd"(fd) {
    const copy = platform().descriptors.duplicate(fd);
    shareFd(fd);
    return fileConn(copy, { own: true });
  },
};

/** Ways to be rid of this side's number. */
const WAYS: Record<string, (conn: Conn) => void> = {
  close: (conn) => conn.close(),
  abort: (conn) => conn.abort(),
  dispose: (conn) => conn[Symbol.dispose](),
  "detach, closeFd": (conn) => closeFd(conn.detach()),
  "detach, fileConn, close": (conn) => fileConn(conn.detach(), { own: true }).close(),
};

for (const [how, share] of Object.entries(HOLDERS)) {
  for (const [way, close] of Object.entries(WAYS)) {
    both(`${how}: the other holder continues after ${way}`, function* () {
      for (const network of ["tcp", "unix"] as const) {
        using listener = yield* listen(network as "tcp", network === "tcp" ? "127.0.0.1:0" : "");
        const client = yield* dial(network as "tcp", String(listener.addr));
        const server = yield* listener.accept();
        yield* server.write(say("banner, "));
        yield* client.write(say("request"));
        const other = yield* share(server.fd);
        close(server);
        const buf = new Uint8Array(64);
        assert.equal(yield* other.read(buf), 7, network);
        yield* other.write(say("answer"));
        // The last one: from here on nothing else has it, as far as the library knows.
        other.closeWrite();
        assert.equal(yield* readText(client), "banner, answer", network);
        other.close();
        client.close();
      }
    }, noSharing);
  }
}

both("closing a duplicate does not affect the original", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const [client, server] = yield* pairOn(listener);
  const copy = fileConn(server.fd);
  yield* copy.write(say("from the copy, "));
  yield* client.write(say("x"));
  copy.close();
  yield* server.write(say("from the original"));
  assert.equal(yield* server.read(new Uint8Array(9)), 1);
  server.closeWrite();
  assert.equal(yield* readText(client), "from the copy, from the original");
  client.close();
  server.close();
}, noSharing);

both(
  "a descriptor without other holders is closed losslessly, even if it was detached",
  function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const [client, server] = yield* pairOn(listener);
    const again = fileConn(server.detach(), { own: true });
    yield* again.write(say("answer"));
    // Unread here: a bare close(2) would reset the client.
    yield* client.write(say("request"));
    yield* again.readable();
    again.close();
    assert.equal(yield* readText(client), "answer");
    client.close();
  },
  noSharing,
);

for (const network of ["tcp", "unix"] as const) {
  both(`a successor's listener continues when its predecessor closes: ${network}`, function* () {
    const path = join(tmpdir(), `netpoll-shared-${crypto.randomUUID()}`);
    const at = network === "tcp" ? "127.0.0.1:0" : path;
    const listener = yield* listen(network as "tcp", at);
    const address = String(listener.addr);
    const successor = fileListener(yield* pass(listener.fd), { own: true });
    const waiting = go(() => thrown(listener.accept()));
    yield* until(() => waiting.status === "waiting");
    listener.close();
    yield* waiting.join();
    const dialling = go(() => dial(network as "tcp", address));
    (yield* successor.accept()).close();
    (yield* dialling.join()).close();
    successor.close();
    if (network === "unix") {
      assert.ok(existsSync(path), "the file is the successor's");
      rmSync(path);
    }
  }, noSharing);
}

both("a connection passed by an event server stays its receiver's after close", function* () {
  let conn: EventConn | undefined;
  let server: Server | undefined;
  yield* serving({
    serving: (started) => void (server = started),
    opened(opened) {
      conn = opened;
      return say("banner, ");
    },
  }, function* ({ connect }) {
    const client = yield* connect();
    yield* until(() => conn !== undefined);
    yield* client.readFull(new Uint8Array(8));
    const other = fileConn(yield* pass(conn!.fd), { own: true });
    conn!.close();
    yield* until(() => server!.connections === 0);
    yield* client.write(say("request"));
    assert.equal(yield* other.read(new Uint8Array(64)), 7);
    yield* other.write(say("answer"));
    other.closeWrite();
    assert.equal(yield* readText(client), "answer");
    other.close();
    client.close();
  });
}, noSharing);

both("shareFd requires a number", function* () {
  for (const fd of [-1, 0.5, NaN, "3" as unknown as number]) {
    assert.throws(() => shareFd(fd), RangeError);
  }
});
