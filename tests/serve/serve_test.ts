// SPDX-License-Identifier: MIT
/** `serve`: an error ends its own connection only, and a server ends in order. */
import assert from "node:assert/strict";
import {
  background,
  CanceledError,
  cancellable,
  type Conn,
  dial,
  go,
  type Goroutine,
  gosched,
  listen,
  type Listener,
  type OpError,
  pipe,
  type Routine,
  serve,
  type ServeCounts,
  type ServeOptions,
  sleep,
  withCancel,
} from "../../mod.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { IdleTimer } from "../../src/serve/idle_timer.ts";
import { both, thrown, until } from "../support/harness.ts";
import { tlsDial, tlsListen, tlsTest } from "../support/tls_engines.ts";
import { SERVER } from "../support/tls_pair.ts";

/** Echoes until the end of the stream. */
function* echo(conn: Conn): Routine<void> {
  const buf = new Uint8Array(64);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

/** Sends a byte over `conn` and awaits it back. */
function* ping(conn: Conn): Routine<void> {
  yield* conn.write(new Uint8Array([7]));
  const buf = new Uint8Array(1);
  assert.equal(yield* conn.readFull(buf), 1);
  assert.equal(buf[0], 7);
}

/** A server, its address, and what ends it in order. */
interface Running {
  readonly listener: Listener;
  readonly serving: Goroutine<ServeCounts>;
  readonly stop: () => void;
  connect(): Routine<Conn>;
}

/** Starts a server of `handler`. */
function* serving(
  handler: (conn: Conn) => Routine<void>,
  options: ServeOptions = {},
): Routine<Running> {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const [context, stop] = withCancel(background());
  const serving = go(() => serve(listener, handler, { context, ...options }));
  return { listener, serving, stop, connect: () => dial("tcp", String(listener.addr)) };
}

both("a reset silently ends its own connection, and the server continues", function* () {
  const { serving: server, stop, connect } = yield* serving(echo);
  using steady = yield* connect();
  yield* ping(steady);
  for (let i = 0; i < 3; i++) {
    const rude = yield* connect();
    yield* ping(rude);
    rude.abort();
  }
  yield* ping(steady);
  steady.close();
  stop();
  const counts = yield* server.join();
  assert.deepEqual(counts, { accepted: 4, failed: 3, idle: 0, cut: 0, shed: 0 });
});

both("onError receives each error with its connection, and its own error ends serve", function* () {
  const seen: [unknown, string][] = [];
  const boom = new Error("boom");
  const { serving: server, connect } = yield* serving(function* (conn) {
    yield* conn.read(new Uint8Array(1));
    throw boom;
  }, {
    onError(error, conn) {
      seen.push([error, String(conn.remoteAddr)]);
      if (seen.length === 2) throw new Error("enough");
    },
  });
  using first = yield* connect();
  yield* first.write(new Uint8Array(1));
  assert.equal(yield* first.read(new Uint8Array(1)), null, "its connection is closed");
  assert.deepEqual(seen, [[boom, String(first.localAddr)]]);
  using second = yield* connect();
  using third = yield* connect();
  yield* second.write(new Uint8Array(1));
  assert.match(String(yield* thrown(server.join())), /^Error: enough$/);
  // The others are not left behind.
  yield* thrown(third.readFull(new Uint8Array(1)));
});

both(
  "without onError the first error of each kind is printed, and departures are not",
  function* () {
    const printed: unknown[][] = [];
    const before = console.error;
    console.error = (...args) => void printed.push(args);
    try {
      const { serving: server, stop, connect } = yield* serving(function* (conn) {
        const buf = new Uint8Array(1);
        yield* conn.read(buf);
        if (buf[0] === 2) yield* conn.readFull(new Uint8Array(9));
        throw buf[0] === 0 ? new TypeError("mistake") : new Error(`other ${buf[0]}`);
      });
      for (const byte of [0, 0, 1, 0, 1]) {
        using conn = yield* connect();
        yield* conn.write(new Uint8Array([byte]));
        yield* conn.read(new Uint8Array(1));
      }
      using leaving = yield* connect();
      yield* leaving.write(new Uint8Array([2, 2]));
      leaving.closeWrite();
      assert.equal(yield* leaving.read(new Uint8Array(1)), null);
      const rude = yield* connect();
      rude.abort();
      yield* sleep(5);
      stop();
      assert.equal((yield* server.join()).failed, 7);
    } finally {
      console.error = before;
    }
    assert.deepEqual(printed.map(([, error]) => String(error)), [
      "TypeError: mistake",
      "Error: other 1",
    ]);
    assert.match(String(printed[0][0]), /^netpoll: the connection from 127\.0\.0\.1:\d+ ended/);
  },
);

both("a shutdown stops accepting, notifies the handlers, and waits for them", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const [context, stop] = withCancel(background());
  let told = false;
  const server = go(() =>
    serve(listener, function* (conn, { draining }) {
      yield* ping(conn);
      yield* draining.done.recv();
      told = true;
      yield* sleep(20);
      yield* conn.write(new Uint8Array([9]));
    }, { context })
  );
  using conn = yield* dial("tcp", String(listener.addr));
  const buf = new Uint8Array(1);
  yield* conn.readFull(buf);
  yield* conn.write(buf);
  yield* gosched();
  stop();
  yield* until(() => told);
  const refused = yield* thrown(dial("tcp", String(listener.addr)));
  assert.equal((refused as OpError).code, "ECONNREFUSED");
  yield* conn.readFull(buf);
  assert.equal(buf[0], 9, "it finished its answer");
  assert.equal((yield* server.join()).cut, 0);
});

