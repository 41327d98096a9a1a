// SPDX-License-Identifier: MIT
// cspell:ignore conections
/** Limits on a plain listener: what happens at each, under each policy, and that it ends. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  type Conn,
  dial,
  go,
  gosched,
  listen,
  type Listener,
  type Routine,
  select,
} from "../../mod.ts";
import { limit, type LimitedListener, type Limits, type Shed } from "../../reactor.ts";
import { platform } from "../../platforms/platform.ts";
import { both, onWindows, thrown, until } from "../support/harness.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Accepts connections and keeps them open. */
class Server {
  readonly listener: LimitedListener;
  readonly conns: Conn[] = [];
  readonly shed: Shed[] = [];

  constructor(listener: Listener, limits: Limits) {
    this.listener = limit(listener, { onShed: (shed) => this.shed.push(shed), ...limits });
    go(() => this.#serve());
  }

  *#serve(): Routine<void> {
    try {
      for (;;) {
        const conn = yield* this.listener.accept();
        this.conns.push(conn);
        go(swallow, conn);
      }
    } catch (error) {
      if (this.listener.fd !== -1) throw error;
    }
  }

  /** What was done, without what differs from run to run. */
  get deeds(): string[] {
    return this.shed.map(({ limit, action }) => `${limit}: ${action}`);
  }

  [Symbol.dispose](): void {
    this.listener.close();
    for (const conn of this.conns) conn[Symbol.dispose]();
  }
}

/** Reads to the end. */
function* swallow(conn: Conn): Routine<void> {
  const buf = new Uint8Array(64);
  try {
    while ((yield* conn.read(buf)) !== null);
  } catch {
    // It was closed.
  }
}

function* server(limits: Limits): Routine<Server> {
  return new Server(yield* listen("tcp", "127.0.0.1:0"), limits);
}

function* dialTo(server: Server): Routine<Conn> {
  return yield* dial("tcp", String(server.listener.addr));
}

/** All that `conn` gets before its end, or the code of the error that ends it. */
function* heard(conn: Conn): Routine<string> {
  const buf = new Uint8Array(256);
  let got = "";
  try {
    for (let n; (n = yield* conn.read(buf)) !== null;) got += text(buf.subarray(0, n));
  } catch (error) {
    return got + (error as { code: string }).code;
  }
  return got;
}

both("accepting stops at a limit of connections, and resumes when one is closed", function* () {
  using s = yield* server({ connections: 2 });
  using a = yield* dialTo(s);
  using b = yield* dialTo(s);
  using c = yield* dialTo(s);
  yield* until(() => s.shed.length > 0);
  for (let i = 0; i < 50; i++) yield* gosched();
  assert.equal(s.conns.length, 2);
  assert.deepEqual(s.deeds, ["connections: stopped"]);
  assert.equal(s.listener.counters.open, 2);
  a.close();
  s.conns[0].close();
  yield* until(() => s.conns.length === 3);
  assert.equal(s.listener.counters.stopped.connections, s.shed.length);
  void b, c;
});

both("a refused connection receives its reply and the end of the stream", function* () {
  const reply = "busy\r\n";
  using s = yield* server({ connections: { most: 1, policy: "refuse" }, reply });
  using a = yield* dialTo(s);
  yield* until(() => s.conns.length === 1);
  using b = yield* dialTo(s);
  // What it has sent meanwhile must not cost it the reply.
  yield* b.write(new Uint8Array(1000));
  assert.equal(yield* heard(b), reply);
  assert.deepEqual(s.deeds, ["connections: refused"]);
  assert.equal(String(s.shed[0].remote), String(b.localAddr));
  assert.equal(s.listener.counters.refused.connections, 1);
  assert.equal(s.listener.counters.accepted, 1);
  void a;
});

both("the oldest idle connection is closed for a new one", function* () {
  using s = yield* server({ connections: { most: 2, policy: "closeOldestIdle" } });
  using a = yield* dialTo(s);
  yield* until(() => s.conns.length === 1);
  using b = yield* dialTo(s);
  yield* until(() => s.conns.length === 2);
  // The first was idle for longer, but is not any more.
  yield* a.write(new Uint8Array(1));
  const before = performance.now();
  yield* until(() => performance.now() > before + 5);
  yield* a.write(new Uint8Array(1));
  yield* until(() => performance.now() > before + 10);
  using c = yield* dialTo(s);
  assert.equal(yield* heard(b), "");
  yield* until(() => s.conns.length === 3);
  assert.deepEqual(s.deeds, ["connections: closed"]);
  assert.equal(String(s.shed[0].remote), String(b.localAddr));
  assert.notEqual(s.conns[0].fd, -1);
  void c;
});

