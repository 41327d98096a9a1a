// SPDX-License-Identifier: MIT
/** Dialing names with several addresses, within time limits, some of which do not answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  CanceledError,
  type Conn,
  dial,
  type DialOptions,
  fromSignal,
  go,
  isCanceled,
  listen,
  type Listener,
  numGoroutine,
  type OpError,
  type Routine,
  run,
  runSync,
  sleep,
  withCancel,
  withCancelCause,
  withTimeout,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import type { Endpoint, RawAddress } from "../../platforms/contract/platform.ts";
import { dialAll, type Dialer } from "../../src/net/tcp/happy_eyeballs.ts";
import { formatIP, parseIP } from "../../src/net/addr/ip.ts";
import { CallDeadline } from "../../src/net/options/call_options.ts";
import { realCalls, withCalls } from "../fixtures/syscalls_fixture.ts";
import {
  both,
  only,
  onWindows,
  openSockets,
  opError,
  portOf,
  thrown,
  until,
} from "../support/harness.ts";

/** A look-up that knows one name. */
function named(...addresses: string[]): DialOptions {
  return { lookup: () => addresses };
}

/** A listener whose queue is full: the system lets its clients wait. */
class Blackhole implements Disposable {
  readonly listener: Listener;
  readonly #queued: Conn[] = [];

  constructor(listener: Listener) {
    this.listener = listener;
  }

  static *open(host: string): Routine<Blackhole> {
    const hole = new Blackhole(yield* listen("tcp", `${host}:0`, { backlog: 1 }));
    try {
      for (let full = false; !full;) {
        try {
          hole.#queued.push(yield* dial("tcp", String(hole.listener.addr), { timeout: 100 }));
        } catch (error) {
          assert.equal((error as OpError).timeout, true);
          full = true;
        }
      }
    } catch (error) {
      hole[Symbol.dispose]();
      throw error;
    }
    return hole;
  }

  get address(): string {
    return String(this.listener.addr);
  }

  get port(): number {
    return portOf(this.listener);
  }

  [Symbol.dispose](): void {
    for (const conn of this.#queued) conn.abort();
    this.listener.close();
  }
}

/** A hole on [::1] and a listener on the same port of 127.0.0.1. */
function* holeAndListener(): Routine<[hole: Blackhole, listener: Listener]> {
  for (;;) {
    const hole = yield* Blackhole.open("[::1]");
    try {
      return [hole, yield* listen("tcp", `127.0.0.1:${hole.port}`)];
    } catch (error) {
      // Another process has that port: the next one will be free.
      hole[Symbol.dispose]();
      assert.equal((error as OpError).code, "EADDRINUSE");
    }
  }
}

both("the addresses of a name are tried in turn, until one connects", function* () {
  using listener = yield* listen("tcp", "127.0.0.3:0");
  const port = portOf(listener);
  const options = named("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4");
  using conn = yield* dial("tcp", `x.test:${port}`, options);
  assert.equal(String(conn.remoteAddr), `127.0.0.3:${port}`);
  const refused = yield* thrown(dial("tcp", "x.test:1", named("127.0.0.2", "127.0.0.1")));
  const error = opError(refused, "dial tcp 127.0.0.2:1: connect: connection refused");
  assert.equal(String(error.addr), "127.0.0.2:1");
});

both("a peer that does not respond is given up after timeout, and at deadline", function* () {
  using hole = yield* Blackhole.open("127.0.0.1");
  const sockets = openSockets();
  const [far, stop] = withTimeout(background(), 60_000);
  for (
    const limit of [
      () => ({ timeout: 20 }),
      () => ({ deadline: Date.now() + 20 }),
      () => ({ deadline: new Date(Date.now() + 20), timeout: 60_000 }),
      () => ({ timeout: 20, deadline: null }),
      () => ({ context: withTimeout(background(), 20)[0] }),
      () => ({ context: far, timeout: 20 }),
    ]
  ) {
    const start = performance.now();
    const late = yield* thrown(dial("tcp", hole.address, limit()));
    const error = opError(late, `dial tcp ${hole.address}: i/o timeout`);
    assert.equal(error.timeout, true);
    assert.equal(error.temporary, true);
    assert.equal(error.code, "ETIMEDOUT");
    const took = performance.now() - start;
    assert.ok(took >= 15 && took < 10_000, `it took ${took} ms`);
    assert.equal(openSockets(), sockets);
  }
  stop();
});

both("a deadline in the past fails for any address", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const to = String(listener.addr);
  for (const options of [{ timeout: 0 }, { deadline: Date.now() - 1 }, { deadline: 0 }]) {
    opError(yield* thrown(dial("tcp", to, options)), `dial tcp ${to}: i/o timeout`);
    const name = dial("tcp", "x.test:1", { ...named("127.0.0.1"), ...options });
    opError(yield* thrown(name), "dial tcp: lookup x.test: i/o timeout");
  }
});

