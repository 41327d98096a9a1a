// SPDX-License-Identifier: MIT
/** Deadlines of reads, writes, accepts and dials: absolute, sticky, and settable while someone waits. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  background,
  type Conn,
  type Deadline,
  DeadlineExceededError,
  dial,
  go,
  type Goroutine,
  isTimeout,
  listen,
  type Listener,
  listenPacket,
  OpError,
  pipe,
  type Routine,
  sleep,
  withDeadline,
} from "../../mod.ts";
import { both, only, pair, pairOn, thrown, until } from "../support/harness.ts";

/** More than the buffers between the two ends of a connection hold. */
const MORE_THAN_FITS = 16 << 20;
/** A deadline that is waited for, and one that is far off. */
const SOON_MS = 40;
const FAR_MS = 600_000;
/** Date.now() counts whole milliseconds: a deadline from it may be early by less than one. */
const CLOCK_MS = 1;

const soon = () => Date.now() + SOON_MS;
const far = () => Date.now() + FAR_MS;

/** Waits until `g` is parked for a descriptor. */
function* parkedForIO(g: Goroutine<unknown>): Routine<void> {
  yield* until(() => g.status === "waiting" && g.waitReason === "IO wait");
}

/** `error` as the time-out that it must be, with this text. */
function timedOut(error: unknown, message: string): OpError {
  assert.ok(error instanceof OpError, String(error));
  assert.equal(error.message, message);
  assert.equal(error.timeout, true);
  assert.equal(error.temporary, true);
  assert.equal(error.code, "ETIMEDOUT");
  assert.ok(error.cause instanceof DeadlineExceededError);
  return error;
}

/** What the errors of `conn` say about its ends. */
function between(conn: Conn): string {
  return `tcp ${conn.localAddr}->${conn.remoteAddr}`;
}

/** How long `call` takes, in milliseconds. */
function* timed(call: () => Routine<unknown>): Routine<number> {
  const start = performance.now();
  yield* call();
  return performance.now() - start;
}

both("a read times out at its deadline, and not before", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const took = yield* timed(function* () {
    a.setReadDeadline(soon());
    timedOut(yield* thrown(a.read(new Uint8Array(8))), `read ${between(a)}: i/o timeout`);
  });
  assert.ok(took > SOON_MS - CLOCK_MS, `timed out after ${took} ms`);
});

both("a write times out at its deadline, and reports how much was sent", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  let error: OpError | undefined;
  const took = yield* timed(function* () {
    a.setWriteDeadline(soon());
    const writing = thrown(a.write(new Uint8Array(MORE_THAN_FITS)));
    error = timedOut(yield* writing, `write ${between(a)}: i/o timeout`);
  });
  assert.ok(took > SOON_MS - CLOCK_MS, `timed out after ${took} ms`);
  const { bytesWritten } = error!;
  assert.ok(bytesWritten! > 0 && bytesWritten! < MORE_THAN_FITS);
  a.close();
  let got = 0;
  const buf = new Uint8Array(64 * 1024);
  for (let n; (n = yield* b.read(buf)) !== null;) got += n;
  assert.equal(got, bytesWritten);
});

both("accept() times out at its deadline, and works again without one", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const took = yield* timed(function* () {
    listener.setDeadline(soon());
    timedOut(yield* thrown(listener.accept()), `accept tcp ${listener.addr}: i/o timeout`);
  });
  assert.ok(took > SOON_MS - CLOCK_MS, `timed out after ${took} ms`);
  timedOut(yield* thrown(listener.accept()), `accept tcp ${listener.addr}: i/o timeout`);
  listener.setDeadline(null);
  const [a, b] = yield* pairOn(listener);
  a.close();
  b.close();
});

