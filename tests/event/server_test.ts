// SPDX-License-Identifier: MIT
/** The server: addresses, loops, accepting, dialling, adopting, and what it refuses. */
import assert from "node:assert/strict";
import { type Conn, dial, go, type OpError, sleep } from "../../mod.ts";
import { type EventConn, serve, type Server } from "../../event.ts";
import { sys } from "../../poll.ts";
import { socketPair } from "../support/descriptors.ts";
import { both, onWindows, thrown, until } from "../support/harness.ts";
import { bytes, readAll, readText, serving } from "../support/serving.ts";

both("connections are distributed over the loops", function* () {
  const strategies = {
    roundRobin: (loads: number[]) => loads.every((load) => load === 3),
    leastConnections: (loads: number[]) => loads.every((load) => load === 3),
    random: (loads: number[]) => loads.reduce((a, b) => a + b) === 9,
  };
  for (const [loadBalance, fits] of Object.entries(strategies)) {
    const loops = new Set<number>();
    yield* serving({
      numLoops: 3,
      loadBalance: loadBalance as keyof typeof strategies,
      opened: (conn) => void loops.add(conn.loop),
      data: (conn) => bytes(`${conn.loop}`),
    }, function* ({ server, connect }) {
      assert.equal(server.numLoops, 3);
      const conns: Conn[] = [];
      for (let i = 0; i < 9; i++) conns.push(yield* connect());
      yield* until(() => server.connections === 9);
      assert.ok(fits(server.loads()), `${loadBalance}: ${server.loads()}`);
      yield* until(() => [...server.conns()].length === 9);
      for (const conn of conns) {
        yield* conn.write(bytes("?"));
        assert.match(yield* readText(conn, 1), /^[012]$/);
      }
      for (const conn of conns) conn.close();
      yield* until(() => server.connections === 0);
      assert.deepEqual(server.loads(), [0, 0, 0]);
    });
    if (loadBalance !== "random") assert.deepEqual([...loops].sort(), [0, 1, 2]);
  }
});

both("the least loaded loop gets the next connection", function* () {
  const open = new Map<number, EventConn[]>();
  yield* serving({
    numLoops: 2,
    loadBalance: "leastConnections",
    opened: (conn) =>
      void (open.get(conn.loop) ?? open.set(conn.loop, []).get(conn.loop)!).push(conn),
  }, function* ({ server, connect }) {
    const conns: Conn[] = [];
    for (let i = 0; i < 6; i++) conns.push(yield* connect());
    yield* until(() => (open.get(0)?.length ?? 0) + (open.get(1)?.length ?? 0) === 6);
    open.get(1)!.forEach((conn) => conn.close());
    yield* until(() => server.connections === 3);
    for (let i = 0; i < 3; i++) conns.push(yield* connect());
    yield* until(() => server.connections === 6);
    assert.deepEqual(server.loads(), [3, 3]);
    conns.forEach((conn) => conn[Symbol.dispose]());
  });
});

both("pauseAccept leaves new connections in the kernel, resumeAccept accepts them", function* () {
  let opened = 0;
  yield* serving(
    { opened: () => void opened++ },
    function* ({ server, connect }) {
      using _first = yield* connect();
      yield* until(() => opened === 1);
      server.pauseAccept(0);
      using _a = yield* connect();
      using _other = yield* connect(1);
      yield* until(() => opened === 2);
      yield* sleep(10);
      assert.equal(opened, 2);
      server.resumeAccept();
      yield* until(() => opened === 3);
      server.pauseAccept();
      using _b = yield* connect();
      yield* sleep(10);
      assert.equal(opened, 3);
      server.resumeAccept(0);
      yield* until(() => opened === 4);
      assert.throws(() => server.pauseAccept(2), RangeError);
    },
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:0",
  );
});

both("dial makes a connection of the server, with a context", function* () {
  const seen: unknown[] = [];
  yield* serving<string>({
    opened(conn) {
      seen.push(conn.context, conn.addrIndex);
      return conn.addrIndex === -1 ? bytes("hello") : undefined;
    },
    data(conn, input) {
      if (conn.addrIndex >= 0) return input;
      seen.push(input.length);
      return "close";
    },
  }, function* ({ server }) {
    const conn = yield* server.dial(`tcp://${server.addrs[0]}`, { timeout: 5000 }, "mine");
    assert.equal(String(conn.remoteAddr), String(server.addrs[0]));
    yield* until(() => conn.fd === -1);
    yield* until(() => server.connections === 0);
    const refused = yield* thrown(server.dial("tcp://127.0.0.1:1"));
    assert.equal((refused as OpError).code, "ECONNREFUSED");
    server.shutdown();
    assert.match(String(yield* thrown(server.dial(`tcp://${server.addrs[0]}`))), /Error/);
  });
  assert.deepEqual(seen.sort(), ["mine", -1, undefined, 0, 5].sort());
});