both("without an idle connection the new one is refused", function* () {
  using listener = limit(yield* listen("tcp", "127.0.0.1:0"), {
    connections: { most: 1, policy: "closeOldestIdle" },
  });
  using a = yield* dial("tcp", String(listener.addr));
  // No handler reads from it: it is neglected, not idle.
  using served = yield* listener.accept();
  const accepting = go(() => listener.accept());
  using b = yield* dial("tcp", String(listener.addr));
  assert.match(yield* heard(b), /^(ECONNRESET)?$/);
  assert.equal(listener.counters.refused.connections, 1);
  listener.close();
  yield* thrown(accepting.join());
  void a, served;
});

both("each address has its own limit", function* () {
  using s = yield* server({ perAddress: 1 });
  using a = yield* dialTo(s);
  yield* until(() => s.conns.length === 1);
  using b = yield* dialTo(s);
  assert.match(yield* heard(b), /^(ECONNRESET)?$/);
  assert.deepEqual(s.deeds, ["perAddress: refused"]);
  using other = yield* dial("tcp", String(s.listener.addr), { localAddress: "127.0.0.2:0" });
  yield* until(() => s.conns.length === 2);
  s.conns[0].close();
  using again = yield* dialTo(s);
  yield* until(() => s.conns.length === 3);
  void a, other, again;
});

both("an address evicts its own connections", function* () {
  using s = yield* server({ perAddress: { most: 1, policy: "closeOldestIdle" } });
  using other = yield* dial("tcp", String(s.listener.addr), { localAddress: "127.0.0.2:0" });
  using a = yield* dialTo(s);
  yield* until(() => s.conns.length === 2);
  for (let i = 0; i < 10; i++) yield* gosched();
  using b = yield* dialTo(s);
  assert.equal(yield* heard(a), "");
  yield* until(() => s.conns.length === 3);
  assert.deepEqual(s.deeds, ["perAddress: closed"]);
  void other, b;
});

both("connections are accepted at no more than the rate", function* () {
  using s = yield* server({ acceptRate: { perSecond: 100, burst: 5 } });
  const begin = performance.now();
  const conns: Conn[] = [];
  for (let i = 0; i < 15; i++) conns.push(yield* dialTo(s));
  yield* until(() => s.conns.length === 15);
  // Ten of them had to wait for a hundredth of a second each.
  assert.ok(performance.now() - begin >= 95, `${performance.now() - begin} ms`);
  assert.ok(s.listener.counters.stopped.acceptRate > 0);
  for (const conn of conns) conn.close();
});

both("connections above the rate are refused, if that is the policy", function* () {
  using s = yield* server({ acceptRate: { perSecond: 0.001, burst: 2, policy: "refuse" } });
  const conns: Conn[] = [];
  for (let i = 0; i < 4; i++) conns.push(yield* dialTo(s));
  yield* until(() => s.shed.length === 2);
  assert.equal(s.conns.length, 2);
  assert.equal(s.listener.counters.refused.acceptRate, 2);
  for (const conn of conns) conn.close();
});

both("too many goroutines pause accepting", function* () {
  const many: Conn[] = [];
  using s = yield* server({ goroutines: 6 });
  for (let i = 0; i < 8; i++) many.push(yield* dialTo(s));
  yield* until(() => s.shed.length > 0);
  const before = s.conns.length;
  assert.ok(before > 0 && before < 8, `${before}`);
  assert.equal(s.deeds[0], "goroutines: stopped");
  for (const conn of many) conn.close();
  yield* until(() => s.conns.length === 8);
});

both("too many goroutines refuse connections, if that is the policy", function* () {
  using s = yield* server({ goroutines: { most: 6, policy: "refuse" }, reply: "full" });
  const many: Conn[] = [];
  for (let i = 0; i < 8; i++) many.push(yield* dialTo(s));
  yield* until(() => s.conns.length + s.shed.length === 8);
  assert.ok(s.conns.length > 0 && s.shed.length > 0, `${s.conns.length}`);
  assert.deepEqual(new Set(s.deeds), new Set(["goroutines: refused"]));
  assert.equal(s.listener.counters.refused.goroutines, s.shed.length);
  assert.equal(yield* heard(many[7]), "full");
  for (const conn of many) conn.close();
});

both("too many goroutines evict the oldest idle connection", function* () {
  using s = yield* server({ goroutines: { most: 6, policy: "closeOldestIdle" } });
  const many: Conn[] = [];
  while (s.shed.length === 0) {
    const came = s.conns.length;
    many.push(yield* dialTo(s));
    yield* until(() => s.conns.length > came);
    // Each waits for bytes before the next one comes.
    for (let i = 0; i < 10; i++) yield* gosched();
  }
  assert.deepEqual(s.deeds, ["goroutines: closed"]);
  assert.equal(yield* heard(many[0]), "");
  assert.equal(s.listener.counters.closed.goroutines, 1);
  assert.equal(s.listener.counters.accepted, many.length);
  for (const conn of many) conn.close();
});