both("a deadline in the past fails a call although data is available", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const [a, b] = yield* pairOn(listener);
  using _a = a, _b = b, waiting = yield* dial("tcp", String(listener.addr));
  yield* b.write(Buffer.from("served"));
  const buf = new Uint8Array(8);
  for (const past of [0, 1, -1, Date.now() - 1, new Date(0), -Infinity]) {
    a.setDeadline(past);
    timedOut(yield* thrown(a.read(buf)), `read ${between(a)}: i/o timeout`);
    const error = timedOut(yield* thrown(a.write(buf)), `write ${between(a)}: i/o timeout`);
    assert.equal(error.bytesWritten, 0);
    listener.setDeadline(past);
    timedOut(yield* thrown(listener.accept()), `accept tcp ${listener.addr}: i/o timeout`);
  }
  a.setDeadline(null);
  assert.equal(yield* a.read(buf), 6);
  listener.setDeadline(null);
  using accepted = yield* listener.accept();
  assert.equal(String(accepted.remoteAddr), String(waiting.localAddr));
});

both("an empty read ignores its deadline, an empty write does not, as in Go", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  a.setDeadline(1);
  assert.equal(yield* a.read(new Uint8Array(0)), 0);
  const error = yield* thrown(a.write(new Uint8Array(0)));
  assert.equal(timedOut(error, `write ${between(a)}: i/o timeout`).bytesWritten, 0);
});

both("an expired deadline applies until another is set", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  a.setReadDeadline(Date.now() + 2);
  for (let i = 0; i < 3; i++) {
    timedOut(yield* thrown(a.read(new Uint8Array(8))), `read ${between(a)}: i/o timeout`);
  }
  yield* b.write(Buffer.from("x"));
  timedOut(yield* thrown(a.read(new Uint8Array(8))), `read ${between(a)}: i/o timeout`);
  a.setReadDeadline(far());
  assert.equal(yield* a.read(new Uint8Array(8)), 1);
});

both("a deadline is a point in time, which traffic does not extend", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const feeder = go(function* feeder() {
    for (;; yield* sleep(1)) yield* b.write(Buffer.from("x"));
  });
  // On a slow machine it may take more than one deadline until there was traffic before it.
  for (let reads = 0; reads === 0;) {
    const took = yield* timed(function* () {
      a.setReadDeadline(soon());
      const error = yield* thrown((function* () {
        for (const buf = new Uint8Array(1); (yield* a.read(buf)) === 1;) reads++;
      })());
      timedOut(error, `read ${between(a)}: i/o timeout`);
    });
    assert.ok(took > SOON_MS - CLOCK_MS, `timed out after ${took} ms`);
  }
  assert.equal(feeder.status === "dead", false);
});

both("setDeadline() sets both deadlines, and the other setters one each", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const buf = new Uint8Array(1);
  const late = function* (): Routine<string> {
    const results: string[] = [];
    yield* b.write(buf);
    for (
      const [name, call] of [["read", () => a.read(buf)], ["write", () => a.write(buf)]] as const
    ) {
      try {
        yield* call();
      } catch (error) {
        assert.ok((error as OpError).timeout);
        results.push(name);
      }
    }
    return results.join(" ");
  };
  assert.equal(yield* late(), "");
  a.setDeadline(1);
  assert.equal(yield* late(), "read write");
  a.setReadDeadline(null);
  assert.equal(yield* late(), "write");
  a.setDeadline(null);
  assert.equal(yield* late(), "");
  a.setReadDeadline(1);
  assert.equal(yield* late(), "read");
  a.setWriteDeadline(1);
  a.setReadDeadline(null);
  assert.equal(yield* late(), "write");
});

both("a deadline is a Date, a number of milliseconds or null", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const [a, b] = yield* pairOn(listener);
  using _a = a, _b = b;
  for (const at of [new Date(far()), far(), far() + 0.5, Infinity, null]) {
    a.setDeadline(at);
    listener.setDeadline(at);
  }
  for (const wrong of [NaN, new Date(NaN), undefined, "2030-01-01", {}, 5n]) {
    const at = wrong as number;
    assert.throws(() => a.setDeadline(at), RangeError);
    assert.throws(() => a.setReadDeadline(at), RangeError);
    assert.throws(() => a.setWriteDeadline(at), RangeError);
    assert.throws(() => listener.setDeadline(at), RangeError);
  }
});

