// SPDX-License-Identifier: MIT
/**
 * Small programs in which two things happen at about the same time, and what must hold whichever comes
 * first. The soak runs each under many seeds; a seed draws the moments, the network and the faults.
 */
import assert from "node:assert/strict";
import {
  background,
  chan,
  type Conn,
  dial,
  go,
  isCanceled,
  isTimeout,
  listen,
  numGoroutine,
  OpError,
  type Routine,
  select,
  sleep,
  withCancel,
} from "../../../mod.ts";
import type { SimOptions, Simulation } from "../../../sim.ts";

/** A program, and the options that it runs under. */
export interface Scenario {
  readonly name: string;
  readonly options: SimOptions;
  readonly main: (sim: Simulation) => Routine<void>;
}

/** Everything is at most some milliseconds away from everything else. */
const NETWORK: SimOptions = { link: { latency: [0.1, 2], jitter: 1 } };

/** A moment that the seed draws, in milliseconds. */
function moment(sim: Simulation, most = 5): number {
  return sim.stream("moments").between(0, most);
}

/** What of `call` comes out, where an error of the network is an outcome like another. */
function* outcome<T>(call: Routine<T>): Routine<T | OpError> {
  try {
    return yield* call;
  } catch (error) {
    if (error instanceof OpError) return error;
    throw error;
  }
}

/** Reads to the end of the stream, where each byte must be its position. Returns the count. */
function* readPattern(conn: Conn): Routine<number> {
  const buf = new Uint8Array(3000);
  let count = 0;
  for (let n; (n = yield* conn.read(buf)) !== null;) {
    for (let i = 0; i < n; i++) assert.equal(buf[i], count++ % 251, "a byte in a wrong place");
  }
  return count;
}

/** Bytes that say their position. */
function pattern(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) % 251);
}

/** A connection is closed while another goroutine writes: what was accepted arrives. */
function* closeUnderWrite(sim: Simulation): Routine<void> {
  const server = sim.host("server", { ip: "10.0.0.1" });
  const counted = server.go(function* () {
    using listener = yield* listen("tcp", ":1");
    using conn = yield* listener.accept();
    return yield* readPattern(conn);
  });
  yield* sleep(1);
  const conn = yield* dial("tcp", "server:1");
  let accepted = 0;
  const writer = go(function* () {
    for (;;) {
      const answer = yield* outcome(conn.write(pattern(accepted, 20_000)));
      accepted += answer instanceof OpError ? answer.bytesWritten! : answer;
      if (answer instanceof OpError) return answer;
      yield* sleep(moment(sim, 1));
    }
  });
  yield* sleep(moment(sim));
  conn.close();
  const error = yield* writer.join();
  assert.equal(error.code, "ERR_SOCKET_CLOSED");
  assert.equal(yield* counted.join(), accepted, "bytes that a write accepted are lost");
}

/** A server without descriptors refuses or serves, and serves all again when it has some. */
function* acceptAtLimit(sim: Simulation): Routine<void> {
  const server = sim.host("server", { ip: "10.0.0.1" });
  server.go(function* () {
    using listener = yield* listen("tcp", ":1");
    for (;;) {
      const conn = yield* listener.accept();
      go(function* () {
        using _ = conn;
        yield* outcome(conn.read(new Uint8Array(9)));
        yield* sleep(moment(sim));
        yield* outcome(conn.write("ok"));
      });
    }
  });
  yield* sleep(1);
  const idle = server.descriptors;
  server.limit({ descriptors: idle + 2 });
  const call = function* () {
    const conn = yield* outcome(dial("tcp", "server:1", { timeout: 3000 }));
    if (conn instanceof OpError) return "refused";
    using _ = conn;
    conn.setDeadline(Date.now() + 3000);
    const asked = yield* outcome(conn.write("?"));
    if (asked instanceof OpError) return "refused";
    const n = yield* outcome(conn.readFull(new Uint8Array(2)));
    return n === 2 ? "served" : "refused";
  };
  const calls = Array.from({ length: 6 }, () => go(call));
  let served = 0;
  for (const each of calls) if ((yield* each.join()) === "served") served++;
  assert.ok(served > 0, "nobody was served");
  yield* sleep(10_000);
  assert.equal(yield* call(), "served", "not served with descriptors to spare");
  yield* sleep(10_000);
  assert.equal(server.descriptors, idle, "descriptors left");
}

