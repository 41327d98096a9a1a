// SPDX-License-Identifier: MIT
/** A pool of connections: its bounds, its waits, and that no connection is lost or used half-read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  CanceledError,
  cancellable,
  ClosedError,
  type Conn,
  ConnPool,
  type ConnPoolOptions,
  DeadlineExceededError,
  dial,
  go,
  type Goroutine,
  gosched,
  listen,
  openRun,
  PanicError,
  type PooledConn,
  type Routine,
  run,
  scope,
  sleep,
  wait,
  withCancel,
} from "../../mod.ts";
import type { G } from "../../src/sched/goroutine.ts";
import { scheduler } from "../../src/sched/thread.ts";
import {
  assertNothingLeft,
  both,
  only,
  openSockets,
  parked,
  thrown,
  until,
} from "../support/harness.ts";

/** A connection that counts itself. */
class Fake implements Disposable {
  static opened = 0;
  static closed = 0;
  readonly id = ++Fake.opened;
  closed = false;
  healthy = true;
  users = 0;

  [Symbol.dispose](): void {
    assert.equal(this.closed, false, "closed twice");
    this.closed = true;
    Fake.closed++;
  }

  static get open(): number {
    return Fake.opened - Fake.closed;
  }
}

function fakes(options: Partial<ConnPoolOptions<Fake>> = {}): ConnPool<Fake> {
  Fake.opened = Fake.closed = 0;
  return new ConnPool({
    *open() {
      return new Fake();
    },
    ...options,
  });
}

/** Ends a goroutine where it waits, as the end of its run would. */
function end(g: Goroutine): void {
  scheduler.end(g as unknown as G);
}

both("a released connection is reused, the most recent first", function* () {
  using pool = fakes();
  const [a, b] = [yield* pool.acquire(), yield* pool.acquire()];
  assert.deepEqual([a.reused, a.conn.id, b.conn.id], [false, 1, 2]);
  a.release();
  b.release();
  assert.deepEqual([pool.stats.open, pool.stats.inUse, pool.stats.idle], [2, 0, 2]);
  const [c, d] = [yield* pool.acquire(), yield* pool.acquire()];
  assert.deepEqual([c.reused, c.conn.id, d.conn.id], [true, 2, 1]);
  c[Symbol.dispose]();
  d.release();
  assert.deepEqual([Fake.opened, Fake.open, pool.stats.open], [2, 1, 1]);
});

both("a connection that was not released is closed, and its slot is free", function* () {
  using pool = fakes({ maxOpen: 1 });
  for (let i = 0; i < 3; i++) {
    using pooled = yield* pool.acquire();
    assert.equal(pooled.reused, false);
  }
  assert.deepEqual([Fake.opened, Fake.open], [3, 0]);
});

both("a released connection cannot be used or released again", function* () {
  using pool = fakes();
  using pooled = yield* pool.acquire();
  pooled.release();
  assert.throws(() => pooled.conn, PanicError);
  assert.throws(() => pooled.release(), PanicError);
  assert.equal(Fake.open, 1);
});

both(
  "use releases after a return and closes after an error, unless keepAfter returns true",
  function* () {
    using pool = fakes({ keepAfter: (error) => (error as Error).message === "reply" });
    assert.equal(
      yield* pool.use(function* (conn) {
        return conn.id;
      }),
      1,
    );
    for (const [message, open] of [["reply", 1], ["broken", 0]] as const) {
      const error = yield* thrown(pool.use(function* () {
        throw new Error(message);
      }));
      assert.equal((error as Error).message, message);
      assert.equal(Fake.open, open);
    }
    assert.equal(Fake.opened, 1);
  },
);

both("beyond maxOpen, calls wait in FIFO order", function* () {
  using pool = fakes({ maxOpen: 2 });
  const held = [yield* pool.acquire(), yield* pool.acquire()];
  const order: number[] = [];
  const waiters: Goroutine[] = [];
  for (let i = 0; i < 4; i++) {
    waiters.push(go(function* () {
      using pooled = yield* pool.acquire();
      order.push(i);
      yield* gosched();
      pooled.release();
    }));
    yield* parked(waiters[i]);
  }
  assert.deepEqual([pool.stats.waiting, pool.stats.waitCount], [4, 4]);
  for (const pooled of held) pooled.release();
  for (const g of waiters) yield* g.join();
  assert.deepEqual(order, [0, 1, 2, 3]);
  assert.deepEqual([Fake.opened, pool.stats.waiting, pool.stats.inUse], [2, 0, 0]);
  assert.ok(pool.stats.waitDuration >= 0);
});

