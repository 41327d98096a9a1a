// SPDX-License-Identifier: MIT
/** `pipe()`: what nettest does not ask. Go: net/pipe_test.go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  ClosedError,
  ClosedPipeError,
  go,
  gosched,
  OpError,
  pipe,
  type Routine,
  select,
  withCancel,
} from "../../mod.ts";
import type { HalfConn } from "../../src/net/io/half_conn.ts";
import { both, parked, thrown, until } from "../support/harness.ts";

/** `error` as that of a pipe that is closed. */
function closedPipe(error: unknown): ClosedPipeError {
  assert.ok(error instanceof ClosedPipeError, String(error));
  assert.ok(error instanceof ClosedError);
  assert.equal(error.message, "io: read/write on closed pipe");
  return error;
}

both("a write completes once all of it has been read, in any number of reads", function* () {
  const [a, b] = pipe();
  let over = false;
  const writer = go(function* () {
    assert.equal(yield* a.write(Uint8Array.of(1, 2, 3, 4, 5)), 5);
    over = true;
  });
  const buf = new Uint8Array(2);
  for (const want of [[1, 2], [3, 4]]) {
    assert.equal(yield* b.read(buf), 2);
    assert.deepEqual([...buf], want);
    yield* gosched();
    assert.equal(over, false);
  }
  assert.equal(yield* b.read(buf), 1);
  yield* writer.join();
  assert.equal(over, true);
});

both("a read takes data of one write only", function* () {
  const [a, b] = pipe();
  const writer = go(() => a.writev([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)]));
  const buf = new Uint8Array(10);
  assert.equal(yield* b.read(buf), 1);
  assert.equal(yield* b.read(buf), 2);
  assert.equal(yield* writer.join(), 3);
});

both("a finished read that is driven again takes nothing from another's", function* () {
  const [a, b] = pipe();
  const call = a.read(new Uint8Array(1));
  const first = go(() => call);
  yield* b.write(Uint8Array.of(1));
  assert.equal(yield* first.join(), 1);
  const buf = new Uint8Array(1);
  const reading = go(() => a.read(buf));
  yield* parked(reading, "IO wait");
  assert.equal(yield* call, undefined);
  yield* b.write(Uint8Array.of(2));
  assert.equal(yield* reading.join(), 1);
  assert.deepEqual([...buf], [2]);
});

test("a read that cannot wait outside a goroutine does not stay registered", () => {
  const [a] = pipe();
  assert.throws(() => a.read(new Uint8Array(1)).next(), /outside a goroutine/);
  const { reading } = a as unknown as { reading: HalfConn };
  assert.equal(reading.awaited, false);
});

both("empty reads and writes complete at once", function* () {
  const [a, b] = pipe();
  assert.equal(yield* a.read(new Uint8Array(0)), 0);
  assert.equal(yield* b.write(new Uint8Array(0)), 0);
});

both("close() is the end for a reader and an error for a writer at the other end", function* () {
  const [a, b] = pipe();
  const reader = go(() => b.read(new Uint8Array(1)));
  const writer = go(() => thrown(b.write(new Uint8Array(10))));
  yield* until(() => writer.status === "waiting" && reader.status === "waiting");
  a.close();
  assert.equal(yield* reader.join(), null);
  assert.equal(closedPipe(yield* writer.join()).bytesWritten, 0);
  assert.equal(yield* b.read(new Uint8Array(1)), null);
  closedPipe(yield* thrown(b.write(new Uint8Array(1))));
  closedPipe(yield* thrown(a.read(new Uint8Array(1))));
  closedPipe(yield* thrown(a.write(new Uint8Array(1))));
  // As in Go, closing it again is no error; a deadline of what is closed is one.
  a.close();
  a[Symbol.dispose]();
  assert.throws(() => a.setDeadline(null), ClosedPipeError);
  b.close();
});

