// SPDX-License-Identifier: MIT
// cspell:ignore hellostill
/** Every handler, what it is given, in which order, and what its answer does. */
import assert from "node:assert/strict";
import { sleep } from "../../mod.ts";
import type { Action, EventConn } from "../../event.ts";
import { both, thrown, until } from "../support/harness.ts";
import { bytes, readAll, readText, serving, text } from "../support/serving.ts";

both("the handlers of a connection are called in order, and closed is the last", function* () {
  const seen: string[] = [];
  yield* serving({
    serving: () => void seen.push("serving"),
    opened: () => void seen.push("opened"),
    data(_conn, input) {
      seen.push(`data ${text(input)}`);
      return input;
    },
    closed: (_conn, error) => void seen.push(`closed ${error}`),
  }, function* ({ connect }) {
    using conn = yield* connect();
    for (const word of ["one", "two"]) {
      yield* conn.write(bytes(word));
      assert.equal(yield* readText(conn, 3), word);
    }
    conn.close();
    yield* until(() => seen.length === 5);
  });
  assert.deepEqual(seen, ["serving", "opened", "data one", "data two", "closed null"]);
});

both("the result of opened is written, performed and applied", function* () {
  const seen: string[] = [];
  const answers = [
    bytes("hello"),
    { out: bytes("hello"), action: "close" },
    "close",
    { out: bytes("hello"), options: { tcpKeepAlive: { idle: 1000 }, idleTimeout: 1 } },
    "none",
    undefined,
  ] as const;
  let next = 0;
  yield* serving({
    opened: () => answers[next++],
    closed: (_conn, error) => void seen.push(error?.name ?? "null"),
  }, function* ({ connect }) {
    const got: string[] = [];
    for (const answer of answers) {
      using conn = yield* connect();
      if (answer === undefined || answer === "none" || answer instanceof Uint8Array) {
        conn.closeWrite();
      }
      got.push(yield* readAll(conn));
    }
    assert.deepEqual(got, ["hello", "hello", "", "hello", "", ""]);
    yield* until(() => seen.length === answers.length);
  });
  assert.deepEqual(seen, ["null", "null", "null", "IdleTimeoutError", "null", "null"]);
});

both("the result of data is written and performed, bytes before the action", function* () {
  const answers: Record<string, Action | { out?: Uint8Array; action?: Action } | undefined> = {
    a: undefined,
    b: "none",
    c: { out: bytes("c!") },
    d: { out: bytes("d!"), action: "close" },
  };
  const heard: string[] = [];
  const data = (_conn: EventConn, input: Uint8Array) => {
    heard.push(text(input));
    return answers[text(input)];
  };
  yield* serving({ data }, function* ({ connect }) {
    using conn = yield* connect();
    for (const [i, word] of ["a", "b"].entries()) {
      yield* conn.write(bytes(word));
      yield* until(() => heard.length === i + 1);
    }
    yield* conn.write(bytes("c"));
    assert.equal(yield* readText(conn, 2), "c!");
    yield* conn.write(bytes("d"));
    assert.equal(yield* readAll(conn), "d!");
  });
});

both("the action shutdown of any handler closes everything and ends serve", function* () {
  for (const from of ["serving", "opened", "data", "closed", "tick"]) {
    const open = new Set<EventConn>();
    let closed = 0;
    const answer = (name: string): Action => name === from ? "shutdown" : "none";
    yield* serving({
      serving: () => answer("serving"),
      opened(conn) {
        open.add(conn);
        return open.size === 3 ? answer("opened") : "none";
      },
      data: () => answer("data"),
      closed() {
        closed++;
        return answer("closed");
      },
      tick: () => ({ delay: 1, action: open.size === 3 ? answer("tick") : "none" }),
    }, function* ({ connect, goroutine }) {
      if (from === "serving") return yield* goroutine.join();
      const conns = [yield* connect(), yield* connect(), yield* connect()];
      if (from === "data") yield* conns[0].write(bytes("x"));
      if (from === "closed") {
        yield* until(() => open.size === 3);
        conns[0].close();
      }
      yield* goroutine.join();
      conns.forEach((conn) => conn[Symbol.dispose]());
      assert.equal(closed, 3, from);
    });
  }
});

both(
  "tick is called at once, then after the delay that it returned, until it returns none",
  function* () {
    const delays = [0, 5, undefined];
    const times: number[] = [];
    yield* serving({
      tick() {
        times.push(performance.now());
        return delays[times.length - 1];
      },
    }, function* () {
      yield* until(() => times.length === 3);
      yield* sleep(20);
    });
    assert.equal(times.length, 3);
    assert.ok(times[2] - times[1] >= 4, `${times[2] - times[1]}`);
  },
);

