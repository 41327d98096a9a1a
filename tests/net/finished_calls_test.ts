// SPDX-License-Identifier: MIT
/**
 * A call that is over stays over when it is driven again, as a generator does: its result is
 * undefined, and it has no effect on the call that its object serves by then.
 */
import assert from "node:assert/strict";
import {
  BufferedReader,
  chan,
  type Conn,
  dial,
  go,
  type Goroutine,
  listen,
  listenPacket,
  Mutex,
  type Routine,
  select,
} from "../../mod.ts";
import { waysToConnect } from "../support/connected.ts";
import { both, parked } from "../support/harness.ts";
import { openSSLTest } from "../support/tls_engines.ts";

/** A call that waits until `complete`, with its result, or what is looked at of that. */
interface Case {
  call(): Routine<unknown>;
  of?(result: unknown): unknown;
  complete(): Routine<unknown>;
  readonly result: unknown;
  end?(): void;
}

/** More than the buffers between the two ends of a connection hold. */
const MORE_THAN_FITS = 16 << 20;

const ONE = Uint8Array.of(7);

/** Starts a goroutine that drives `call`, and waits until it is parked. */
function* waiting(call: Routine<unknown>): Routine<Goroutine<unknown>> {
  const g = go(() => call);
  yield* parked(g);
  return g;
}

function* check({ call, complete, result, of = (all) => all, end }: Case): Routine<void> {
  const first = call();
  const one = yield* waiting(first);
  yield* complete();
  assert.deepEqual(of(yield* one.join()), result);
  assert.equal(yield* first, undefined, "nothing else is under way");

  const two = yield* waiting(call());
  assert.equal(yield* first, undefined, "another call is under way");
  assert.deepEqual(first.return(undefined), { done: true, value: undefined });
  assert.equal(two.status, "waiting");
  yield* complete();
  assert.deepEqual(of(yield* two.join()), result);
  end?.();
}

/** Cases of a stream connection. */
const OF_CONNS: Record<string, (a: Conn, b: Conn) => Case> = {
  read: (a, b) => ({
    call: () => a.read(new Uint8Array(4)),
    complete: () => b.write(ONE),
    result: 1,
  }),
  "next of chunks": (a, b) => {
    const chunks = a.chunks();
    return {
      call: () => chunks.next(),
      complete: () => b.write(ONE),
      result: ONE,
      end: () => chunks[Symbol.dispose](),
    };
  },
  write: (a, b) => ({
    call: () => a.write(new Uint8Array(MORE_THAN_FITS)),
    complete: () => b.readFull(new Uint8Array(MORE_THAN_FITS)),
    result: MORE_THAN_FITS,
  }),
  "line of a BufferedReader": (a, b) => {
    const reader = new BufferedReader(a);
    return { call: () => reader.line(), complete: () => b.write("line\n"), result: "line" };
  },
};

for (const [over, test, connect] of waysToConnect(openSSLTest)) {
  for (const [name, make] of Object.entries(OF_CONNS)) {
    test(`${name} over ${over}`, function* () {
      const [a, b] = yield* connect();
      using _ = a, __ = b;
      yield* check(make(a, b));
    });
  }
}

both("accept", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  yield* check({
    call: () => listener.accept(),
    of: (conn) => (conn as Conn).remoteAddr.network,
    complete: () => dial("tcp", String(listener.addr)),
    result: "tcp",
  });
});

both("readFrom", function* () {
  using here = yield* listenPacket("udp", "127.0.0.1:0");
  using there = yield* listenPacket("udp", "127.0.0.1:0");
  yield* check({
    call: () => here.readFrom(new Uint8Array(4)),
    complete: () => there.writeTo(ONE, here.localAddr),
    of: (received) => (received as { n: number }).n,
    result: 1,
  });
});

both("send, recv and recvOk of a channel", function* () {
  const ch = chan<number>();
  yield* check({ call: () => ch.send(1), complete: () => ch.recv(), result: undefined });
  yield* check({ call: () => ch.recv(), complete: () => ch.send(2), result: 2 });
  yield* check({ call: () => ch.recvOk(), complete: () => ch.send(3), result: [3, true] });
});

both("a send to a channel with room is made once", function* () {
  const ch = chan<number>(2);
  const call = ch.send(1);
  yield* call;
  yield* call;
  assert.equal(ch.length, 1);
});

both("select", function* () {
  const ch = chan<number>();
  yield* check({
    call: () => select(ch.onRecv()),
    of: (happened) => (happened as { value: number }).value,
    complete: () => ch.send(4),
    result: 4,
  });
});

both("lock", function* () {
  const mu = new Mutex();
  yield* mu.lock();
  yield* check({
    call: () => mu.lock(),
    *complete() {
      mu.unlock();
    },
    result: undefined,
  });
  mu.unlock();
});