/** A call that waits, on an object whose deadline can be set. */
interface Waiting {
  readonly call: Goroutine<unknown>;
  readonly setDeadline: (at: number | null) => void;
  /** Lets the call come to a good end. */
  readonly serve: () => Routine<void>;
}

/** Each kind of call that a deadline ends, waiting without a peer that serves it. */
const KINDS: readonly (readonly [string, (a: Conn, b: Conn, l: Listener) => Waiting])[] = [
  ["read", (a, b) => ({
    call: go(() => a.read(new Uint8Array(8))),
    setDeadline: (at) => a.setReadDeadline(at),
    *serve() {
      yield* b.write(Buffer.from("x"));
    },
  })],
  ["write", (a, b) => ({
    call: go(() => a.write(new Uint8Array(MORE_THAN_FITS))),
    setDeadline: (at) => a.setWriteDeadline(at),
    *serve() {
      const buf = new Uint8Array(1 << 20);
      for (let left = MORE_THAN_FITS; left > 0;) left -= (yield* b.read(buf))!;
    },
  })],
  ["accept", (_a, _b, listener) => ({
    call: go(function* () {
      (yield* listener.accept()).close();
    }),
    setDeadline: (at) => listener.setDeadline(at),
    *serve() {
      (yield* dial("tcp", String(listener.addr))).close();
    },
  })],
];

for (const [name, start] of KINDS) {
  /** A test of such a call, which waits already and has `before` as its deadline. */
  const waitingTest = (
    title: string,
    before: () => number | null,
    body: (waiting: Waiting) => Routine<void>,
  ) =>
    both(`${name}: ${title}`, function* () {
      using listener = yield* listen("tcp", "127.0.0.1:0");
      const [a, b] = yield* pairOn(listener);
      using _a = a, _b = b;
      const waiting = start(a, b, listener);
      yield* parkedForIO(waiting.call);
      // Not before: on a busy machine a near deadline may pass until it waits.
      waiting.setDeadline(before());
      yield* body(waiting);
    });
  const timesOut = function* (call: Goroutine<unknown>): Routine<void> {
    const error = yield* thrown(call.join());
    assert.equal((error as OpError).timeout, true, String(error));
  };

  waitingTest("a waiting call is ended by a deadline in the past", () => null, function* (waiting) {
    waiting.setDeadline(1);
    yield* timesOut(waiting.call);
  });

  waitingTest(
    "a waiting call is ended by a deadline set later",
    () => null,
    function* (waiting) {
      const took = yield* timed(function* () {
        waiting.setDeadline(soon());
        yield* timesOut(waiting.call);
      });
      assert.ok(took > SOON_MS - CLOCK_MS, `timed out after ${took} ms`);
    },
  );

  waitingTest("a deadline can be brought forward under one that waits", far, function* (waiting) {
    const took = yield* timed(function* () {
      waiting.setDeadline(soon());
      yield* timesOut(waiting.call);
    });
    assert.ok(took > SOON_MS - CLOCK_MS && took < FAR_MS / 20, `timed out after ${took} ms`);
  });

  // The first is set while it waits, and the other in the same turn: on a machine that is slow in
  // between the first would have come.
  waitingTest("the deadline of a waiting call can be extended", () => null, function* (waiting) {
    const took = yield* timed(function* () {
      waiting.setDeadline(soon());
      waiting.setDeadline(Date.now() + 3 * SOON_MS);
      yield* timesOut(waiting.call);
    });
    assert.ok(took > 3 * SOON_MS - CLOCK_MS, `timed out after ${took} ms`);
  });

  waitingTest("the deadline of a waiting call can be removed", () => null, function* (waiting) {
    waiting.setDeadline(soon());
    waiting.setDeadline(null);
    // What must not come can only be waited for: twice as long as it would have taken.
    yield* sleep(2 * SOON_MS);
    assert.equal(waiting.call.status, "waiting");
    yield* waiting.serve();
    yield* waiting.call.join();
  });

  waitingTest("a call that is served in time leaves no time-out behind", far, function* (waiting) {
    yield* waiting.serve();
    yield* waiting.call.join();
  });
}

