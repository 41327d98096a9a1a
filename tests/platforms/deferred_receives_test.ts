// SPDX-License-Identifier: MIT
/** When a receive that follows a send is begun; the rules run on any system, the sockets on Windows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Conn, go, type Goroutine, gosched, listen, type Routine } from "../../mod.ts";
import type { DeferredReceive } from "../../platforms/windows/iocp/port_contract.ts";
import { DeferredReceives } from "../../platforms/windows/iocp/deferred_receives.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import { setClock } from "../../src/sched/clock.ts";
import { both, only, onWindows, pair, pairOn, thrown, until } from "../support/harness.ts";

const skip = !onWindows && "this is not Windows";
const SOCKET = { slot: 0, sequence: 0 };

test("a deferred receive begins at the second poll, or at the first if no goroutine is runnable", () => {
  const late = new DeferredReceives();
  const begun: string[] = [];
  const receive = (name: string, over = false): DeferredReceive => ({
    socket: SOCKET,
    begin: () => begun.push(name) > 0 && over,
  });
  let reported = 0;
  const report = () => reported++;

  assert.equal(late.empty, true);
  late.add(receive("a"));
  assert.equal(late.beginOlder(report), 0);
  assert.deepEqual(begun, [], "the batch that asked for it has only just ended");
  late.add(receive("b"));
  assert.equal(late.beginOlder(report), 0);
  assert.deepEqual(begun, ["a"]);
  late.add(receive("c", true));
  assert.equal(late.empty, false);
  assert.equal(late.beginAll(report), 1);
  assert.deepEqual(begun, ["a", "b", "c"], "in the order in which they were asked for");
  assert.equal(reported, 1, "only what was over at once");
  assert.equal(late.empty, true);
  assert.equal(late.beginAll(report), 0);
});

test("a few deferred receives begin without polling the port first", () => {
  const late = new DeferredReceives();
  for (let i = 0; i < 7; i++) late.add({ socket: SOCKET, begin: () => false });
  assert.equal(late.few, true);
  late.beginOlder(() => {});
  late.add({ socket: SOCKET, begin: () => false });
  assert.equal(late.few, false, "the older ones count as well");
});

const PAIRS = 10;
const TRIPS = 20;

function* answer(conn: Conn): Routine<void> {
  using _ = conn;
  const buf = new Uint8Array(8);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

function* ask(conn: Conn, trips: number): Routine<void> {
  using _ = conn;
  for (let i = 0; i < trips; i++) {
    yield* conn.write(Uint8Array.of(i));
    const got = new Uint8Array(1);
    yield* conn.readFull(got);
    assert.equal(got[0], i);
  }
}

/** So many pairs of those two at once. */
function* askAll(trips: number): Routine<void> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const asking: Goroutine<void>[] = [];
  const answering: Goroutine<void>[] = [];
  for (let i = 0; i < PAIRS; i++) {
    const [a, b] = yield* pairOn(listener);
    answering.push(go(answer, b));
    asking.push(go(ask, a, trips));
  }
  for (const each of [...asking, ...answering]) yield* each.join();
}

/** How many receives were over at once while `main` ran, and how many sent a packet. */
function* receives(main: () => Routine<void>): Routine<{ atOnce: number; waited: number }> {
  const { ws2 } = winsock();
  const { WSARecv } = ws2;
  const count = { atOnce: 0, waited: 0 };
  const writable = ws2 as { WSARecv: typeof WSARecv };
  writable.WSARecv = (...args) => {
    const result = WSARecv(...args);
    if (result === 0) count.atOnce++;
    else count.waited++;
    return result;
  };
  try {
    yield* main();
  } finally {
    writable.WSARecv = WSARecv;
  }
  return count;
}

only("runSync", "with many request-response pairs, most receives complete at once", function* () {
  // The clock stands, so that no batch is cut short on a slow machine.
  const start = performance.now();
  setClock({ now: () => start });
  try {
    const { atOnce, waited } = yield* receives(() => askAll(TRIPS));
    assert.ok(atOnce > waited, `${atOnce} were over at once, ${waited} had to wait`);
  } finally {
    setClock(null);
  }
}, skip);

both("a goroutine that never parks does not keep others from received data", function* () {
  let over = false;
  const busy = go(function* () {
    while (!over) yield* gosched();
  });
  yield* askAll(TRIPS);
  over = true;
  yield* busy.join();
}, skip);

both("a deferred receive can be cancelled before it begins, and requested again", function* () {
  const [a, b] = yield* pair();
  using reader = a, writer = b;
  const buf = new Uint8Array(8);
  for (let round = 0; round < 100; round++) {
    yield* reader.write(Uint8Array.of(1));
    const reading = go(() => thrown(reader.read(buf)));
    yield* until(() => reading.status === "waiting");
    reader.setReadDeadline(1);
    assert.equal(((yield* reading.join()) as { timeout?: boolean }).timeout, true);
    reader.setReadDeadline(null);
    yield* writer.write(Uint8Array.of(round));
    assert.equal(yield* reader.read(buf), 1);
    assert.equal(buf[0], round);
  }
  // And one that never is: the end of this side comes first.
  yield* reader.write(Uint8Array.of(1));
  const reading = go(() => reader.read(buf));
  yield* until(() => reading.status === "waiting");
  reader.closeRead();
  assert.equal(yield* reading.join(), null);
}, skip);