both("a partial write reports the bytes that were read", function* () {
  const [a, b] = pipe();
  const writer = go(() => thrown(a.write(new Uint8Array(10))));
  assert.equal(yield* b.read(new Uint8Array(4)), 4);
  b.close();
  assert.equal(closedPipe(yield* writer.join()).bytesWritten, 4);

  const [c, d] = pipe();
  const late = go(() => thrown(c.write(new Uint8Array(10))));
  assert.equal(yield* d.read(new Uint8Array(3)), 3);
  c.setWriteDeadline(1);
  const error = (yield* late.join()) as OpError;
  assert.equal(error.message, "write pipe: i/o timeout");
  assert.equal(error.bytesWritten, 3);
  // What was not read is gone with its write.
  c.setWriteDeadline(null);
  const next = go(() => c.write(Uint8Array.of(7)));
  const buf = new Uint8Array(10);
  assert.equal(yield* d.read(buf), 1);
  assert.equal(buf[0], 7);
  yield* next.join();
});

both("each direction can be ended on its own", function* () {
  const [a, b] = pipe();
  a.closeWrite();
  assert.equal(yield* b.read(new Uint8Array(1)), null);
  closedPipe(yield* thrown(a.write(new Uint8Array(1))));
  const writer = go(() => b.write(Uint8Array.of(1)));
  assert.equal(yield* a.read(new Uint8Array(1)), 1);
  yield* writer.join();
  a.closeRead();
  assert.equal(yield* a.read(new Uint8Array(1)), null);
  closedPipe(yield* thrown(b.write(new Uint8Array(1))));
});

both("a pipe works as a case of a select", function* () {
  const [a, b] = pipe();
  const reader = go(function* (): Routine<number | null> {
    yield* select(b.onReadable());
    return yield* b.read(new Uint8Array(8));
  });
  yield* until(() => reader.status === "waiting");
  assert.equal((yield* select(a.onWritable(), null)).index, 0);
  yield* a.write(Uint8Array.of(1, 2));
  assert.equal(yield* reader.join(), 2);

  a.setReadDeadline(Date.now() + 10);
  yield* select(a.onReadable());
  assert.ok(((yield* thrown(a.read(new Uint8Array(1)))) as OpError).timeout);
  b.close();
});

both("goroutines that wait in one direction at once each have a wait of their own", function* () {
  const [a, b] = pipe();
  const [context, cancel] = withCancel(background());
  const canceled = go(() => thrown(b.readable(context)));
  const reader = go(() => thrown(b.read(new Uint8Array(8))));
  const others = [1, 2].map(() => go(() => thrown(b.readable())));
  yield* until(() => [canceled, reader, ...others].every((g) => g.status === "waiting"));
  cancel();
  yield* canceled.join();
  // The first wait is over, and its object serves again, while the others go on.
  const again = go(() => thrown(b.readable()));
  yield* until(() => again.status === "waiting");
  b.setReadDeadline(Date.now() + 60_000);
  b.setReadDeadline(1);
  for (const g of [reader, ...others, again]) assert.ok(((yield* g.join()) as OpError).timeout);

  b.setReadDeadline(null);
  const last = go(() => b.read(new Uint8Array(8)));
  yield* until(() => last.status === "waiting");
  yield* a.write(Uint8Array.of(1, 2));
  assert.equal(yield* last.join(), 2);
});

both('both ends have the address "pipe", and no descriptor', function* () {
  for (const end of pipe()) {
    assert.equal(String(end.localAddr), "pipe");
    assert.equal(end.remoteAddr.network, "pipe");
    assert.equal(end.fd, -1);
    end.setNoDelay(true);
    end.setLinger(null);
  }
});

both("chunks() reads from a pipe", function* () {
  const [a, b] = pipe();
  const writer = go(function* () {
    for (let i = 1; i < 4; i++) yield* a.write(new Uint8Array(i));
    a.close();
  });
  using chunks = b.chunks();
  const lengths: number[] = [];
  for (let chunk; (chunk = yield* chunks.next()) !== null;) lengths.push(chunk.length);
  assert.deepEqual(lengths, [1, 2, 3]);
  yield* writer.join();
});