/** A deadline passes about when bytes arrive: none is lost, none comes twice. */
function* deadlineAgainstArrival(sim: Simulation): Routine<void> {
  const server = sim.host("server", { ip: "10.0.0.1" });
  server.go(function* () {
    using listener = yield* listen("tcp", ":1");
    using conn = yield* listener.accept();
    for (let i = 0; i < 10; i++) {
      yield* sleep(moment(sim, 3));
      yield* conn.write(pattern(i * 10, 10));
    }
  });
  yield* sleep(1);
  using conn = yield* dial("tcp", "server:1");
  const buf = new Uint8Array(7);
  let count = 0;
  for (;;) {
    conn.setReadDeadline(Date.now() + moment(sim, 3));
    const n = yield* outcome(conn.read(buf));
    if (n === null) break;
    if (n instanceof OpError) {
      assert.ok(isTimeout(n), String(n));
      continue;
    }
    for (let i = 0; i < n; i++) assert.equal(buf[i], count++ % 251);
  }
  assert.equal(count, 100);
}

/** A select waits for a channel, a connection and bytes, while each of them is closed. */
function* selectAgainstClose(sim: Simulation): Routine<void> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const conn = yield* dial("tcp", String(listener.addr));
  const accepted = yield* listener.accept();
  const ch = chan<number>();
  const before = numGoroutine();
  const waits = [0, 1, 2].map(() =>
    go(() => outcome(select(ch.onRecv(), listener.onAccept(), conn.onReadable())))
  );
  const acts = [
    () => ch.close(),
    () => listener.close(),
    () => conn.close(),
    () => accepted.abort(),
  ];
  const acting = acts.map((act) =>
    go(function* () {
      yield* sleep(moment(sim));
      act();
    })
  );
  for (const each of waits) yield* each.join();
  for (const each of acting) yield* each.join();
  assert.equal(numGoroutine(), before);
  conn.close();
  accepted.close();
  yield* sleep(100);
  assert.equal(sim.test.descriptors, 0, "descriptors left");
}

/** Dials of two addresses race each other, a cancellation and a crash: nothing is left of the losers. */
function* dialRaces(sim: Simulation): Routine<void> {
  const server = sim.host("server");
  const serve = function* () {
    using listener = yield* listen("tcp", ":1");
    for (;;) (yield* listener.accept()).close();
  };
  server.go(serve);
  yield* sleep(1);
  if (sim.stream("moments").choose(2) === 1) {
    go(function* () {
      yield* sleep(moment(sim));
      server.crash();
    });
  }
  const dials = [0, 1, 2].map(() =>
    go(function* () {
      const [context, cancel] = withCancel(background());
      const cancelling = go(function* () {
        yield* sleep(moment(sim, 10));
        cancel();
      });
      const conn = yield* outcome(
        dial("tcp", "server:1", { context, fallbackDelay: moment(sim, 3), timeout: 20 }),
      );
      if (conn instanceof OpError) {
        assert.ok(
          isCanceled(conn) || isTimeout(conn) || conn.code === "ECONNREFUSED",
          String(conn),
        );
      } else conn.close();
      yield* cancelling.join();
    })
  );
  for (const each of dials) yield* each.join();
  yield* sleep(1000);
  assert.equal(sim.test.descriptors, 0, "descriptors left");
  assert.equal(numGoroutine() <= 3, true, "goroutines left");
}

/** All of them. */
export const SCENARIOS: readonly Scenario[] = [
  { name: "close under write", options: NETWORK, main: closeUnderWrite },
  { name: "accept at EMFILE", options: NETWORK, main: acceptAtLimit },
  { name: "deadline against arrival", options: NETWORK, main: deadlineAgainstArrival },
  { name: "select against close", options: {}, main: selectAgainstClose },
  { name: "dial races", options: NETWORK, main: dialRaces },
];