both("one deadline ends all queued reads, in order", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const order: number[] = [];
  const readers = [0, 1, 2, 3, 4].map((i) =>
    go(function* reader() {
      const error = yield* thrown(a.read(new Uint8Array(8)));
      timedOut(error, `read ${between(a)}: i/o timeout`);
      order.push(i);
    })
  );
  yield* until(() => readers.every((g) => g.status === "waiting"));
  a.setReadDeadline(Date.now() + 2);
  for (const reader of readers) yield* reader.join();
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
  yield* b.write(Buffer.from("x"));
  a.setReadDeadline(null);
  assert.equal(yield* a.read(new Uint8Array(8)), 1);
});

both("a deadline renewed before each read never fires", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const end = performance.now() + 3 * SOON_MS;
  const buf = new Uint8Array(1);
  let reads = 0;
  for (; performance.now() < end; reads++) {
    a.setReadDeadline(far());
    const reader = go(() => a.read(buf));
    yield* parkedForIO(reader);
    yield* b.write(buf);
    assert.equal(yield* reader.join(), 1);
  }
  assert.ok(reads > 1);
});

both("the deadline of a closed connection does not apply to its successor", function* () {
  const [a, b] = yield* pair();
  a.setDeadline(soon());
  b.setDeadline(1);
  a.close();
  b.close();
  // These two take the places of the other two in the poller's table.
  const [c, d] = yield* pair();
  using _c = c, _d = d;
  const readers = [c, d].map((conn) => go(() => conn.read(new Uint8Array(8))));
  yield* sleep(2 * SOON_MS);
  yield* c.write(Buffer.from("to d"));
  yield* d.write(Buffer.from("and c"));
  assert.deepEqual([yield* readers[0].join(), yield* readers[1].join()], [5, 4]);
});

/** A listener with a full queue that accepts no connection. */
function* fullListener(): Routine<{ listener: Listener; queued: Conn[] }> {
  const listener = yield* listen("tcp", "127.0.0.1:0", { backlog: 1 });
  const queued: Conn[] = [];
  // What is over the backlog is not answered, so the first dial that hangs says that it is full.
  for (;;) {
    const dialling = go(() => dial("tcp", String(listener.addr), { timeout: 200 }));
    try {
      queued.push(yield* dialling.join());
    } catch (error) {
      assert.equal((error as OpError).timeout, true, String(error));
      return { listener, queued };
    }
  }
}

both("dial() times out by its timeout or its deadline, whichever is earlier", function* () {
  const { listener, queued } = yield* fullListener();
  const address = String(listener.addr);
  const options = [
    { timeout: SOON_MS },
    { deadline: soon },
    { deadline: () => new Date(soon()) },
    { timeout: SOON_MS, deadline: far },
    { timeout: FAR_MS, deadline: soon },
    { timeout: SOON_MS, localAddress: "127.0.0.1:0" },
  ];
  for (const { timeout, deadline, localAddress } of options) {
    let error: unknown;
    const took = yield* timed(function* () {
      const given = { timeout, deadline: deadline?.(), localAddress };
      error = yield* thrown(dial("tcp", address, given));
    });
    const from = localAddress === undefined ? "" : `${localAddress}->`;
    timedOut(error, `dial tcp ${from}${address}: i/o timeout`);
    assert.ok(took > SOON_MS - CLOCK_MS && took < FAR_MS / 20, `timed out after ${took} ms`);
  }
  for (const conn of queued) conn.close();
  listener.close();
});

both("a pending dial leaves nothing when its run ends", function* () {
  const { listener } = yield* fullListener();
  const dialling = [1, 2].map(() =>
    go(() => dial("tcp", String(listener.addr), { timeout: FAR_MS }))
  );
  for (const each of dialling) yield* parkedForIO(each);
  // The harness looks for what is left.
});