both("the limits of a dial do not apply to its connection", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const end = performance.now() + 30;
  const limits = { timeout: 30, deadline: Date.now() + 30 };
  using conn = yield* dial("tcp", String(listener.addr), limits);
  yield* until(() => performance.now() > end + 5);
  assert.equal(yield* conn.write(Uint8Array.of(7)), 1);
  using accepted = yield* listener.accept();
  yield* accepted.write(Uint8Array.of(8));
  assert.equal(yield* conn.read(new Uint8Array(4)), 1);
});

for (const drive of [run, runSync]) {
  test(`a failed dial leaves nothing for its run to close (${drive.name})`, async () => {
    const listener = await drive(function* () {
      using hole = yield* Blackhole.open("127.0.0.1");
      yield* thrown(dial("tcp", hole.address, { timeout: 5 }));
      // It has the number that the dial had.
      return yield* listen("tcp", "127.0.0.1:0");
    });
    await drive(function* () {
      using _listener = listener;
      using _conn = yield* dial("tcp", String(listener.addr));
      listener.setDeadline(Date.now() + 10_000);
      (yield* listener.accept()).close();
    });
  });
}

both(
  "a canceled dial to both IP versions reports the cancellation, though one has failed",
  function* () {
    using hole = yield* Blackhole.open("127.0.0.1");
    const controller = new AbortController();
    const reason = new Error("enough");
    // The first version of IP is refused at once, the other is still being tried.
    const options = { ...named("::1", "127.0.0.1"), signal: controller.signal, fallbackDelay: 1 };
    const dialling = go(() => thrown(dial("tcp", `x.test:${hole.port}`, options)));
    yield* sleep(50);
    assert.equal(dialling.status, "waiting");
    controller.abort(reason);
    const error = (yield* dialling.join()) as OpError;
    assert.ok(isCanceled(error), String(error));
    assert.equal((error.cause as CanceledError).cause, reason);
  },
);

both("a signal and a context end a dial, which leaves nothing open", function* () {
  using hole = yield* Blackhole.open("127.0.0.1");
  const sockets = openSockets();
  const text = `dial tcp ${hole.address}: operation was canceled`;
  const reason = new Error("enough");
  const controller = new AbortController();
  const [context, cancel] = withCancelCause(background());
  const [other] = withCancel(background());
  const ways: [options: DialOptions, end: () => void][] = [
    [{ signal: controller.signal }, () => controller.abort(reason)],
    [{ context, timeout: 60_000 }, () => cancel(reason)],
    [{ context: other, signal: AbortSignal.any([context.signal]) }, () => {}],
    [{ context, signal: new AbortController().signal }, () => {}],
  ];
  for (const [options, end] of ways) {
    const dialling = go(() => thrown(dial("tcp", hole.address, options)));
    yield* until(() => dialling.status === "waiting" || dialling.status === "dead");
    end();
    const error = opError(yield* dialling.join(), text);
    assert.ok(error.cause instanceof CanceledError);
    assert.equal(error.cause.cause, reason);
    assert.equal(error.code, "ABORT_ERR");
    assert.equal(error.timeout, false);
    assert.equal(String(error.addr), hole.address);
    assert.equal(openSockets(), sockets);
    // One that is over before it begins does not so much as ask for a socket.
    let made = 0;
    const streamSocket = () => {
      made++;
      return -1;
    };
    yield* withCalls({ streamSocket }, function* () {
      opError(yield* thrown(dial("tcp", hole.address, options)), text);
    });
    assert.equal(made, 0);
  }
});

