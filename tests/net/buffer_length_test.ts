// SPDX-License-Identifier: MIT
/**
 * Buffers that claim another length than they have. The kernel reads and writes what the view is
 * of, and nothing beside it; what is no view is refused, and leaves nothing behind.
 */
import assert from "node:assert/strict";
import {
  type Conn,
  dial,
  go,
  listen,
  listenPacket,
  PacketBatch,
  pipe,
  type Routine,
  stats,
  type UDPConn,
} from "../../mod.ts";
import { sys } from "../../poll.ts";
import { serve } from "../../event.ts";
import { realCalls, withCalls } from "../fixtures/syscalls_fixture.ts";
import { both, onWindows, openSockets, pair, thrown, until } from "../support/harness.ts";

/** Bytes that the view is of, and that it says it is of. */
const OWN = 64;
const CLAIMED = 256;
const SECRET = 0x53;

/** Claims more than it has, by its class. */
class Liar extends Uint8Array {
  override get length(): number {
    return CLAIMED;
  }
  override get byteLength(): number {
    return CLAIMED;
  }
  override subarray(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer as ArrayBuffer);
  }
}

/** Creates other views than requested, by the constructor that `subarray` uses. */
class Strange extends Uint8Array {
  static get [Symbol.species](): Uint8ArrayConstructor {
    return function () {
      return new Uint8Array(1);
    } as unknown as Uint8ArrayConstructor;
  }
}

/** Views of the first bytes of `memory` that claim to be longer. */
const KINDS: Record<string, (memory: Uint8Array<ArrayBuffer>) => Uint8Array> = {
  "a subclass": ({ buffer }) => new Liar(buffer, 0, OWN),
  "a subclass with a species": ({ buffer }) => new Strange(buffer, 0, OWN),
  "a property of its own": ({ buffer }) =>
    Object.defineProperty(new Uint8Array(buffer, 0, OWN), "length", { value: CLAIMED }),
  "a property that changes": ({ buffer }) => {
    let asked = 0;
    return Object.defineProperty(new Uint8Array(buffer, 0, OWN), "length", {
      get: () => asked++ === 0 ? OWN : CLAIMED,
    });
  },
};

/** Memory: the view holds `0x41`, and the rest does not belong to it. */
function memory(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(4096).fill(0x41, 0, OWN).fill(SECRET, OWN);
}

/** Calls that write the view to one end, and return the bytes that the other end reads. */
type Write = (a: Conn, p: Uint8Array) => Routine<unknown>;
const WRITES: Record<string, Write> = {
  write: (a, p) => a.write(p),
  writev: (a, p) => a.writev([p, p]),
};
const READS: Record<string, Write> = {
  read: (a, p) => a.read(p),
  readFull: (a, p) => a.readFull(p),
};

for (const [kind, make] of Object.entries(KINDS)) {
  for (const [means, ends] of [["TCP", pair], ["pipe", pipes]] as const) {
    for (const [name, write] of Object.entries(WRITES)) {
      both(`${name} on ${means} sends no more than the length of ${kind}`, function* () {
        const [a, b] = yield* ends();
        using _ = a;
        using __ = b;
        const writing = go(function* () {
          const n = yield* write(a, make(memory()));
          a.closeWrite();
          return n;
        });
        const got: number[] = [];
        const buf = new Uint8Array(1024);
        for (let n; (n = yield* b.read(buf)) !== null;) got.push(...buf.subarray(0, n));
        const expected = OWN * (name === "writev" ? 2 : 1);
        assert.equal(yield* writing.join(), expected);
        assert.deepEqual([got.length, got.includes(SECRET)], [expected, false]);
      });
    }
    for (const [name, read] of Object.entries(READS)) {
      both(`${name} on ${means} fills no more than the length of ${kind}`, function* () {
        const [a, b] = yield* ends();
        using _ = a;
        using __ = b;
        const whole = memory();
        const writing = go(function* () {
          try {
            yield* b.write(new Uint8Array(CLAIMED).fill(0x58));
          } catch {
            // A pipe's write ends with the pipe.
          }
        });
        assert.equal(yield* read(a, make(whole)), OWN);
        assert.ok(whole.subarray(0, OWN).every((byte) => byte === 0x58));
        assert.ok(whole.subarray(OWN).every((byte) => byte === SECRET));
        a.abort();
        b.abort();
        yield* writing.join();
      });
    }
  }

  both(`datagrams are limited to the length of ${kind}`, function* () {
    using a = yield* listenPacket("udp", "127.0.0.1:0");
    using b = yield* dial("udp", String(a.localAddr));
    const buf = new Uint8Array(1024);
    const batch = new PacketBatch(1, 1024);
    const ways: ((p: Uint8Array) => Routine<unknown>)[] = [
      (p) => b.write(p),
      (p) => b.writeMsg(p, null, {}),
      (p) => b.writeSegments(p, 1024),
      (p) => a.writeTo(p, b.localAddr),
      function* (p) {
        batch.set(0, p);
        yield* b.writeBatch(batch);
      },
    ];
    for (const way of ways) {
      yield* way(make(memory()));
      const from: UDPConn = way === ways[3] ? b : a;
      assert.equal(yield* from.read(buf), OWN);
      assert.ok(!buf.subarray(0, OWN).includes(SECRET));
    }
    for (const read of [(p: Uint8Array) => a.readFrom(p), (p: Uint8Array) => a.readMsg(p)]) {
      yield* b.write(new Uint8Array(CLAIMED).fill(0x58));
      const whole = memory();
      const { n, truncated } = yield* read(make(whole));
      assert.deepEqual([n, truncated], [OWN, true]);
      assert.ok(whole.subarray(OWN).every((byte) => byte === SECRET));
    }
  });

  both(`messages of Unix sockets are limited to the length of ${kind}`, function* () {
    using listener = yield* listen("unix", "");
    using a = yield* dial("unix", String(listener.addr));
    using b = yield* listener.accept();
    assert.equal(yield* a.writeMsgUnix(make(memory()), {}), OWN);
    const buf = new Uint8Array(1024);
    assert.equal((yield* b.readMsgUnix(buf))?.n, OWN);
    assert.ok(!buf.includes(SECRET));
    yield* a.write(new Uint8Array(CLAIMED).fill(0x58));
    const whole = memory();
    assert.equal((yield* b.readMsgUnix(make(whole)))?.n, OWN);
    assert.ok(whole.subarray(OWN).every((byte) => byte === SECRET));
  }, onWindows && "Unix sockets are not on Windows yet");

  both(`sys.read and sys.write transfer no more than the length of ${kind}`, function* () {
    const [a, b] = yield* pair();
    const [from, to] = [a.detach(), b.detach()];
    assert.equal(sys.write(from, make(memory())), OWN);
    const buf = new Uint8Array(1024);
    yield* until(() => sys.read(to, buf) === OWN);
    sys.write(from, new Uint8Array(CLAIMED));
    const whole = memory();
    yield* until(() => sys.read(to, make(whole)) === OWN);
    assert.ok(whole.subarray(OWN).every((byte) => byte === SECRET));
    for (const fd of [from, to]) sys.close(fd);
  });

  both(`an event server sends no more than the length of ${kind}`, function* () {
    let address = "";
    const serving = go(() =>
      serve({
        serving: ({ addrs }) => void (address = String(addrs[0])),
        data: (conn) => {
          conn.write(make(memory()));
          return { out: make(memory()), action: "close" };
        },
        closed: () => "shutdown",
      }, "tcp://127.0.0.1:0")
    );
    yield* until(() => address !== "");
    using conn = yield* dial("tcp", address);
    yield* conn.write(Uint8Array.of(1));
    const got: number[] = [];
    const buf = new Uint8Array(1024);
    for (let n; (n = yield* conn.read(buf)) !== null;) got.push(...buf.subarray(0, n));
    yield* serving.join();
    assert.deepEqual([got.length, got.includes(SECRET)], [2 * OWN, false]);
  });
}

