// SPDX-License-Identifier: MIT
/** Writing: from anywhere, in order, with marks, a cap, and word of what has gone. */
import assert from "node:assert/strict";
import { go, sleep } from "../../mod.ts";
import { type EventConn, SlowConsumerError } from "../../event.ts";
import { both, only, until } from "../support/harness.ts";
import { bytes, pattern, readAll, readText, serving } from "../support/serving.ts";

/** More than the buffers of both ends hold. */
const FLOOD = 16 << 20;
const BLOCK = 1 << 16;

both("writes and replies are sent in order", function* () {
  yield* serving({
    opened(conn) {
      conn.write(bytes("a"));
      conn.write(bytes("b"));
      return bytes("c");
    },
    data(conn, input) {
      conn.write(bytes("<"));
      conn.write(input);
      return bytes(">");
    },
  }, function* ({ connect }) {
    using conn = yield* connect();
    assert.equal(yield* readText(conn, 3), "abc");
    yield* conn.write(bytes("x"));
    assert.equal(yield* readText(conn, 3), "<x>");
  });
});

both("a goroutine writes to any connection, and a handler to another's", function* () {
  const conns: EventConn[] = [];
  yield* serving({
    opened: (conn) => void conns.push(conn),
    data(_conn, input) {
      for (const conn of conns) conn.write(input);
    },
  }, function* ({ connect }) {
    using a = yield* connect();
    using b = yield* connect();
    yield* until(() => conns.length === 2);
    yield* a.write(bytes("to all"));
    assert.equal(yield* readText(a, 6), "to all");
    assert.equal(yield* readText(b, 6), "to all");
    const buffer = bytes("mine");
    conns[0].write(buffer);
    buffer.fill(0); // It was copied.
    assert.equal(yield* readText(a, 4), "mine");
  });
});

only("run", "a host callback may write", function* () {
  let conn: EventConn | undefined;
  yield* serving({ opened: (opened) => void (conn = opened) }, function* ({ connect }) {
    using client = yield* connect();
    yield* until(() => conn !== undefined);
    setTimeout(() => conn!.write(bytes("late")), 5);
    assert.equal(yield* readText(client, 4), "late");
  });
});

both("a large write arrives whole, however slowly it is read", function* () {
  const flood = pattern(FLOOD);
  yield* serving({
    highWaterMark: 1 << 20,
    maxPending: 2 * FLOOD,
    opened: () => flood,
    data: () => ({ out: flood, action: "close" }),
  }, function* ({ connect }) {
    using conn = yield* connect();
    for (let round = 0; round < 2; round++) {
      if (round > 0) yield* conn.write(bytes("again"));
      const back = new Uint8Array(FLOOD);
      yield* conn.readFull(back.subarray(0, 1));
      yield* sleep(20);
      yield* conn.readFull(back.subarray(1));
      assert.deepEqual(back, flood);
    }
    assert.equal(yield* readAll(conn), "");
  });
});

both(
  "above the high-water mark write returns false and reading stops; at the low-water mark drained is called",
  function* () {
    let conn: EventConn | undefined;
    let drained = 0;
    let read = 0;
    let written = 0;
    const told: (Error | null)[] = [];
    const gone = (error: Error | null) => {
      told.push(error);
      assert.ok(written + BLOCK - conn!.pending >= told.length * BLOCK, "told too early");
    };
    yield* serving({
      highWaterMark: 1 << 23,
      lowWaterMark: 1 << 16,
      maxPending: 1 << 26,
      opened: (opened) => void (conn = opened),
      data: (_conn, input) => void (read += input.length),
      drained(full) {
        drained++;
        assert.ok(full.pending <= 1 << 16);
        return bytes("drained");
      },
    }, function* ({ connect }) {
      using client = yield* connect();
      yield* until(() => conn !== undefined);
      const block = new Uint8Array(BLOCK);
      while (conn!.write(block, gone)) {
        written += block.length;
        yield* sleep(0);
      }
      written += block.length;
      assert.ok(conn!.pending > 1 << 23);
      assert.equal(conn!.write(bytes("x")), false);
      written++;
      yield* client.write(bytes("nobody reads this yet"));
      yield* sleep(10);
      assert.equal(read, 0);
      assert.ok(told.length < written >> 16, "not all has gone");
      yield* client.readFull(new Uint8Array(written));
      assert.equal(yield* readText(client, 7), "drained");
      yield* until(() => read > 0);
      assert.equal(drained, 1);
      assert.equal(conn!.pending, 0);
      assert.equal(told.length, written >> 16);
      assert.ok(told.every((error) => error === null));
    });
  },
);

both("a slow consumer is reset at the limit, and only that one", function* () {
  const closed: unknown[] = [];
  const told: unknown[] = [];
  const conns: EventConn[] = [];
  yield* serving({
    highWaterMark: 1 << 16,
    maxPending: 1 << 20,
    opened: (conn) => void conns.push(conn),
    closed: (_conn, error) => void closed.push(error),
  }, function* ({ connect }) {
    using slow = yield* connect();
    using quick = yield* connect();
    yield* until(() => conns.length === 2);
    const block = new Uint8Array(1 << 16);
    let got = 0;
    const reading = go(function* () {
      const buf = new Uint8Array(1 << 16);
      for (let n; (n = yield* quick.read(buf)) !== null;) got += n;
    });
    let sent = 0;
    while (!conns[0].closing) {
      conns[0].write(block, (error) => told.push(error));
      conns[1].write(block);
      sent += block.length;
      yield* until(() => got === sent);
    }
    assert.equal(conns[0].write(block), false);
    yield* until(() => closed.length === 1);
    assert.ok(conns[0].pending <= 1 << 20);
    assert.match(yield* readAll(slow), /\[ECONNRESET\]$/);
    conns[1].close();
    yield* reading.join();
  });
  assert.ok(closed[0] instanceof SlowConsumerError);
  assert.ok(closed[0].pending > 1 << 20);
  assert.equal(closed[1], null);
  assert.ok(told.includes(null) && told.at(-1) === closed[0], "what was dropped was told");
});

both("writes after the end are dropped", function* () {
  let conn: EventConn | undefined;
  const told: unknown[] = [];
  yield* serving({ opened: (opened) => void (conn = opened) }, function* ({ connect }) {
    using client = yield* connect();
    yield* until(() => conn !== undefined);
    client.close();
    yield* until(() => conn!.fd === -1);
    for (let i = 0; i < 10; i++) {
      assert.equal(conn!.write(new Uint8Array(1000), (error) => told.push(error?.name)), false);
    }
    assert.equal(conn!.pending, 0);
    for (const call of ["wake", "pause", "resume", "close", "abort", "detach"] as const) {
      conn![call]();
    }
    conn!.setDeadline(null);
    conn!.setIdleTimeout(0);
  });
  assert.deepEqual(told, Array(10).fill("ClosedError"));
});

both("a write of another type than bytes is rejected", function* () {
  let conn: EventConn | undefined;
  yield* serving({ opened: (opened) => void (conn = opened) }, function* ({ connect }) {
    using _client = yield* connect();
    yield* until(() => conn !== undefined);
    assert.throws(() => conn!.write("text" as never), TypeError);
    assert.throws(() => conn!.setIdleTimeout(-1), RangeError);
    assert.throws(() => conn!.setDeadline("soon" as never), RangeError);
  });
});