both("dial() with a deadline in the past does not try", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  for (const deadline of [0, Date.now() - 1, new Date(1)]) {
    const error = yield* thrown(dial("tcp", address, { deadline }));
    timedOut(error, `dial tcp ${address}: i/o timeout`);
  }
  listener.setDeadline(Date.now() + 2);
  assert.equal(((yield* thrown(listener.accept())) as OpError).timeout, true);
});

both("the deadline of a dial does not apply to its connection", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  using conn = yield* dial("tcp", address, { timeout: 20_000, deadline: Date.now() + 10_000 });
  using late = yield* dial("tcp", address, { timeout: SOON_MS * 10 });
  using peer = yield* listener.accept();
  using latePeer = yield* listener.accept();
  const readers = [conn, late].map((each) => go(() => each.read(new Uint8Array(8))));
  yield* sleep(SOON_MS * 11);
  const big = new Uint8Array(1);
  for (const each of [peer, latePeer, conn, late]) assert.equal(yield* each.write(big), 1);
  for (const reader of readers) assert.equal(yield* reader.join(), 1);
});

only(
  "run",
  "a deadline set by the host while all goroutines sleep takes effect in time",
  function* () {
    const [a, b] = yield* pair();
    const begun = performance.now();
    setTimeout(() => a.setReadDeadline(Date.now() + 5), 5);
    const error = yield* thrown(a.read(new Uint8Array(1)));
    assert.ok(error instanceof OpError && error.timeout);
    // Nothing else would have woken it but the limit of the test.
    assert.ok(performance.now() - begun < FAR_MS / 100);
    a.close();
    b.close();
  },
);

/** What may be set until a time. */
const SETTERS: Record<string, (at: Deadline) => Routine<unknown>> = {
  "Conn.setDeadline": function* (at) {
    using conn = pipe()[0];
    conn.setDeadline(at);
  },
  "Conn.setReadDeadline": function* (at) {
    const [a, b] = yield* pair();
    using _ = a;
    using __ = b;
    a.setReadDeadline(at);
  },
  "Listener.setDeadline": function* (at) {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    listener.setDeadline(at);
  },
  "PacketConn.setWriteDeadline": function* (at) {
    using conn = yield* listenPacket("udp", "127.0.0.1:0");
    conn.setWriteDeadline(at);
  },
  withDeadline: function* (at) {
    withDeadline(background(), at!)[1]();
  },
  "dial's deadline": (at) => dial("tcp", "127.0.0.1:1", { deadline: at }),
};

for (const [name, set] of Object.entries(SETTERS)) {
  both(`${name}: a duration, seconds and an invalid Date are explained`, function* () {
    const seconds = Math.floor(Date.now() / 1000) + 5;
    const faults: [at: Deadline, text: RegExp][] = [
      [5000, /since the epoch; 5000 is in 1970, did you mean Date\.now\(\) \+ 5000\?$/],
      [0.5 + 1, /did you mean Date\.now\(\) \+ 1\.5\?$/],
      [seconds, new RegExp(`is in 1970, did you mean ${seconds} \\* 1000\\?$`)],
      [new Date(NaN), /must be a Date.*: current value is an invalid Date$/],
      [NaN, /must be a Date.*: current value is NaN$/],
    ];
    for (const [at, text] of faults) {
      const error = (yield* thrown(set(at))) as Error;
      assert.ok(error instanceof RangeError || error instanceof TypeError, String(error));
      assert.match(error.message, text);
    }
  });
}

both("a time long past may be 0, 1, negative, or any Date", function* () {
  const [a, b] = yield* pair();
  using _ = a;
  using __ = b;
  for (const at of [0, 1, -5, -Infinity, new Date(5000), Date.now() - 5000]) {
    a.setReadDeadline(null);
    a.setReadDeadline(at);
    assert.ok(isTimeout(yield* thrown(a.read(new Uint8Array(1)))));
  }
});