both("a write that a context or a closed pipe ends reports once what was read", function* () {
  const [a, b] = pipe();
  const [ctx, cancel] = withCancel(background());
  const canceled = go(() => thrown(a.write(new Uint8Array(10), ctx)));
  yield* b.readFull(new Uint8Array(3));
  cancel();
  assert.equal((yield* canceled.join() as Routine<OpError>).bytesWritten, 3);

  const [later] = withCancel(background());
  const closed = go(() => thrown(a.write(new Uint8Array(10), later)));
  yield* b.readFull(new Uint8Array(4));
  b.close();
  assert.equal(closedPipe(yield* closed.join()).bytesWritten, 4);
});

both("of several that wait for bytes, any may leave, and the others wake", function* () {
  const [a, b] = pipe();
  for (let leaves = 0; leaves < 3; leaves++) {
    const [ctx, cancel] = withCancel(background());
    const all = [0, 1, 2].map((i) =>
      go(function* () {
        if (i !== leaves) return yield* b.readable();
        assert.ok((yield* thrown(b.readable(ctx))) instanceof OpError);
      })
    );
    yield* until(() => all.every((g) => g.status === "waiting"));
    cancel();
    yield* all[leaves].join();
    assert.equal(all.filter((g) => g.status === "waiting").length, 2);
    const writer = go(() => a.write(Uint8Array.of(1)));
    for (const g of all) yield* g.join();
    assert.equal(yield* b.read(new Uint8Array(1)), 1);
    yield* writer.join();
  }
});

both(
  "a deadline that is set while several wait ends all of them, and none once it is off",
  function* () {
    const [, b] = pipe();
    const wait = () => go(() => thrown(b.readable()));
    const all = [wait(), wait(), wait()];
    yield* until(() => all.every((g) => g.status === "waiting"));
    b.setReadDeadline(Date.now() + 60_000);
    b.setReadDeadline(null);
    assert.ok(all.every((g) => g.status === "waiting"));
    b.setReadDeadline(Date.now() + 1);
    for (const g of all) {
      assert.ok((yield* g.join() as Routine<OpError>).timeout);
    }
  },
);

both("several that read take turns, and one that leaves passes its turn on", function* () {
  const [a, b] = pipe();
  const [first, cancelFirst] = withCancel(background());
  const [third, cancelThird] = withCancel(background());
  const read: string[] = [];
  const reader = (name: string, ctx = background()) =>
    go(function* () {
      const buf = new Uint8Array(1);
      try {
        yield* b.read(buf, ctx);
        read.push(`${name}: ${buf[0]}`);
      } catch {
        read.push(`${name} left`);
      }
    });
  const all = [reader("1", first), reader("2"), reader("3", third), reader("4")];
  yield* until(() => all.every((g) => g.status === "waiting"));
  // One that has the turn, and one that waits for it.
  cancelFirst();
  cancelThird();
  yield* a.write(Uint8Array.of(10, 20));
  for (const g of all) yield* g.join();
  assert.deepEqual(read.sort(), ["1 left", "2: 10", "3 left", "4: 20"]);
});

both("a read that is made and not driven holds up no other", function* () {
  const [a, b] = pipe();
  const buf = new Uint8Array(1);
  const unused = b.read(buf);
  const writer = go(() => a.write(Uint8Array.of(1)));
  assert.equal(yield* b.read(buf), 1);
  yield* writer.join();
  unused.return(null);
  const again = go(() => a.write(Uint8Array.of(2)));
  assert.equal(yield* b.read(buf), 1);
  assert.equal(buf[0], 2);
  yield* again.join();
});

both("reads of a pipe heed each deadline anew", function* () {
  const [a, b] = pipe();
  const buf = new Uint8Array(1);
  for (let i = 0; i < 2; i++) {
    b.setReadDeadline(Date.now() + 5);
    const error = (yield* thrown(b.read(buf))) as OpError;
    assert.ok(error.timeout);
  }
  b.setReadDeadline(null);
  const writer = go(() => a.write(Uint8Array.of(3)));
  assert.equal(yield* b.read(buf), 1);
  yield* writer.join();
});
