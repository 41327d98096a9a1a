// SPDX-License-Identifier: MIT
// cspell:ignore efghi fghi
/** Reading: what is left unread comes again, whatever the borders of the packets; pause and resume. */
import assert from "node:assert/strict";
import { go, sleep } from "../../mod.ts";
import { type EventConn, UnreadLimitError } from "../../event.ts";
import { both, thrown, until } from "../support/harness.ts";
import { bytes, pattern, readAll, readText, serving, text } from "../support/serving.ts";

/** Messages of a length byte and as many bytes, as many as are there. */
function messages(conn: EventConn): string[] {
  const all: string[] = [];
  for (let head; (head = conn.peek(1)) !== null && conn.buffered > head[0];) {
    const length = conn.next(1)![0];
    all.push(text(conn.next(length)));
  }
  return all;
}

both("a message may arrive in pieces, and several in one piece", function* () {
  const seen: string[] = [];
  yield* serving({
    data(conn) {
      seen.push(...messages(conn));
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    const words = ["", "a", "two words", "x".repeat(255)];
    const stream = words.map((word) => [word.length, ...bytes(word)]).flat();
    for (const byte of stream) {
      yield* conn.write(Uint8Array.of(byte));
      if (Math.random() < 0.1) yield* sleep(1);
    }
    yield* until(() => seen.length === words.length);
    assert.deepEqual(seen.splice(0), words);
    yield* conn.write(Uint8Array.from([...stream, ...stream.slice(0, -100)]));
    yield* until(() => seen.length === 2 * words.length - 1);
    yield* conn.write(Uint8Array.from(stream.slice(-100)));
    yield* until(() => seen.length === 2 * words.length);
    assert.deepEqual(seen, [...words, ...words]);
  });
});

both("peek, next and discard return and consume the requested bytes", function* () {
  const got: unknown[] = [];
  yield* serving({
    data(conn, input) {
      if (input.length < 10) return void conn.discard(0);
      got.push(text(conn.peek(3)), text(conn.peek()), conn.peek(11), conn.buffered);
      got.push(text(conn.next(2)), conn.discard(3), conn.buffered, text(conn.peek(1)));
      got.push(
        text(conn.next()),
        conn.next(1),
        conn.discard(),
        conn.buffered,
        conn.next(0)?.length,
      );
      return "close";
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    for (const part of ["0123", "456", "789"]) {
      yield* conn.write(bytes(part));
      yield* sleep(2);
    }
    yield* readAll(conn);
  });
  assert.deepEqual(got, [
    ...["012", "0123456789", null, 10],
    ...["01", 3, 5, "5"],
    ...["56789", null, 0, 0, 0],
  ]);
});

both("input that a handler does not consume explicitly counts as consumed", function* () {
  const seen: string[] = [];
  yield* serving({
    data(conn, input) {
      seen.push(text(input));
      if (seen.length === 2) conn.discard(1);
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    for (const [i, part] of ["abc", "def", "ghi", "jkl"].entries()) {
      yield* conn.write(bytes(part));
      yield* until(() => seen.length === i + 1);
    }
  });
  assert.deepEqual(seen, ["abc", "def", "efghi", "jkl"]);
});

both("a large message is assembled, and its memory then released", function* () {
  const great = pattern(3_000_000);
  let calls = 0;
  let served: EventConn | undefined;
  yield* serving({
    data(conn, input) {
      served = conn;
      calls++;
      if (input.length < great.length) return void conn.discard(0);
      return conn.next(great.length)!;
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    for (let round = 0; round < 2; round++) {
      go(() => conn.write(great));
      const back = new Uint8Array(great.length);
      yield* conn.readFull(back);
      assert.deepEqual(back, great);
      assert.equal(served!.buffered, 0);
    }
    assert.ok(calls > 10, `${calls}`);
  });
});

both("unread bytes may be consumed between calls of handlers", function* () {
  let served: EventConn | undefined;
  const seen: string[] = [];
  yield* serving({
    data(conn, input) {
      served = conn;
      seen.push(text(input));
      conn.discard(0);
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    yield* conn.write(bytes("abcdef"));
    yield* until(() => served !== undefined);
    assert.equal(text(served!.next(2)), "ab");
    assert.equal(served!.discard(1), 1);
    assert.equal(text(served!.peek()), "def");
    served!.wake();
    yield* until(() => seen.length === 2);
    assert.equal(served!.discard(2), 2);
    yield* conn.write(bytes("ghi"));
    yield* until(() => seen.length === 3);
    assert.equal(served!.discard(), 4);
    yield* conn.write(bytes("jkl"));
    yield* until(() => seen.length === 4);
  });
  assert.deepEqual(seen, ["abcdef", "def", "fghi", "jkl"]);
});

both("a handler that leaves too much unread loses its connection", function* () {
  const closed: unknown[] = [];
  yield* serving({
    maxUnread: 100,
    data: (conn) => void conn.discard(0),
    closed: (_conn, error) => void closed.push(error),
  }, function* ({ connect }) {
    using conn = yield* connect();
    yield* conn.write(new Uint8Array(100));
    yield* sleep(5);
    assert.deepEqual(closed, []);
    yield* conn.write(new Uint8Array(1));
    assert.equal(yield* readAll(conn), "[ECONNRESET]");
    yield* until(() => closed.length === 1);
  });
  assert.ok(closed[0] instanceof UnreadLimitError);
  assert.equal(closed[0].unread, 101);
});

both("invalid counts are rejected", function* () {
  const errors: unknown[] = [];
  yield* serving({
    data(conn) {
      for (const call of [() => conn.peek(-1), () => conn.next(1.5), () => conn.discard(NaN)]) {
        try {
          call();
        } catch (error) {
          errors.push(error);
        }
      }
      return "close";
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    yield* conn.write(bytes("x"));
    yield* readAll(conn);
  });
  assert.equal(errors.length, 3);
  assert.ok(errors.every((error) => error instanceof RangeError));
});

both("pause keeps input in the kernel, resume reads it", function* () {
  let served: EventConn | undefined;
  const seen: string[] = [];
  yield* serving({
    opened(conn) {
      served = conn;
    },
    data(conn, input) {
      seen.push(text(input));
      conn.pause();
      return input;
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    yield* conn.write(bytes("one"));
    yield* readText(conn, 3);
    yield* conn.write(bytes("two"));
    yield* sleep(10);
    assert.deepEqual(seen, ["one"]);
    served!.resume();
    assert.equal(yield* readText(conn, 3), "two");
    assert.deepEqual(seen, ["one", "two"]);
  });
});

both("a busy loop leaves turns to goroutines", function* () {
  let calls = 0;
  yield* serving({
    data(conn, input) {
      if (++calls < 1e6) conn.wake();
      return input;
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    yield* conn.write(bytes("x"));
    yield* readText(conn, 1);
    yield* sleep(1);
    assert.ok(calls > 1 && calls < 1e6, `${calls}`);
    calls = 1e6;
  });
});

both("a peer that never stops sending leaves turns to others", function* () {
  let flooded = 0;
  yield* serving({
    data(_conn, input) {
      if (input.length === 1) return input;
      flooded += input.length;
      return undefined;
    },
  }, function* ({ connect }) {
    using flooder = yield* connect();
    using conn = yield* connect();
    const block = new Uint8Array(1 << 20);
    const flooding = go(() =>
      thrown(function* () {
        for (;;) yield* flooder.write(block);
      }())
    );
    for (let i = 0; i < 20; i++) {
      yield* conn.write(bytes("x"));
      assert.equal(yield* readText(conn, 1), "x");
    }
    yield* until(() => flooded > 10 * block.length);
    flooder.abort();
    yield* flooding.join();
  });
});