both("a signal aborted after the dial does not affect the connection", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const controller = new AbortController();
  const { signal } = controller;
  using conn = yield* dial("tcp", String(listener.addr), { signal, timeout: 30_000 });
  using accepted = yield* listener.accept();
  controller.abort();
  yield* conn.write(Uint8Array.of(7));
  const buf = new Uint8Array(4);
  assert.equal(yield* accepted.read(buf), 1);
});

only("run", "AbortSignal.timeout() is a timeout", function* () {
  using hole = yield* Blackhole.open("127.0.0.1");
  const signal = AbortSignal.timeout(10);
  const late = yield* thrown(dial("tcp", hole.address, { signal }));
  assert.equal(opError(late, `dial tcp ${hole.address}: i/o timeout`).timeout, true);
  assert.ok(fromSignal(signal).err !== null);
});

both("hundreds of cancelled dials leave no descriptors", function* () {
  using hole = yield* Blackhole.open("127.0.0.1");
  const sockets = openSockets();
  const [context, cancel] = withCancel(background());
  const dials = Array.from(
    { length: 300 },
    () => go(() => thrown(dial("tcp", hole.address, { context }))),
  );
  yield* until(() => dials.every((each) => each.status === "waiting"));
  assert.equal(openSockets(), sockets + 300);
  cancel();
  for (const each of dials) {
    opError(yield* each.join(), `dial tcp ${hole.address}: operation was canceled`);
  }
  assert.equal(openSockets(), sockets);
});

both(
  "a cancelled dial reports the cancellation, whatever earlier addresses failed with",
  function* () {
    using hole = yield* Blackhole.open("127.0.0.2");
    for (const others of [[], ["127.0.0.1"]]) {
      const [context, cancel] = withCancel(background());
      const options = { ...named("127.0.0.1", "127.0.0.2", ...others), context };
      const dialling = go(() => thrown(dial("tcp", `x.test:${hole.port}`, options)));
      yield* until(() => dialling.status === "waiting");
      cancel();
      opError(yield* dialling.join(), `dial tcp ${hole.address}: operation was canceled`);
    }
    // But after a timeout, the error of the first address says more.
    const options = { ...named("127.0.0.1", "127.0.0.2", "127.0.0.1"), timeout: 500 };
    const late = yield* thrown(dial("tcp", `x.test:${hole.port}`, options));
    opError(late, `dial tcp 127.0.0.1:${hole.port}: connect: connection refused`);
  },
  onWindows && "a refusal takes its time there: which address is being tried is not known",
);

both("the other IP version is tried if the first does not respond", function* () {
  const [hole, listener] = yield* holeAndListener();
  using _hole = hole, _listener = listener;
  const sockets = openSockets();
  const goroutines = numGoroutine();
  const options = { ...named("::1", "127.0.0.1"), fallbackDelay: 10 };
  using conn = yield* dial("tcp", `x.test:${hole.port}`, options);
  assert.equal(String(conn.remoteAddr), `127.0.0.1:${hole.port}`);
  // That of the loser is closed, and its goroutine gone, by the time that the winner is there.
  assert.equal(openSockets(), sockets + 1);
  assert.equal(numGoroutine(), goroutines);
});

both(
  "with a negative fallbackDelay, or one IP version, addresses are tried one at a time",
  function* () {
    const [hole, listener] = yield* holeAndListener();
    using _hole = hole, _listener = listener;
    const sockets = openSockets();
    // Long enough for the lookup on a busy machine.
    const options = { ...named("::1", "127.0.0.1"), timeout: 300 };
    const late = yield* thrown(
      dial("tcp", `x.test:${hole.port}`, { ...options, fallbackDelay: -1 }),
    );
    opError(late, `dial tcp [::1]:${hole.port}: i/o timeout`);
    const six = yield* thrown(
      dial("tcp6", `x.test:${hole.port}`, { ...options, fallbackDelay: 0 }),
    );
    opError(six, `dial tcp6 [::1]:${hole.port}: i/o timeout`);
    using four = yield* dial("tcp4", `x.test:${hole.port}`, options);
    assert.equal(String(four.remoteAddr), `127.0.0.1:${hole.port}`);
    assert.equal(openSockets(), sockets + 1);
  },
);

