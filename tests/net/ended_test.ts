// SPDX-License-Identifier: MIT
/**
 * Goroutines ended in the midst of whatever can be done with a descriptor: afterwards every lock is
 * free, every byte is where it was, and every open descriptor has an owner.
 */
import assert from "node:assert/strict";
import {
  chan,
  type Conn,
  copy,
  dial,
  go,
  type Goroutine as GoroutineHandle,
  gosched,
  listen,
  listenPacket,
  OpError,
  otherwise,
  pipe,
  readAll,
  type Routine,
  select,
  sleep,
  splice,
} from "../../mod.ts";
import { netpoll } from "../../src/netpoll/netpoll.ts";
import type { G } from "../../src/sched/goroutine.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { both, onWindows, openSockets, pair, until } from "../support/harness.ts";

function end(g: GoroutineHandle<unknown>): void {
  scheduler.end(g as unknown as G);
}

/** Numbers by chance, the same for the same seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** Of each seed. */
const ENDED = 100;
/** How many live at the same time. */
const CROWD = 8;
/** What ends the bytes of a round; all others are 0. */
const LAST = 255;

/** Bytes of a round, which `read` skips to the last. */
function* works(from: Conn, to: Conn, what: string): Routine<void> {
  for (const conn of [from, to]) conn.setDeadline(Date.now() + 20_000);
  const writing = go(() => from.write(Uint8Array.of(LAST)));
  const buf = new Uint8Array(1 << 16);
  for (let n; (n = yield* to.read(buf)) !== null;) {
    if (buf[n - 1] === LAST) break;
    assert.ok(buf.subarray(0, n).every((byte) => byte === 0), what);
  }
  assert.equal(yield* writing.join(), 1, what);
  for (const conn of [from, to]) conn.setDeadline(null);
}

/** Calls of every kind, on whichever of `conns`. */
function calls(conns: readonly Conn[], random: (below: number) => number): () => Routine<unknown> {
  const one = () => conns[random(conns.length)];
  const bytes = () => new Uint8Array(random(16) === 0 ? 300_000 : 1 + random(2000));
  const kinds: (() => Routine<unknown>)[] = [
    () => one().read(bytes()),
    () => one().readFull(bytes()),
    () => one().readable(),
    () => one().write(bytes()),
    () => one().writev([bytes(), bytes()]),
    () => select(one().onReadable(), one().onWritable(), chan<never>().onRecv()),
    () => select(one().onReadable(), otherwise),
    function* chunks() {
      using chunks = one().chunks();
      yield* chunks.next();
    },
    () => splice(conns[0], conns[conns.length - 1], { length: random(100_000) }),
    () => copy(conns[conns.length - 1], conns[0]),
  ];
  return kinds[random(kinds.length)];
}

/** Starts the calls that `next` returns and ends each after a while, until `ENDED` were ended. */
function* carnage(random: (below: number) => number, next: () => () => Routine<unknown>) {
  const living = new Set<GoroutineHandle<unknown>>();
  for (let ended = 0; ended < ENDED;) {
    while (living.size < CROWD) living.add(go(tolerant, next()));
    for (let i = random(4); i > 0; i--) yield* gosched();
    if (random(16) === 0) yield* sleep(0.1);
    const all = [...living];
    const victim = all[random(all.length)];
    if (victim.status !== "dead") {
      end(victim);
      ended++;
    }
    for (const g of all) if (g.status === "dead") living.delete(g);
  }
  for (const g of living) end(g);
  yield* until(() => [...living].every((g) => g.status === "dead"));
}

/** Does what `call` does; that the kernel refuses it is no matter. */
function* tolerant(call: () => Routine<unknown>): Routine<void> {
  try {
    yield* call();
  } catch (error) {
    assert.ok(error instanceof OpError, String(error));
  }
}

/** The pairs whose connections are put to the test. */
const PAIRS: [name: string, seeds: number, make: () => Routine<[Conn, Conn]>][] = [
  ["TCP", 40, () => pair()],
  ["unix", 20, () => unixPair("unix")],
  ["unixpacket", 20, () => unixPair("unixpacket")],
  ["pipe()", 20, function* () {
    return pipe();
  }],
];