function* pipes(): Routine<[Conn, Conn]> {
  return pipe();
}

/** What passes for a Uint8Array and has no memory. */
const FAKES: Record<string, () => Uint8Array> = {
  "an object of its prototype": () =>
    Object.create(Uint8Array.prototype, { length: { value: OWN }, byteLength: { value: OWN } }),
  "a proxy": () => new Proxy(new Uint8Array(OWN), {}),
};

for (const [kind, make] of Object.entries(FAKES)) {
  both(`${kind} is rejected, without side effects`, function* () {
    const [a, b] = yield* pair();
    using _ = a;
    using __ = b;
    const before = stats().waiters;
    yield* b.write(new Uint8Array(OWN));
    for (const call of [...Object.values(READS), ...Object.values(WRITES)]) {
      const error = yield* thrown((function* () {
        yield* call(a, make());
      })());
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, /must be a Uint8Array/);
    }
    assert.equal(yield* a.read(new Uint8Array(OWN)), OWN);
    assert.equal(stats().waiters, before);
  });
}

for (const call of ["recv", "send"] as const) {
  both(`a ${call} that the runtime rejects releases its lock and descriptor`, function* () {
    const sockets = openSockets();
    const [a, b] = yield* pair();
    yield* b.write(Uint8Array.of(1));
    const refusal = new TypeError("refused by the runtime");
    const failing = () => {
      throw refusal;
    };
    const use = () => call === "recv" ? a.read(new Uint8Array(1)) : a.write(Uint8Array.of(2));
    const error = yield* withCalls({ [call]: failing }, () => thrown(use()));
    assert.equal(error, refusal);
    assert.equal(yield* use(), 1, "the next call has the lock");
    a.abort();
    b.abort();
    yield* until(() => openSockets() === sockets);
  });
}

both("an accept whose connection cannot be created releases its descriptor", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  using _ = yield* dial("tcp", String(listener.addr));
  const sockets = openSockets();
  const refusal = new TypeError("refused by the runtime");
  const failing = () => {
    throw refusal;
  };
  const error = yield* withCalls(
    { packedPeer: failing, peer: failing },
    () => thrown(listener.accept()),
  );
  assert.equal(error, refusal);
  assert.equal(openSockets(), sockets);
  assert.ok(realCalls());
});

both("memory detached before the call is driven is never passed to the kernel", function* () {
  const [a, b] = yield* pair();
  using _ = a;
  using __ = b;
  yield* b.write(new Uint8Array(OWN));
  for (const call of [...Object.values(READS), ...Object.values(WRITES)]) {
    const bytes = new Uint8Array(OWN);
    const begun = call(a, bytes);
    structuredClone(null, { transfer: [bytes.buffer] });
    const error = yield* thrown(begun);
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /the buffer was detached/);
  }
  assert.equal(yield* a.read(new Uint8Array(OWN)), OWN);
});