both("a race ends together with its dial", function* () {
  const [hole, listener] = yield* holeAndListener();
  using _hole = hole;
  listener.close();
  using other = yield* Blackhole.open("127.0.0.1");
  const sockets = openSockets();
  // Two holes on two ports: the dial of either address waits.
  const real = realCalls();
  const connect = (fd: number, raw: RawAddress) => {
    const { ip, scope } = platform().sockaddr.decode(raw);
    const { port } = ip.length === 4 ? other : hole;
    return real.connect(fd, platform().sockaddr.encode({ ip, port, scope }));
  };
  const [context, cancel] = withCancel(background());
  yield* withCalls({ connect }, function* () {
    const options = { ...named("::1", "127.0.0.1"), fallbackDelay: 0 };
    const dialling = go(() => thrown(dial("tcp", "x.test:7", { ...options, context })));
    yield* until(() => openSockets() === sockets + 2);
    cancel();
    opError(yield* dialling.join(), "dial tcp [::1]:7: operation was canceled");
    assert.equal(openSockets(), sockets);
    const late = yield* thrown(dial("tcp", "x.test:7", { ...options, timeout: 20 }));
    opError(late, "dial tcp [::1]:7: i/o timeout");
    assert.equal(openSockets(), sockets);
    // One that only its run ends.
    const left = go(() => thrown(dial("tcp", "x.test:7", options)));
    yield* until(() => openSockets() === sockets + 2);
    void left;
  });
});

/** A connection that the fakes below return. */
class FakeConn implements Disposable {
  closed = false;
  readonly from: string;

  constructor(from: string) {
    this.from = from;
  }

  [Symbol.dispose](): void {
    this.closed = true;
  }
}

type Answer = { after: number; ok: boolean };

/** Dials nothing: an address answers as `answers` says, and what is asked is written down. */
class FakeDialler implements Dialer<FakeConn> {
  readonly log: string[] = [];
  readonly shares: number[] = [];
  readonly conns: FakeConn[] = [];
  readonly #answers: Record<string, Answer>;

  constructor(answers: Record<string, Answer>) {
    this.#answers = answers;
  }

  *dial({ ip }: Endpoint, moment: number): Routine<FakeConn> {
    const text = formatIP(ip);
    this.log.push(text);
    this.shares.push(moment - performance.now());
    const { after, ok } = this.#answers[text];
    if (after > 0) yield* sleep(after);
    if (!ok) throw new Error(text);
    const conn = new FakeConn(text);
    this.conns.push(conn);
    return conn;
  }

  failure({ ip }: Endpoint, cause: Error): Error {
    return new Error(`${formatIP(ip)}: ${cause.message}`);
  }
}

function endpoints(...addresses: string[]): Endpoint[] {
  return addresses.map((text) => ({ ip: parseIP(text)!, port: 1, scope: 0 }));
}

const NO_LIMITS = new CallDeadline({});
const OK: Answer = { after: 0, ok: true };
const FAILS: Answer = { after: 0, ok: false };

both("no fallback starts if the first IP version responds in time", function* () {
  const fake = new FakeDialler({ "::1": { after: 5, ok: true }, "127.0.0.1": OK });
  const conn = yield* dialAll(fake, endpoints("::1", "127.0.0.1"), NO_LIMITS);
  assert.equal(conn.from, "::1");
  assert.deepEqual(fake.log, ["::1"]);
});

both("the fallback starts at once if the first IP version fails", function* () {
  const fake = new FakeDialler({ "::1": FAILS, "::2": FAILS, "127.0.0.1": OK });
  const all = endpoints("::1", "127.0.0.1", "::2");
  const conn = yield* dialAll(fake, all, NO_LIMITS, 600_000);
  assert.equal(conn.from, "127.0.0.1");
  assert.deepEqual(fake.log, ["::1", "::2", "127.0.0.1"]);
});

both("the IP version of the first address is tried first", function* () {
  const fake = new FakeDialler({ "::1": OK, "127.0.0.1": FAILS, "127.0.0.2": FAILS });
  const all = endpoints("127.0.0.1", "::1", "127.0.0.2");
  assert.equal((yield* dialAll(fake, all, NO_LIMITS, 600_000)).from, "::1");
  assert.deepEqual(fake.log, ["127.0.0.1", "127.0.0.2", "::1"]);
});