both("a wait is ended by a timeout, a context, and the pool's close", function* () {
  using pool = fakes({ maxOpen: 1 });
  using held = yield* pool.acquire();
  assert.ok(
    (yield* thrown(pool.acquire({ timeout: 1 }))) instanceof DeadlineExceededError,
  );
  const [ctx, cancel] = withCancel(background());
  const waiting = go(() => thrown(pool.acquire({ context: ctx })));
  yield* parked(waiting);
  cancel();
  assert.ok((yield* waiting.join()) instanceof CanceledError);
  const last = go(() => thrown(pool.acquire()));
  yield* parked(last);
  pool.close();
  assert.ok((yield* last.join()) instanceof ClosedError);
  assert.ok((yield* thrown(pool.acquire())) instanceof ClosedError);
  assert.equal(Fake.open, 1);
  held.release();
  assert.equal(Fake.open, 0);
  pool.close();
});

both("closing the pool ends an open in progress", function* () {
  let ended = false;
  using pool = fakes({
    *open() {
      try {
        yield* sleep(1e6);
      } finally {
        ended = true;
      }
      return new Fake();
    },
  });
  const opening = go(() => thrown(pool.acquire()));
  yield* parked(opening);
  assert.deepEqual([pool.stats.open, pool.stats.inUse], [1, 1]);
  pool.close();
  assert.ok((yield* opening.join()) instanceof ClosedError);
  assert.deepEqual([ended, pool.stats.open], [true, 0]);
});

both("an error of open is thrown to the caller, and its slot is free", function* () {
  let fails = true;
  using pool = fakes({
    maxOpen: 1,
    *open() {
      if (fails) throw new Error("refused");
      return new Fake();
    },
  });
  assert.equal((yield* thrown(pool.acquire()) as Routine<Error>).message, "refused");
  fails = false;
  (yield* pool.acquire({ timeout: 1e6 })).release();
  assert.equal(Fake.open, 1);
});

both("more than maxIdle connections are not kept, unless calls wait", function* () {
  using pool = fakes({ maxOpen: 2, maxIdle: 0 });
  const held = [yield* pool.acquire(), yield* pool.acquire()];
  const waiter = go(function* () {
    using pooled = yield* pool.acquire();
    return pooled.reused;
  });
  yield* parked(waiter);
  for (const pooled of held) pooled.release();
  assert.equal(yield* waiter.join(), true);
  assert.deepEqual([pool.stats.maxIdleClosed, Fake.opened, Fake.open], [1, 2, 0]);
});

both("idle connections are closed after idleTimeout, without a call", function* () {
  using pool = fakes({ idleTimeout: 20 });
  const [a, b] = [yield* pool.acquire(), yield* pool.acquire()];
  a.release();
  b.release();
  yield* until(() => pool.stats.idleTimeoutClosed === 2);
  assert.deepEqual([pool.stats.open, Fake.open], [0, 0]);
  // And again, after the goroutine that closes them has ended.
  (yield* pool.acquire()).release();
  yield* until(() => Fake.open === 0);
});

both("connections older than maxLifetime are not reused", function* () {
  using pool = fakes({ maxLifetime: 5 });
  const a = yield* pool.acquire();
  yield* sleep(6);
  a.release();
  assert.deepEqual([pool.stats.maxLifetimeClosed, Fake.open], [1, 0]);
  (yield* pool.acquire()).release();
  yield* until(() => pool.stats.maxLifetimeClosed === 2);
  assert.equal(Fake.open, 0);
});

