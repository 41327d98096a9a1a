// SPDX-License-Identifier: MIT
/**
 * Buffers whose memory is not quite the caller's: shared, resizable, or taken away while the call
 * waits. The kernel is never given memory that is gone, and the call says what happened to it.
 */
import assert from "node:assert/strict";
import {
  closeFd,
  type Conn,
  dial,
  go,
  listen,
  listenPacket,
  pipe,
  type Routine,
  sleep,
} from "../../mod.ts";
import { both, onWindows, pair, thrown } from "../support/harness.ts";

/** Resizable buffers, which the library's TypeScript target does not promise. */
type Resizable = ArrayBuffer & { resize(length: number): void };

function resizable(length: number): Resizable {
  const Kind = ArrayBuffer as unknown as new (n: number, o: { maxByteLength: number }) => Resizable;
  return new Kind(length, { maxByteLength: length });
}

/** Transfers the memory of `bytes`, as `postMessage` does. */
function takeAway(bytes: Uint8Array): void {
  structuredClone(null, { transfer: [bytes.buffer as ArrayBuffer] });
}

const HELLO = new TextEncoder().encode("hello");
const TAKEN = /the buffer was detached or resized/;
/** More than any pair of sockets holds. */
const MUCH = 32 << 20;

/** A byte goes from `a` to `b` as if nothing had happened. */
function* works(a: Conn, b: Conn): Routine<void> {
  const writing = go(() => a.write(HELLO));
  const buf = new Uint8Array(5);
  yield* b.readFull(buf);
  yield* writing.join();
  assert.deepEqual(buf, HELLO);
}

/** The error of a routine, begun and parked before `meanwhile` happens and `wake` wakes it. */
function* failing(
  routine: () => Routine<unknown>,
  meanwhile: () => void,
  wake: () => Routine<unknown>,
): Routine<{ message: string; bytesWritten?: number }> {
  const waiting = go(() => thrown(routine()));
  while (waiting.status !== "waiting") yield* sleep(1);
  meanwhile();
  const waking = go(wake);
  const error = yield* waiting.join();
  yield* waking.join();
  assert.ok(error instanceof TypeError, String(error));
  return error;
}

for (
  const [name, memory] of [["shared", () => new SharedArrayBuffer(5)], [
    "resizable",
    () => resizable(5),
  ]] as const
) {
  both(`${name} memory is read into and written from`, function* () {
    const [a, b] = yield* pair();
    using _a = a, _b = b;
    const [from, to] = [new Uint8Array(memory()), new Uint8Array(memory())];
    from.set(HELLO);
    assert.equal(yield* a.write(from), 5);
    assert.equal(yield* b.readFull(to), 5);
    assert.deepEqual([...to], [...HELLO]);
  });
}

both("memory detached before the call is a TypeError, not an end of stream", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const bytes = new Uint8Array(8);
  takeAway(bytes);
  for (const conn of [a, pipe()[0]]) {
    assert.throws(() => conn.read(bytes), TAKEN);
    assert.throws(() => conn.write(bytes), TAKEN);
    assert.throws(() => conn.writev([HELLO, bytes]), TAKEN);
  }
  yield* works(a, b);
});

both("a read whose buffer is detached takes no bytes", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const bytes = new Uint8Array(8);
  const reading = () => a.read(bytes);
  const { message } = yield* failing(reading, () => takeAway(bytes), () => b.write(HELLO));
  assert.match(message, TAKEN);
  const buf = new Uint8Array(8);
  assert.equal(yield* a.read(buf), 5);
  yield* works(a, b);
});

/** Reads all that comes, until `conn` is closed or the peer has ended. */
function* drain(conn: Conn): Routine<number> {
  const buf = new Uint8Array(1 << 16);
  let read = 0;
  for (let n; (n = yield* conn.read(buf)) !== null;) read += n;
  return read;
}

const WAYS = {
  write: (conn: Conn, bytes: Uint8Array) => conn.write(bytes),
  writev: (conn: Conn, bytes: Uint8Array) => conn.writev([bytes]),
};
const LOSSES = {
  "taken away": (bytes: Uint8Array) => takeAway(bytes),
  "made shorter": (bytes: Uint8Array) => (bytes.buffer as Resizable).resize(4),
};
for (const [way, write] of Object.entries(WAYS)) {
  for (const [loss, lose] of Object.entries(LOSSES)) {
    both(`a ${way} whose buffer is ${loss} reports how much was sent`, function* () {
      const [a, b] = yield* pair();
      using _a = a, _b = b;
      const bytes = new Uint8Array(loss === "taken away" ? new ArrayBuffer(MUCH) : resizable(MUCH));
      let drained = -1;
      const { message, bytesWritten } = yield* failing(
        () => write(a, bytes),
        () => lose(bytes),
        function* () {
          // Makes room for the rest, of which nothing is left.
          go(function* () {
            drained = yield* drain(b);
          });
        },
      );
      assert.match(message, TAKEN);
      yield* a.write(HELLO);
      a.closeWrite();
      while (drained < 0) yield* sleep(1);
      assert.equal(drained, bytesWritten! + HELLO.length);
    });
  }
}

both("detached buffers end the calls of a pipe, which stays usable", function* () {
  const [a, b] = pipe();
  using _a = a, _b = b;
  const written = new Uint8Array(8);
  const writing = yield* failing(
    () => a.write(written),
    () => takeAway(written),
    function* () {
      a.setWriteDeadline(0);
    },
  );
  assert.match(writing.message, TAKEN);
  assert.equal(writing.bytesWritten, 0);
  a.setWriteDeadline(null);
  const read = new Uint8Array(8);
  const reading = yield* failing(() => b.read(read), () => takeAway(read), () => works(a, b));
  assert.match(reading.message, TAKEN);
});

both("a datagram whose reader's buffer is detached goes to the next reader", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const buf = new Uint8Array(8);
  const ways: ((bytes: Uint8Array) => Routine<unknown>)[] = [
    (bytes) => conn.readFrom(bytes),
    (bytes) => conn.read(bytes),
    (bytes) => conn.readMsg(bytes),
  ];
  for (const read of ways) {
    const bytes = new Uint8Array(8);
    const { message } = yield* failing(
      () => read(bytes),
      () => takeAway(bytes),
      () => conn.writeTo(HELLO, conn.localAddr),
    );
    assert.match(message, TAKEN);
    assert.equal((yield* conn.readFrom(buf)).n, 5);
  }
  takeAway(buf);
  assert.throws(() => conn.writeTo(buf, conn.localAddr), TAKEN);
});

both("a message whose reader's buffer is detached keeps its descriptors", function* () {
  using listener = yield* listen("unix", "");
  using a = yield* dial("unix", String(listener.addr));
  using b = yield* listener.accept();
  const bytes = new Uint8Array(8);
  const { message } = yield* failing(
    () => b.readMsgUnix(bytes),
    () => takeAway(bytes),
    () => a.writeMsgUnix(HELLO, { fds: [a.fd] }),
  );
  assert.match(message, TAKEN);
  const got = yield* b.readMsgUnix(new Uint8Array(8));
  assert.equal(got?.n, 5);
  assert.equal(got.fds.length, 1);
  closeFd(got.fds[0]);
}, onWindows && "Unix sockets are not on Windows yet");