both(
  "after the grace period other connections are reset, and their errors not reported",
  function* () {
    const errors: unknown[] = [];
    let cleanedUp = 0;
    const { serving: server, stop, connect } = yield* serving(function* (conn) {
      try {
        yield* conn.write(new Uint8Array(1));
        yield* sleep(60_000);
      } finally {
        cleanedUp++;
      }
    }, { grace: 20, onError: (error) => void errors.push(error) });
    using a = yield* connect();
    using b = yield* connect();
    for (const conn of [a, b]) yield* conn.readFull(new Uint8Array(1));
    const began = performance.now();
    stop();
    assert.equal((yield* server.join()).cut, 2);
    assert.ok(performance.now() - began >= 19);
    assert.equal(cleanedUp, 2);
    assert.deepEqual(errors, []);
    assert.equal(((yield* thrown(a.read(new Uint8Array(1)))) as OpError).code, "ECONNRESET");
  },
);

tlsTest("after the grace period TLS connections are reset too", function* () {
  const listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  const [context, stop] = withCancel(background());
  const server = go(() =>
    serve(listener, function* (conn) {
      yield* conn.write(new Uint8Array(1));
      yield* sleep(60_000);
    }, { context, grace: 20 })
  );
  using client = yield* tlsDial("tcp", String(listener.addr), { ca: SERVER.cert });
  yield* client.readFull(new Uint8Array(1));
  stop();
  assert.equal((yield* server.join()).cut, 1);
  assert.equal(((yield* thrown(client.read(new Uint8Array(1)))) as OpError).code, "ECONNRESET");
});

both("an AbortSignal stops serve as well, even if already aborted", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const counts = yield* serve(listener, echo, { context: AbortSignal.abort() });
  assert.equal(counts.accepted, 0);
  assert.equal(listener.fd, -1);
});

both("closing the listener ends serve as a context does", function* () {
  const { listener, serving: server, connect } = yield* serving(echo);
  using conn = yield* connect();
  yield* ping(conn);
  listener.close();
  yield* ping(conn);
  conn.close();
  assert.equal((yield* server.join()).accepted, 1);
});

both("idleTimeout closes silent connections, and none that reads or is written to", function* () {
  let pushed = 0;
  const { serving: server, stop, connect } = yield* serving(function* (conn) {
    const buf = new Uint8Array(1);
    yield* conn.read(buf);
    if (buf[0] === 1) {
      // It sends without ever waiting for room, while another goroutine waits for bytes.
      go(function* () {
        for (; pushed < 12; pushed++) {
          yield* conn.write(buf);
          yield* sleep(20);
        }
      });
    }
    yield* echo(conn);
  }, { idleTimeout: 80 });
  const began = performance.now();
  using silent = yield* connect();
  using listening = yield* connect();
  yield* listening.write(new Uint8Array([1]));
  using busy = yield* connect();
  go(function* () {
    yield* silent.read(new Uint8Array(1));
    assert.ok(performance.now() - began >= 79);
  });
  yield* busy.write(new Uint8Array([2]));
  for (let i = 0; i < 12; i++) {
    yield* ping(busy);
    yield* sleep(20);
  }
  assert.equal(pushed, 12);
  assert.equal(yield* silent.read(new Uint8Array(1)), null, "closed");
  yield* until(() => busy.fd !== -1 && pushed === 12);
  // Then those are silent as well.
  assert.equal(yield* busy.read(new Uint8Array(1)), null);
  stop();
  const { idle, failed, cut } = yield* server.join();
  assert.deepEqual({ idle, failed, cut }, { idle: 3, failed: 0, cut: 0 });
});