both("a failed check closes the connection, and the next one is tried", function* () {
  using pool = fakes({
    *check(conn) {
      yield* gosched();
      return conn.healthy;
    },
  });
  const all = [yield* pool.acquire(), yield* pool.acquire(), yield* pool.acquire()];
  const conns = all.map(({ conn }) => conn);
  for (const pooled of all) pooled.release();
  conns[2].healthy = conns[1].healthy = false;
  using again = yield* pool.acquire();
  assert.equal(again.conn, conns[0]);
  assert.deepEqual([pool.stats.unhealthyClosed, Fake.open], [2, 1]);
});

both("an error of a check that is not of the connection is thrown", function* () {
  using pool = fakes({
    maxOpen: 1,
    *check(): Routine<boolean> {
      throw new TypeError("a mistake");
    },
  });
  (yield* pool.acquire()).release();
  assert.ok((yield* thrown(pool.acquire())) instanceof TypeError);
  assert.equal(Fake.open, 0);
  (yield* pool.acquire()).release();
});

both("a goroutine ended while it waits, opens, checks or uses loses nothing", function* () {
  using pool = fakes({
    maxOpen: 3,
    *open() {
      yield* gosched();
      return new Fake();
    },
    *check() {
      yield* gosched();
      return true;
    },
  });
  function* client(): Routine<void> {
    for (;;) {
      yield* pool.use(function* (conn) {
        assert.equal(conn.users++, 0);
        assert.equal(conn.closed, false);
        yield* gosched();
        conn.users--;
        yield* gosched();
      }, { timeout: 1e6 });
    }
  }
  // Every number of turns after which one may be ended, with others that go on.
  for (let turns = 0; turns < 40; turns++) {
    const clients = Array.from({ length: 5 }, () => go(client));
    for (let i = 0; i < turns; i++) yield* gosched();
    for (const g of clients) {
      end(g);
      yield* gosched();
    }
    yield* until(() => clients.every(({ status }) => status === "dead"));
    const { open, idle, inUse, waiting } = pool.stats;
    assert.deepEqual([inUse, waiting], [0, 0], `after ${turns} turns`);
    assert.deepEqual([open, Fake.open], [idle, idle]);
    // Every place can be taken.
    const all: PooledConn<Fake>[] = [];
    for (let i = 0; i < 3; i++) all.push(yield* pool.acquire({ timeout: 10_000 }));
    for (const pooled of all) pooled.release();
  }
});

both("a call canceled while it receives its connection loses nothing", function* () {
  using pool = fakes({ maxOpen: 1 });
  for (let turns = 0; turns < 6; turns++) {
    const held = yield* pool.acquire();
    const [ctx, cancel] = withCancel(background());
    const waiter = go(function* () {
      try {
        using pooled = yield* cancellable(pool.acquire(), ctx);
        pooled.release();
      } catch (error) {
        assert.ok(error instanceof CanceledError);
      }
    });
    yield* parked(waiter);
    held.release();
    for (let i = 0; i < turns; i++) yield* gosched();
    cancel();
    yield* waiter.join();
    assert.deepEqual([pool.stats.inUse, pool.stats.idle], [0, 1]);
  }
});

/** A server that echoes, and can end its connections. */
function* serveEcho(conns: Conn[], found: (addr: string) => void): Routine<void> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  found(String(listener.addr));
  for (;;) {
    const conn = yield* listener.accept();
    conns.push(conn);
    go(function* () {
      const buf = new Uint8Array(64);
      try {
        for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
      } catch {
        // It was closed.
      }
    });
  }
}

both("without a check, a connection with an end or unread data is not reused", function* () {
  const served: Conn[] = [];
  let addr = "";
  go(() => serveEcho(served, (found) => addr = found));
  yield* until(() => addr !== "");
  using pool = new ConnPool({ open: () => dial("tcp", addr) });
  const ask = function* (conn: Conn): Routine<void> {
    yield* conn.write("ping");
    yield* conn.readFull(new Uint8Array(4));
  };
  yield* pool.use(ask);
  yield* pool.use(ask);
  assert.equal(served.length, 1);
  served[0].close();
  // Until the end has arrived.
  using probe = yield* pool.acquire();
  if (probe.reused) yield* probe.conn.readable();
  probe.release();
  yield* pool.use(ask);
  assert.equal(served.length, 2);
  yield* served[1].write("unasked");
  yield* until(() => pool.stats.idle === 1);
  using second = yield* pool.acquire();
  if (second.reused) yield* second.conn.readable();
  second.release();
  yield* pool.use(ask);
  assert.equal(pool.stats.unhealthyClosed, 2);
  // One that was closed here is not kept.
  yield* pool.use(function* (conn) {
    conn.close();
  });
  assert.equal(pool.stats.open, 0);
});