function* unixPair(network: "unix" | "unixpacket"): Routine<[Conn, Conn]> {
  using listener = yield* listen(network, "");
  const dialled = yield* dial(network, String(listener.addr));
  return [dialled, yield* listener.accept()];
}

for (const [name, seeds, makePair] of PAIRS) {
  const skip = onWindows && name.startsWith("unix") && "Unix sockets are not on Windows yet";
  both(`${seeds * ENDED} calls ended at random points leave ${name} usable`, function* () {
    const waiters = netpoll.waiters;
    for (let seed = 1; seed <= seeds; seed++) {
      const random = seeded(seed);
      const [a, b] = yield* makePair();
      const [c, d] = yield* makePair();
      const conns = [a, b, c, d];
      yield* carnage(random, () => calls(conns, random));
      for (const [from, to] of [[a, b], [b, a], [c, d], [d, c]] as const) {
        yield* works(from, to, `${name}, seed ${seed}`);
      }
      for (const conn of conns) conn.abort();
      assert.equal(netpoll.waiters, waiters, `seed ${seed}: somebody is left at the poller`);
    }
  }, skip);
}

both("readers ended at random points take no bytes", function* () {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const [a, b] = yield* pair();
    using _a = a, _b = b;
    let sent = 0;
    const sending = go(function* () {
      for (let i = 0; i < 400; i++) {
        const block = Uint8Array.from({ length: 1 + random(500) }, () => sent++);
        yield* a.write(block);
        if (random(3) === 0) yield* gosched();
      }
      a.closeWrite();
    });
    let got = 0;
    const reader = function* (): Routine<void> {
      const buf = new Uint8Array(1 + random(300));
      for (let n; (n = yield* b.read(buf)) !== null;) {
        for (const byte of buf.subarray(0, n)) assert.equal(byte, got++ & 255, `seed ${seed}`);
      }
    };
    while (sending.status !== "dead") {
      const readers = [go(reader), go(reader), go(reader)];
      for (let i = random(6); i >= 0; i--) yield* gosched();
      readers.forEach(end);
    }
    for (const byte of yield* readAll(b)) assert.equal(byte, got++ & 255, `seed ${seed}`);
    assert.equal(got, sent, `seed ${seed}`);
  }
});

both("dials and accepts ended at random points leave no socket and lose no listener", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  const before = openSockets();
  for (let seed = 1; seed <= 10; seed++) {
    const random = seeded(seed);
    const kinds = [
      function* dialling() {
        using conn = yield* dial("tcp", address);
        yield* conn.read(new Uint8Array(1));
      },
      function* accepting() {
        using conn = yield* listener.accept();
        yield* conn.write(Uint8Array.of(1));
      },
      function* choosing() {
        const { value } = yield* select(listener.onAccept());
        value.close();
      },
    ];
    yield* carnage(random, () => kinds[random(kinds.length)]);
    // A connection ended between dial and accept is still in the queue.
    for (let left = true; left;) {
      const { index, value } = yield* select(listener.onAccept(), otherwise);
      left = index === 0;
      value?.close();
    }
    using _conn = yield* dial("tcp", address);
    (yield* listener.accept()).close();
  }
  yield* until(() => openSockets() <= before);
});

both("datagrams stay whole if readers and writers are ended at random points", function* () {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    using conn = yield* listenPacket("udp", "127.0.0.1:0");
    const addr = conn.localAddr;
    const check = (buf: Uint8Array, n: number) =>
      assert.ok(buf.subarray(0, n).every((byte) => byte === n % 256), `seed ${seed}`);
    yield* carnage(random, () => {
      const n = 1 + random(1000);
      const buf = new Uint8Array(1500);
      return [
        function* () {
          check(buf, (yield* conn.readFrom(buf)).n);
        },
        function* () {
          check(buf, (yield* conn.readMsg(buf)).n);
        },
        () => conn.writeTo(new Uint8Array(n).fill(n), addr),
        () => conn.readable(),
      ][random(4)];
    });
    conn.setReadDeadline(Date.now() + 20_000);
    yield* conn.writeTo(new Uint8Array(7).fill(7), addr);
    const buf = new Uint8Array(1500);
    for (let n = 0; n !== 7;) check(buf, n = (yield* conn.readFrom(buf)).n);
  }
});