both("a server without addresses serves adopted connections", function* () {
  let server: Server<string> | undefined;
  const closed: unknown[] = [];
  const serving = go(() =>
    serve<string>({
      serving: (started) => void (server = started),
      opened: (conn) => bytes(conn.context),
      data: (_conn, input) => input,
      closed: (conn, error) => void closed.push(conn.context, conn.addrIndex, error),
    })
  );
  yield* until(() => server !== undefined);
  const listener = sys.socket();
  sys.bind(listener, "127.0.0.1:0");
  sys.listen(listener);
  using client = yield* dial("tcp", String(sys.localAddr(listener)));
  const conn = server!.adopt(sys.accept(listener), { addrIndex: 7 }, "adopted");
  sys.close(listener);
  assert.equal(String(conn.remoteAddr), String(client.localAddr));
  assert.equal(yield* readText(client, 7), "adopted");
  yield* client.write(bytes("x"));
  assert.equal(yield* readText(client, 1), "x");
  assert.equal(((yield* thrown(adoptNothing(server!))) as OpError).code, "EBADF");
  for (const wrong of [-1, 1.5, "3", 2 ** 32]) {
    assert.throws(() => server!.adopt(wrong as number), RangeError);
  }
  const [mine, other] = socketPair();
  server!.adopt(mine).close(); // Before it was opened: then it is not closed either.
  yield* until(() => server!.connections === 1);
  sys.close(other);
  server!.shutdown();
  yield* serving.join();
  assert.equal(yield* readAll(client), "");
  assert.throws(() => server!.adopt(0), { name: "ClosedError" });
  assert.deepEqual(closed, ["adopted", 7, null]);
});

function* adoptNothing(server: Server<string>) {
  return server.adopt(999_999);
}

both("two servers share a port only if both set reuseport", function* () {
  const opened = [0, 0];
  const address = "tcp://127.0.0.1:0?reuseport=true";
  yield* serving({ opened: () => void opened[0]++ }, function* (first) {
    const same = `tcp://${first.server.addrs[0]}`;
    yield* serving({ opened: () => void opened[1]++ }, function* () {
      const conns: Conn[] = [];
      while (opened[0] === 0 || opened[1] === 0) {
        const before = opened[0] + opened[1];
        conns.push(yield* first.connect());
        yield* until(() => opened[0] + opened[1] > before);
        assert.ok(conns.length < 500, `${opened}`);
      }
      conns.forEach((conn) => conn.close());
    }, `${same}?reuseport=true`);
    const refused = yield* thrown(serving({}, function* () {}, same));
    assert.equal((refused as OpError).code, "EADDRINUSE");
  }, address);
}, onWindows && "Windows has no SO_REUSEPORT");

both("an address that cannot be bound ends serve, and releases the others", function* () {
  const cases: [string, RegExp][] = [
    ["tcp://127.0.0.1:99999", /invalid port/],
    ["ftp://127.0.0.1:0", /unknown network ftp/],
    ["tcp://127.0.0.1", /missing port/],
    ["tcp://192.0.2.1:0", /cannot assign requested address/],
    ["tcp://127.0.0.1:0?reuseport=perhaps", /reuseport must be true or false/],
    ["unix:///tmp/never?reuseport=true", /reuseport requires a port/],
    ["tcp://127.0.0.1:0?port=1", /unknown option port/],
  ];
  for (const [address, expected] of cases) {
    const error = yield* thrown(serve({}, "tcp://127.0.0.1:0", address));
    assert.match(String(error), expected);
  }
});

both("invalid settings and handlers are rejected at once", function* () {
  const wrong: [object, RegExp][] = [
    [{ data: "x" }, /data must be a function/],
    [{ numLoops: 0 }, /numLoops/],
    [{ loadBalance: "fair" }, /loadBalance/],
    [{ idleTimeout: -1 }, /idleTimeout/],
    [{ highWaterMark: 1.5 }, /highWaterMark/],
    [{ highWaterMark: 10, lowWaterMark: 11 }, /in this order/],
    [{ highWaterMark: 10, maxPending: 9 }, /in this order/],
    [{ backlog: 0 }, /backlog/],
  ];
  for (const [events, expected] of wrong) {
    assert.throws(() => serve(events as never, "tcp://127.0.0.1:0"), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, expected);
      return true;
    });
  }
  assert.throws(() => serve(null as never), TypeError);
  assert.match(String(yield* thrown(serve({}, 7 as never))), /TypeError/);
});

both("handlers may be the methods of an object", function* () {
  class Counter {
    count = 0;
    data(_conn: EventConn, input: Uint8Array) {
      this.count += input.length;
      return bytes(`${this.count}`);
    }
  }
  const counter = new Counter();
  let server: Server | undefined;
  const goroutine = go(() =>
    serve(
      Object.assign(counter, { serving: (started: Server) => void (server = started) }),
      "127.0.0.1:0",
    )
  );
  yield* until(() => server !== undefined);
  using client = yield* dial("tcp", String(server!.addrs[0]));
  yield* client.write(bytes("abc"));
  assert.equal(yield* readText(client, 1), "3");
  server!.shutdown();
  yield* goroutine.join();
});