both("a connection has a context, an address index, both addresses and a descriptor", function* () {
  const seen: unknown[] = [];
  yield* serving<{ count: number }>(
    {
      opened(conn) {
        seen.push(conn.context, conn.addrIndex, conn.loop, conn.fd > 2, conn.closing);
        conn.context = { count: 0 };
      },
      data(conn) {
        return bytes(
          `${++conn.context.count} ${conn.addrIndex} ${conn.localAddr} ${conn.remoteAddr}\n`,
        );
      },
      closed: (conn) => void seen.push(conn.context.count, conn.fd, conn.closing),
    },
    function* ({ connect, server }) {
      assert.deepEqual(server.addrs.map(({ network }) => network), ["tcp", "tcp", "tcp"]);
      for (const i of [2, 0, 1]) {
        using conn = yield* connect(i);
        for (const count of [1, 2]) {
          const expected = `${count} ${i} ${server.addrs[i]} ${conn.localAddr}\n`;
          yield* conn.write(bytes("x"));
          assert.equal(yield* readText(conn, expected.length), expected);
        }
      }
      yield* until(() => seen.length === 3 * 8);
    },
    "tcp://127.0.0.1:0",
    "tcp6://[::1]:0",
    "127.0.0.1:0",
  );
  const about = (i: number) => [undefined, i, 0, true, false, 2, -1, true];
  assert.deepEqual(seen, [...about(2), ...about(0), ...about(1)]);
});

both("wake calls data with empty input, from anywhere, once per turn", function* () {
  const seen: string[] = [];
  let conn: EventConn | undefined;
  yield* serving({
    opened: (opened) => void (conn = opened),
    data(_conn, input) {
      seen.push(text(input));
      return input.length === 0 ? bytes("woken") : undefined;
    },
  }, function* ({ connect }) {
    using client = yield* connect();
    yield* until(() => conn !== undefined);
    conn!.wake();
    conn!.wake();
    assert.equal(yield* readText(client, 5), "woken");
    yield* client.write(bytes("x"));
    yield* until(() => seen.length === 2);
    conn!.wake();
    assert.equal(yield* readText(client, 5), "woken");
  });
  assert.deepEqual(seen, ["", "x", ""]);
});

both("preWrite is called before bytes are sent", function* () {
  let before = 0;
  yield* serving({ preWrite: () => void before++, data: (_conn, input) => input }, function* (s) {
    using conn = yield* s.connect();
    assert.equal(before, 0);
    yield* conn.write(bytes("x"));
    yield* readText(conn, 1);
    assert.equal(before, 1);
  });
});

both("an error in a handler ends its own connection, and is passed to onError", function* () {
  const told: unknown[] = [];
  const closed: unknown[] = [];
  const boom = new Error("boom");
  yield* serving({
    opened: (conn) => void conn.write(bytes("hello")),
    data(_conn, input) {
      if (text(input) === "boom") throw boom;
      return input;
    },
    closed: (_conn, error) => void closed.push(error),
    onError: (error, conn) => void told.push(error, conn?.addrIndex),
  }, function* ({ connect }) {
    using bystander = yield* connect();
    using conn = yield* connect();
    yield* conn.write(bytes("boom"));
    assert.equal(yield* readAll(conn), "hello");
    assert.deepEqual(told, [boom, 0]);
    assert.deepEqual(closed, [boom]);
    yield* bystander.write(bytes("still there"));
    assert.equal(yield* readText(bystander, 5 + 11), "hellostill there");
  });
});

both("any handler may throw, and an invalid result is an error", function* () {
  const told: string[] = [];
  const failing: Record<string, () => unknown> = {
    opened: () => {
      throw new Error("opened");
    },
    data: () => "closed" as Action,
    ended: () => 7 as never,
    closed: () => {
      throw new Error("closed");
    },
    tick: () => {
      throw new Error("tick");
    },
    preWrite: () => {
      throw new Error("preWrite");
    },
  };
  for (const [name, handler] of Object.entries(failing)) {
    told.length = 0;
    yield* serving({
      data: (_conn, input) => input,
      onError: (error) => void told.push((error as Error).message),
      [name]: handler,
    }, function* ({ connect }) {
      using conn = yield* connect();
      yield* conn.write(bytes("x"));
      if (name === "ended" || name === "closed") conn.closeWrite();
      if (name !== "tick") yield* readAll(conn);
      yield* until(() => told.length > 0);
    });
    const expected: Record<string, RegExp> = { data: /action.*closed$/, ended: /reply.*7$/ };
    assert.match(told[0], expected[name] ?? new RegExp(name));
    assert.equal(told.length, 1, name);
  }
});

both("serve throws the errors of serving and onError after closing everything", function* () {
  const boom = new Error("boom");
  const throws = () => {
    throw boom;
  };
  assert.equal(yield* thrown(serving({ serving: throws }, function* () {})), boom);
  let closed = 0;
  const error = yield* thrown(serving({
    data: () => {
      throw new Error("first");
    },
    closed: () => void closed++,
    onError: throws,
  }, function* ({ connect }) {
    using bystander = yield* connect();
    using conn = yield* connect();
    yield* conn.write(bytes("x"));
    yield* readAll(conn);
    yield* readAll(bystander);
    yield* until(() => closed === 2);
  }));
  assert.equal(error, boom);
});