both("idleTimeout counts from the last write, not from its check", function* () {
  let wroteAt = 0;
  const { serving: server, stop, connect } = yield* serving(function* (conn) {
    go(function* () {
      yield* sleep(20);
      yield* conn.write(new Uint8Array(1));
      wroteAt = performance.now();
    });
    yield* conn.read(new Uint8Array(1));
  }, { idleTimeout: 1000 });
  using client = yield* connect();
  yield* client.read(new Uint8Array(1));
  const looks: number[] = [];
  const set = scheduler.timers.set.bind(scheduler.timers);
  scheduler.timers.set = (timer, when) => {
    if (timer instanceof IdleTimer) looks.push(when);
    set(timer, when);
  };
  try {
    assert.equal(yield* client.read(new Uint8Array(1)), null);
  } finally {
    scheduler.timers.set = set;
  }
  assert.equal(looks.length, 1);
  assert.ok(looks[0] <= wroteAt + 1000, `${looks[0] - wroteAt} ms after the write`);
  stop();
  assert.equal((yield* server.join()).idle, 1);
});

both("a peer that does not read is idle too", function* () {
  const { serving: server, stop, connect } = yield* serving(function* (conn) {
    conn.setWriteBuffer(4096);
    for (;;) yield* conn.write(new Uint8Array(65536));
  }, { idleTimeout: 60 });
  using deaf = yield* connect();
  yield* deaf.read(new Uint8Array(1));
  yield* until(() => server.status === "waiting");
  yield* sleep(150);
  stop();
  assert.equal((yield* server.join()).idle, 1);
});

both("limits refuse connections within serve, and are counted", function* () {
  const { serving: server, stop, connect } = yield* serving(echo, {
    limits: { connections: { most: 1, policy: "refuse" }, reply: "busy" },
  });
  using first = yield* connect();
  yield* ping(first);
  using second = yield* connect();
  const reply = new Uint8Array(4);
  yield* second.readFull(reply);
  assert.equal(new TextDecoder().decode(reply), "busy");
  first.close();
  stop();
  const { accepted, shed } = yield* server.join();
  assert.deepEqual({ accepted, shed }, { accepted: 1, shed: 1 });
});

both("serve ended with its goroutine closes everything at once", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const [ctx, cancel] = withCancel(background());
  const server = go(() => thrown(cancellable(serve(listener, echo), ctx)));
  using conn = yield* dial("tcp", String(listener.addr));
  yield* ping(conn);
  cancel();
  assert.ok((yield* server.join()) instanceof CanceledError);
  assert.equal(listener.fd, -1);
  assert.equal(yield* conn.read(new Uint8Array(1)), null);
});

both("a handler that is no function* ends serve, and closes its connection", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  async function wait() {}
  assert.throws(
    () => serve(listener, wait as never),
    /^TypeError: Cannot serve as wait is not a function\*, it is an async function/,
  );
  function plain() {}
  const server = go(() => thrown(serve(listener, plain as never)));
  using conn = yield* dial("tcp", String(listener.addr));
  assert.equal(yield* conn.read(new Uint8Array(1)), null);
  assert.match(
    String(yield* server.join()),
    /^TypeError: Cannot serve as plain is not a function\*, it returned undefined/,
  );
});

both("invalid arguments are named in the error", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const wrong: [() => unknown, RegExp][] = [
    [() => serve(null as never, echo), /listener must be a listener/],
    [() => serve(listener, 5 as never), /f must be a function\*/],
    [() => serve(listener, echo, 5 as never), /options must be an object/],
    [() => serve(listener, echo, { idleTimeout: -1 }), /idleTimeout must be a number of/],
    [() => serve(listener, echo, { grace: NaN }), /grace must be a number of/],
    [() => serve(listener, echo, { context: 5 as never }), /cancel must be a Context/],
    [() => serve(listener, echo, { onError: 5 as never }), /onError must be a function/],
    [() => serve(listener, echo, { handler: 5 } as never), /there is no option handler/],
    [() => serve(listener, echo, { limits: { connections: -1 } }), /connections/],
  ];
  for (const [call, message] of wrong) assert.throws(call, message);
  const [a] = pipe();
  const one = {
    accept: function* () {
      return a;
    },
    close() {},
    fd: 0,
  };
  Object.assign(one, { [Symbol.dispose]() {} });
  const error = yield* thrown(serve(one as never, echo, { idleTimeout: 5 }));
  assert.match(String(error), /idleTimeout must be 0 for connections without a descriptor/);
});