both("many goroutines of a scope share few connections", function* () {
  const served: Conn[] = [];
  let addr = "";
  go(() => serveEcho(served, (found) => addr = found));
  yield* until(() => addr !== "");
  using pool = new ConnPool({ open: () => dial("tcp", addr), maxOpen: 3 });
  yield* scope(function* (s) {
    for (let i = 0; i < 30; i++) {
      s.go(() =>
        pool.use(function* (conn) {
          const text = `message ${i}`;
          yield* conn.write(text);
          const reply = new Uint8Array(text.length);
          yield* conn.readFull(reply);
          assert.equal(new TextDecoder().decode(reply), text);
        })
      );
    }
  });
  assert.ok(served.length <= 3);
  assert.ok(pool.stats.waitCount > 0);
});

test("connections of an ended run are not reused in the next one", async () => {
  const sockets = openSockets();
  const pool = fakes();
  await run(function* () {
    (yield* pool.acquire()).release();
  });
  await run(function* () {
    using pooled = yield* pool.acquire();
    assert.equal(pooled.reused, false);
  });
  pool.close();
  assertNothingLeft(sockets);
});

test("a pool of an open run is shared by the host's code", async () => {
  const sockets = openSockets();
  {
    await using app = openRun();
    const served: Conn[] = [];
    const addr = await new Promise<string>((found) => app.go(serveEcho, served, found));
    using pool = new ConnPool({ open: () => dial("tcp", addr), maxOpen: 2 });
    const ask = (text: string) =>
      app.call(() =>
        pool.use(function* (conn) {
          yield* conn.write(text);
          const reply = new Uint8Array(text.length);
          yield* conn.readFull(reply);
          return new TextDecoder().decode(reply);
        })
      );
    const texts = Array.from({ length: 20 }, (_, i) => `call ${i}`);
    assert.deepEqual(await Promise.all(texts.map(ask)), texts);
    assert.equal(await ask("later"), "later");
    assert.ok(served.length <= 2);
  }
  assertNothingLeft(sockets);
});

only("run", "an AbortSignal ends a wait", function* () {
  using pool = fakes({ maxOpen: 1 });
  using _held = yield* pool.acquire();
  const controller = new AbortController();
  const waiting = go(() => thrown(pool.acquire({ signal: controller.signal })));
  yield* parked(waiting);
  controller.abort();
  assert.ok((yield* waiting.join()) instanceof CanceledError);
  yield* wait(undefined);
});

test("invalid options are a TypeError that names the option", () => {
  const open = function* () {
    return new Fake();
  };
  const wrong: [object, RegExp][] = [
    [{}, /open/],
    [{ open, maxOpen: 0 }, /maxOpen/],
    [{ open, maxOpen: 1.5 }, /maxOpen/],
    [{ open, maxIdle: -1 }, /maxIdle/],
    [{ open, idleTimeout: 0 }, /idleTimeout/],
    [{ open, maxLifetime: "1 h" }, /maxLifetime/],
    [{ open, check: true }, /check/],
    [{ open, keepAfter: 1 }, /keepAfter/],
    [{ open, max: 3 }, /there is no option max/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => new ConnPool(options as ConnPoolOptions<Fake>), (error: unknown) => {
      return error instanceof TypeError && message.test(error.message);
    });
  }
  assert.throws(() => new ConnPool(null as never), TypeError);
});

both("a pool is inspected in one line", function* () {
  using pool = fakes();
  using pooled = yield* pool.acquire();
  assert.equal(String(pool), "ConnPool(1 of 10 open, 0 idle)");
  assert.equal(String(pooled), "PooledConn(in use)");
});