both("a connection that sends too little in its first time is closed, and no other", function* () {
  using s = yield* server({ firstBytes: { within: 500, bytes: 4 } });
  using quick = yield* dialTo(s);
  using slow = yield* dialTo(s);
  yield* quick.write(new Uint8Array(4));
  yield* slow.write(new Uint8Array(3));
  assert.match(yield* heard(slow), /^(ECONNRESET)?$/);
  assert.deepEqual(s.deeds, ["firstBytes: closed"]);
  assert.equal(s.listener.counters.closed.firstBytes, 1);
  assert.equal(s.listener.counters.open, 1);
  // Those that leave early are no longer counted.
  const left = yield* dialTo(s);
  yield* until(() => s.conns.length === 3);
  s.conns[2].close();
  left.close();
});

both("a closed limiter delays no select, deadline or close", function* () {
  using listener = limit(yield* listen("tcp", "127.0.0.1:0"), { connections: 1 });
  using a = yield* dial("tcp", String(listener.addr));
  const first = yield* select(listener.onAccept());
  using served = first.value;
  using b = yield* dial("tcp", String(listener.addr));
  listener.setDeadline(Date.now() + 20);
  assert.match(String(yield* thrown(listener.accept())), /i\/o timeout/);
  listener.setDeadline(null);
  const waiting = go(() => select(listener.onAccept()));
  for (let i = 0; i < 10; i++) yield* gosched();
  assert.equal(waiting.status, "waiting");
  served.close();
  const { value: second } = yield* waiting.join();
  second.close();
  using third = yield* dial("tcp", String(listener.addr));
  (yield* listener.accept()).close();
  const accepting = go(() => listener.accept());
  yield* gosched();
  listener.close();
  assert.match(String(yield* thrown(accepting.join())), /use of closed network connection/);
  void a, b, third;
});

both("a Unix socket has limits, except those of TCP", function* () {
  const name = `@netpoll-limits-${process.pid}`;
  using inner = yield* listen("unix", name);
  assert.throws(() => limit(inner, { perAddress: 1 }), /perAddress/);
  assert.throws(() => limit(inner, { firstBytes: { within: 1 } }), /firstBytes/);
  const listener = limit(inner, { connections: 1 });
  using a = yield* dial("unix", name);
  const served = yield* listener.accept();
  using b = yield* dial("unix", name);
  const accepting = go(() => listener.accept());
  // The arrival of the second wakes it once, in vain.
  for (let i = 0; i < 10; i++) yield* gosched();
  yield* until(() => accepting.status === "waiting");
  assert.equal(listener.counters.accepted, 1);
  served.close();
  (yield* accepting.join()).close();
  assert.equal(listener.counters.open, 0);
  void a, b;
}, onWindows && "Windows has no abstract names of Unix sockets");

both("a flood of refusals leaves turns to other goroutines", function* () {
  using s = yield* server({ perAddress: 1 });
  const conns: Conn[] = [];
  for (let i = 0; i < 200; i++) conns.push(yield* dialTo(s));
  yield* until(() => s.shed.length === 199);
  assert.equal(s.conns.length, 1);
  for (const conn of conns) conn.close();
});

test("the platform reports the bytes that the kernel delivered", () => {
  assert.equal(typeof platform().sockets.delivered, "function");
});

const WRONG: [Limits, RegExp][] = [
  [{ connections: 0 }, /connections/],
  [{ connections: { most: 1.5 } }, /connections/],
  [{ perAddress: { most: 1, policy: "wait" as "refuse" } }, /perAddress/],
  [{ acceptRate: { perSecond: -1 } }, /acceptRate/],
  [{ acceptRate: { perSecond: 1, burst: 0 } }, /acceptRate/],
  [{ firstBytes: { within: 0 } }, /firstBytes/],
  [{ firstBytes: { within: 1, bytes: 0 } }, /firstBytes/],
  [{ reply: 5 as unknown as string }, /reply/],
  [{ onShed: 5 as unknown as () => void }, /onShed/],
  [{ conections: 5 } as unknown as Limits, /conections/],
];

both("an invalid limit is named in the error", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  for (const [limits, name] of WRONG) {
    assert.throws(() => limit(listener, limits), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, name);
      return true;
    });
  }
  assert.throws(() => limit({} as Listener, {}), TypeError);
});
