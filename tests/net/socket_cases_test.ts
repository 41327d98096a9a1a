// SPDX-License-Identifier: MIT
/** Sockets in a select, waiting without a buffer, and the shared read buffer. */
import assert from "node:assert/strict";
import { dial, go, gosched, listen, OpError, PanicError, type Routine } from "../../mod.ts";
import { after } from "../../src/time/timer.ts";
import { chan } from "../../src/chan/channel.ts";
import { select } from "../../src/chan/select.ts";
import { otherwise } from "../../src/chan/select_case.ts";
import { netpoll } from "../../src/netpoll/netpoll.ts";
import { both, pair, pairOn, thrown } from "../support/harness.ts";

const ONE = Uint8Array.of(1);

both("select() over an accept and a channel chooses the first one ready", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const quit = chan<string>();
  const dialling = go(() => dial("tcp", String(listener.addr)));
  const got = yield* select(listener.onAccept(), quit.onRecv());
  assert.equal(got.index, 0);
  assert.ok(got.index === 0 && got.ok);
  using accepted = got.value;
  using dialled = yield* dialling.join();
  assert.equal(String(accepted.remoteAddr), String(dialled.localAddr));

  go(function* () {
    yield* quit.send("enough");
  });
  const last = yield* select(listener.onAccept(), quit.onRecv());
  assert.deepEqual([last.index, last.value], [1, "enough"]);
});

both("an accept that was not chosen loses no connection", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const ready = chan<number>(1);
  for (let i = 0; i < 20; i++) {
    using dialled = yield* dial("tcp", String(listener.addr));
    yield* ready.send(i);
    // Both can happen: whichever does, the other is still there afterwards.
    const got = yield* select(listener.onAccept(), ready.onRecv());
    using accepted = got.index === 0 ? got.value : yield* listener.accept();
    if (got.index === 0) assert.equal(yield* ready.recv(), i);
    assert.equal(String(accepted.remoteAddr), String(dialled.localAddr));
  }
});

both("onReadable() is ready for data and the end, and reads nothing", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  assert.equal((yield* select(a.onReadable(), otherwise)).index, 1);
  const waiting = go(() => select(a.onReadable(), after(60_000).onRecv()));
  yield* gosched();
  yield* b.write(ONE);
  assert.equal((yield* waiting.join()).index, 0);
  const buf = new Uint8Array(8);
  assert.equal(yield* a.read(buf), 1, "the byte is still there");
  assert.equal((yield* select(a.onReadable(), otherwise)).index, 1);
  b.closeWrite();
  assert.equal((yield* select(a.onReadable())).index, 0);
  assert.equal(yield* a.read(buf), null);
});

both("onWritable() is ready when there is room again", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  assert.equal((yield* select(a.onWritable(), otherwise)).index, 0);
  const hasRoom = function* () {
    return (yield* select(a.onWritable(), otherwise)).index === 0;
  };
  // On a busy machine the first writes may not fill the buffers in time.
  for (let i = 0; i < 100 && (yield* hasRoom()); i++) {
    a.setWriteDeadline(Date.now() + 20);
    const error = yield* thrown(a.write(new Uint8Array(64 << 20)));
    assert.ok(error instanceof OpError && error.timeout);
    a.setWriteDeadline(null);
  }
  assert.equal(yield* hasRoom(), false);
  const draining = go(function* () {
    const buf = new Uint8Array(1 << 20);
    while ((yield* b.read(buf)) !== null);
  });
  assert.equal((yield* select(a.onWritable(), after(60_000).onRecv())).index, 0);
  a.close();
  yield* draining.join();
});

both("close and a deadline end the wait of a case", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const waiting = go(() => select(a.onReadable()));
  yield* gosched();
  a.setReadDeadline(1);
  assert.equal((yield* waiting.join()).index, 0, "a read would not have to wait");
  a.setReadDeadline(null);
  const again = go(() => select(a.onReadable()));
  yield* gosched();
  a.close();
  assert.equal((yield* again.join()).index, 0);

  const listener = yield* listen("tcp", "127.0.0.1:0");
  const accepting = go(() => thrown(select(listener.onAccept())));
  yield* gosched();
  listener.close();
  assert.match(String(yield* accepting.join()), /accept tcp .*: use of closed network connection/);
});

both("a goroutine ended in a select leaves nothing at its sockets", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const before = netpoll.waiters;
  const waiting = go(() => select(a.onReadable(), b.onReadable()));
  yield* gosched();
  assert.equal(netpoll.waiters, before + 2);
  b.close();
  yield* waiting.join();
  assert.equal(netpoll.waiters, before);
});

both("readable() waits without a buffer", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  let woken = false;
  const waiting = go(function* () {
    yield* a.readable();
    woken = true;
  });
  yield* gosched();
  yield* gosched();
  assert.equal(woken, false);
  yield* b.write(ONE);
  yield* waiting.join();
  assert.equal(yield* a.read(new Uint8Array(8)), 1);
  a.setReadDeadline(1);
  assert.match(String(yield* thrown(a.readable())), /i\/o timeout/);
  a.close();
  assert.match(String(yield* thrown(a.readable())), /use of closed network connection/);
});

both("a chunk whose memory was transferred affects that buffer alone", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  using chunks = b.chunks();
  for (const text of ["first", "second", "third"]) {
    yield* a.write(new TextEncoder().encode(text));
    const chunk = (yield* chunks.next())!;
    assert.equal(new TextDecoder().decode(chunk), text);
    structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] });
    assert.equal(chunk.length, 0, "it was not transferred");
  }
});

both("chunks() returns data, then null, from one buffer that readers share", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const [a, b] = yield* pairOn(listener);
  const [c, d] = yield* pairOn(listener);
  using _a = a, _b = b, _c = c, _d = d;
  using first = b.chunks(), second = d.chunks();
  yield* a.write(Uint8Array.of(1, 2, 3));
  yield* c.write(Uint8Array.of(4, 5));
  const mine = (yield* first.next())!;
  const yours = (yield* second.next())!;
  assert.deepEqual([...mine], [1, 2, 3], "lent until the next call, whoever reads meanwhile");
  assert.deepEqual([...yours], [4, 5]);
  assert.notEqual(mine.buffer, yours.buffer);

  yield* a.write(Uint8Array.of(6));
  const next = (yield* first.next())!;
  assert.deepEqual([...next], [6]);
  assert.equal(next.buffer, mine.buffer, "the buffer that was given back is lent again");
  a.closeWrite();
  assert.equal(yield* first.next(), null);
  assert.equal(yield* first.next(), null);
  d.setReadDeadline(1);
  assert.match(String(yield* thrown(second.next())), /i\/o timeout/);
});

both("a waiting chunk holds no buffer, and only one goroutine may wait for it", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  using chunks = b.chunks();
  const waiting = go(function* (): Routine<number> {
    return (yield* chunks.next())!.length;
  });
  yield* gosched();
  assert.throws(() => chunks.next(), PanicError);
  yield* a.write(new Uint8Array(100));
  assert.equal(yield* waiting.join(), 100);
});