both("if all fail, the first error is thrown", function* () {
  const slow: Answer = { after: 10, ok: false };
  for (const [answer6, answer4] of [[FAILS, FAILS], [slow, FAILS], [FAILS, slow]]) {
    const fake = new FakeDialler({ "::1": answer6, "::2": FAILS, "127.0.0.1": answer4 });
    const all = endpoints("::1", "::2", "127.0.0.1");
    const error = yield* thrown(dialAll(fake, all, NO_LIMITS, 1));
    assert.equal((error as Error).message, "::1");
    assert.equal(fake.log.length, 3);
  }
});

both("of two that connect at the same time, one is kept and the other closed", function* () {
  const soon: Answer = { after: 8, ok: true };
  const fake = new FakeDialler({ "::1": soon, "127.0.0.1": soon });
  const racing = go(() => dialAll(fake, endpoints("::1", "127.0.0.1"), NO_LIMITS, 0));
  yield* until(() => fake.log.length === 2);
  // Both are woken by the same look at the clock.
  const begun = performance.now();
  while (performance.now() - begun < 20);
  const conn = yield* racing.join();
  assert.equal(fake.conns.length, 2);
  assert.deepEqual(fake.conns.map((each) => each.closed), fake.conns.map((each) => each !== conn));
});

both("a slower fallback loses", function* () {
  const fake = new FakeDialler({
    "::1": { after: 20, ok: true },
    "127.0.0.1": { after: 9e5, ok: true },
  });
  const conn = yield* dialAll(fake, endpoints("::1", "127.0.0.1"), NO_LIMITS, 1);
  assert.equal(conn.from, "::1");
  assert.deepEqual(fake.log, ["::1", "127.0.0.1"]);
});

/** A time-out, and the shares that three addresses are given when each fails at once. */
const SHARES: readonly (readonly [timeout: number, shares: readonly number[]])[] = [
  // As long as it is enough for all, each has a like share of what is left.
  [30_000, [10_000, 15_000, 30_000]],
  // But no lookup is hurried: two seconds at least.
  [5_000, [2_000, 2_500, 5_000]],
  [3_000, [2_000, 2_000, 3_000]],
  // If there are as many.
  [1_000, [1_000, 1_000, 1_000]],
];

both("each address gets a share of the remaining time, as in Go", function* () {
  for (const [timeout, shares] of SHARES) {
    const fake = new FakeDialler({ "::1": FAILS, "::2": FAILS, "::3": FAILS });
    yield* thrown(dialAll(fake, endpoints("::1", "::2", "::3"), new CallDeadline({ timeout })));
    const told = fake.shares.map(Math.round);
    told.forEach((share, i) => assert.ok(Math.abs(share - shares[i]) < 500, String(told)));
  }
  const fake = new FakeDialler({ "::1": FAILS, "::2": FAILS });
  yield* thrown(dialAll(fake, endpoints("::1", "::2"), NO_LIMITS));
  assert.deepEqual(fake.shares, [Infinity, Infinity]);
});

both("an address whose share has elapsed is followed by the next", function* () {
  using hole = yield* Blackhole.open("127.0.0.2");
  using _listener = yield* listen("tcp", `127.0.0.3:${hole.port}`);
  // The shares are seconds, so the clock of the dial is turned forward instead.
  const { sockaddr } = platform();
  const real = performance.now;
  let turned = 0;
  const connect = (fd: number, raw: RawAddress) => {
    const done = realCalls().connect(fd, raw);
    if (sockaddr.decode(raw).ip[3] === 2) turned = 2_500;
    return done;
  };
  performance.now = () => real.call(performance) + turned;
  try {
    yield* withCalls({ connect }, function* () {
      const options = { ...named("127.0.0.2", "127.0.0.3"), timeout: 4_000 };
      using conn = yield* dial("tcp", `x.test:${hole.port}`, options);
      assert.equal(String(conn.remoteAddr), `127.0.0.3:${hole.port}`);
    });
  } finally {
    performance.now = real;
  }
  assert.equal(turned, 2_500);
});
