// SPDX-License-Identifier: MIT
/** Misuse of event servers: handlers receive an error, and nothing else is affected. */
import assert from "node:assert/strict";
import {
  ClosedError,
  type Conn,
  dial,
  go,
  gosched,
  listen,
  OpError,
  type Routine,
  UnknownNetworkError,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { type EventConn, type Events, serve, type Server } from "../../event.ts";
import { both, onWindows, openSockets, thrown, until } from "../support/harness.ts";
import { bytes, readAll, serving, text } from "../support/serving.ts";

/** Says it all; a server whose handler has erred may be gone by then. */
function* says(conn: Conn, words: string): Routine<void> {
  try {
    yield* conn.write(bytes(words));
    conn.closeWrite();
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
  }
}

/** What a handler may return by mistake, and what is said of it. */
const NO_ANSWERS: [name: string, make: () => unknown, text: RegExp][] = [
  [
    "a promise",
    () => Promise.resolve("x"),
    /a promise or a generator from a handler as handlers must not wait/,
  ],
  [
    "a generator",
    () => (function* () {})(),
    /a promise or a generator from a handler as handlers must not wait/,
  ],
  ["a buffer", () => new ArrayBuffer(3), /must be .*: current value is object/],
  ["an array", () => [1, 2], /must be .*: current value is object/],
  ["null", () => null, /must be .*: current value is null/],
  ["a symbol", () => Symbol("x"), /must be .*: current value is symbol/],
  ["a function", () => () => {}, /must be .*: current value is function/],
  ["a wrong action", () => "stop", /must be .*: current value is stop/],
];

for (const [name, make, expected] of NO_ANSWERS) {
  both(`a handler that returns ${name} is an error`, function* () {
    for (const handler of ["opened", "data", "ended", "closed", "tick"] as const) {
      const errors: unknown[] = [];
      const events = {
        [handler]: make,
        onError: (error: unknown) => void errors.push(error),
      } as Events;
      yield* serving(events, function* ({ connect }) {
        const conn = yield* connect();
        yield* says(conn, "x");
        yield* readAll(conn);
        yield* until(() => errors.length > 0);
        conn[Symbol.dispose]();
      });
      assert.ok(errors[0] instanceof TypeError, `${handler}: ${errors[0]}`);
      assert.match(errors[0].message, expected, handler);
    }
  });
}

both("an empty reply has no effect, and empty settings are an error", function* () {
  const errors: string[] = [];
  const answers: unknown[] = [{}, Object.create(null), { options: null }];
  const events = {
    data: () => answers.shift(),
    onError: (error: unknown) => void errors.push(String(error)),
  } as Events;
  yield* serving(events, function* ({ connect }) {
    const conn = yield* connect();
    for (let left = 2; left >= 0; left--) {
      yield* conn.write(bytes("x"));
      yield* until(() => answers.length === left);
    }
    assert.equal(yield* readAll(conn), "");
    conn.close();
  });
  assert.deepEqual(errors, [
    "TypeError: Cannot return from a handler as options must be an object: current value is null",
  ]);
});

both("the callback of a write must be a function, which is checked before sending", function* () {
  const errors: string[] = [];
  const events: Events = {
    data: (conn, input) => void conn.write(input, 5 as never),
    onError: (error) => void errors.push(String(error)),
  };
  yield* serving(events, function* ({ connect }) {
    const conn = yield* connect();
    yield* conn.write(bytes("x"));
    assert.equal(yield* readAll(conn), "");
    conn.close();
  });
  assert.match(errors[0], /TypeError: .* must be a function: current value is 5/);
});

both("a writer that is always busy leaves turns to others", function* () {
  let writes = 0;
  let heard = -1;
  const one = bytes("x");
  /** Writes again as soon as the last is gone. */
  const pump = (conn: EventConn): void => {
    writes++;
    conn.write(one, (error) => {
      if (error === null && writes < 1000) pump(conn);
    });
  };
  let other: EventConn | undefined;
  const events: Events = {
    opened: (conn) => void (other ??= conn),
    data(conn) {
      if (conn === other) heard = writes;
      else {
        other!.wake();
        pump(conn);
      }
    },
  };
  yield* serving(events, function* ({ connect }) {
    const a = yield* connect();
    yield* until(() => other !== undefined);
    const b = yield* connect();
    yield* b.write(bytes("pump"));
    yield* until(() => heard >= 0);
    a.close();
    b.close();
  });
  assert.ok(1 <= heard && heard < 100, `${heard} writes before another had its turn`);
});

both("a loop over the connections may park, while they may close", function* () {
  yield* serving({}, function* ({ server, connect }) {
    const conns: Conn[] = [];
    for (let i = 0; i < 4; i++) conns.push(yield* connect());
    yield* until(() => server.connections === 4);
    let seen = 0;
    for (const conn of server.conns()) {
      seen++;
      conn.abort();
      yield* until(() => conn.fd === -1);
    }
    assert.equal(seen, 4);
    assert.equal(server.connections, 0);
    for (const conn of conns) conn[Symbol.dispose]();
  });
});

both("a write to a kept datagram is dropped", function* () {
  const kept: EventConn[] = [];
  const told: (Error | null)[] = [];
  const events: Events = {
    data(conn, input) {
      kept.push(conn);
      return input;
    },
  };
  yield* serving(events, function* ({ server }) {
    using conn = yield* dial("udp", String(server.addrs[0]));
    yield* conn.write(bytes("a"));
    const buf = new Uint8Array(9);
    assert.equal(yield* conn.read(buf), 1);
    const [late] = kept;
    assert.equal(late.closing, true);
    assert.equal(late.buffered, 0);
    assert.equal(late.write(bytes("late"), (error) => told.push(error)), false);
    assert.ok(told[0] instanceof ClosedError);
    // It would have been the next to come.
    yield* conn.write(bytes("b"));
    assert.equal(text(buf.subarray(0, (yield* conn.read(buf))!)), "b");
  }, "udp://127.0.0.1:0");
});

/** What a call throws. */
function error(call: () => unknown): Error {
  try {
    call();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error("it did not throw");
}

both("an invalid descriptor is not adopted, and stays its owner's", function* () {
  yield* serving({}, function* ({ server }) {
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const client = yield* dial("tcp", String(listener.addr));
    const accepted = yield* listener.accept();
    const sockets = openSockets();
    const refused = (fd: number, text: RegExp, options?: unknown) => {
      const thrown = error(() => server.adopt(fd, options as never));
      assert.ok(thrown instanceof TypeError, String(thrown));
      assert.match(thrown.message, text);
    };
    refused(listener.fd, /is not a tcp connection/);
    refused(client.fd, /options must be an object/, null);
    refused(client.fd, /addrIndex must be an integer/, { addrIndex: 0.5 });
    if (!onWindows) refused(client.fd, /is not a unix connection/, { network: "unix" });
    for (const network of ["udp", 5]) {
      const thrown = error(() => server.adopt(client.fd, { network: network as string }));
      assert.ok(thrown instanceof UnknownNetworkError);
    }
    assert.equal(server.connections, 0);
    assert.equal(openSockets(), sockets);
    // One that would wait is made one that does not: else this hung. On Windows none would.
    const fd = accepted.detach();
    assert.equal(platform().descriptors.setNonBlocking(fd, false), onWindows ? 0 : 1);
    const conn = server.adopt(fd);
    for (let i = 0; i < 5; i++) yield* gosched();
    assert.equal(conn.fd, fd);
    client.close();
    yield* until(() => server.connections === 0);
    listener.close();
  });
});

both("a server that has ended rejects further calls", function* () {
  let ended: Server | undefined;
  yield* serving({}, function* ({ server }) {
    ended = server;
    for (const wrong of [NaN, -1, 1, "length"]) {
      assert.throws(() => server.pauseAccept(wrong as number), RangeError);
    }
    yield* gosched();
  });
  const server = ended!;
  // A listener would answer, but the server no longer dials.
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const closed = yield* thrown(server.dial(`tcp://${listener.addr}`));
  assert.ok(closed instanceof ClosedError);
  const accepting = go(() => thrown(listener.accept()));
  yield* gosched();
  assert.equal(accepting.status, "waiting");
  listener.close();
  yield* accepting.join();
  server.pauseAccept();
  server.resumeAccept();
  server.shutdown();
  assert.equal([...server.conns()].length, 0);
});

both("infinite times never expire", function* () {
  const events: Events = {
    idleTimeout: 1e300,
    closeTimeout: 1e300,
    tick: () => Infinity,
    opened(conn) {
      conn.setIdleTimeout(Number.MAX_VALUE);
      conn.setDeadline(Number.MAX_VALUE);
      assert.throws(() => conn.setIdleTimeout(-1), RangeError);
      assert.throws(() => conn.setIdleTimeout(NaN), RangeError);
      assert.throws(() => conn.setDeadline(NaN), RangeError);
    },
    data: (_conn, input) => input,
  };
  yield* serving(events, function* ({ connect }) {
    const conn = yield* connect();
    yield* conn.write(bytes("x"));
    assert.equal(yield* conn.read(new Uint8Array(9)), 1);
    conn.close();
  });
});

both("invalid addresses end serve", function* () {
  function* serveAt(address: unknown): Routine<void> {
    yield* serve({}, address as string);
  }
  for (const wrong of [5, null, Symbol("address")]) {
    const refused = yield* thrown(serveAt(wrong));
    assert.ok(refused instanceof TypeError);
    assert.match(refused.message, /each address must be a string/);
  }
});

both("calls on a closed connection have no effect", function* () {
  let last: EventConn | undefined;
  yield* serving({ opened: (conn) => void (last = conn) }, function* ({ connect }) {
    const conn = yield* connect();
    yield* until(() => last !== undefined);
    conn.close();
    yield* until(() => last!.fd === -1);
  });
  const conn = last!;
  conn.wake();
  conn.resume();
  conn.pause();
  conn.close();
  conn.abort();
  conn.detach();
  conn.setDeadline(Date.now());
  conn.setIdleTimeout(1);
  assert.equal(conn.write(bytes("x")), false);
  assert.equal(conn.discard(), 0);
  assert.deepEqual([conn.pending, conn.buffered, conn.closing], [0, 0, true]);
});
