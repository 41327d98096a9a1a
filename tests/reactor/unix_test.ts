// SPDX-License-Identifier: MIT
/** Connections over Unix sockets, served by workers. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Conn,
  dial,
  go,
  type Goroutine,
  listen,
  type Routine,
  UnixAddr,
  type UnixListener,
} from "../../mod.ts";
import { openReactor, type Reactor, type ReactorOptions, serve, type Shed } from "../../reactor.ts";
import { onWindows, openSockets, thrown, until, wineGap } from "../support/harness.ts";
import { bothWithWorkers } from "../support/left.ts";

const HANDLER = new URL("./handlers/echo.ts", import.meta.url);
const EVENTS = new URL("./handlers/events.ts", import.meta.url);
const encode = (text: string) => new TextEncoder().encode(text);

type Network = "unix" | "unixpacket";

/** Sends `text` and returns the answer; null at the end of the stream. */
function* ask(conn: Conn, text: string): Routine<string | null> {
  yield* conn.write(encode(text));
  const buf = new Uint8Array(256);
  const n = yield* conn.read(buf);
  return n === null ? null : new TextDecoder().decode(buf.subarray(0, n));
}

/** A reactor that serves a path in a folder of its own. */
class Served {
  readonly reactor: Reactor;
  readonly conns: Conn[] = [];
  readonly #dir: string;
  readonly #listener: UnixListener;
  readonly #serving: Goroutine<void>;

  constructor(reactor: Reactor, dir: string, listener: UnixListener) {
    this.reactor = reactor;
    this.#dir = dir;
    this.#listener = listener;
    this.#serving = go(() => reactor.serve(listener));
  }

  static *open(
    options: ReactorOptions,
    network: Network = "unix",
    module = HANDLER,
  ): Routine<Served> {
    const dir = mkdtempSync(join(tmpdir(), "netpoll-"));
    const reactor = yield* openReactor(module, options);
    return new Served(reactor, dir, yield* listen(network, join(dir, "s")));
  }

  /** A connection whose own end has the name `own`, if that is given. */
  *connect(own?: string): Routine<Conn> {
    const { network, name } = this.#listener.addr;
    const localAddress = own === undefined ? undefined : join(this.#dir, own);
    const conn = yield* dial(network as Network, name, { localAddress });
    this.conns.push(conn);
    return conn;
  }

  /** The number of the worker that serves `conn`. */
  *worker(conn: Conn): Routine<number> {
    return Number((yield* ask(conn, "who"))!.split(" ")[0]);
  }

  *end(): Routine<void> {
    for (const conn of this.conns) conn[Symbol.dispose]();
    assert.deepEqual(yield* this.reactor.shutdown(), { cut: 0 });
    yield* this.#serving.join();
    assert.equal(existsSync(this.#listener.addr.name), false);
    rmSync(this.#dir, { recursive: true });
  }
}

/** A test that needs Unix sockets. */
function withUnix(name: string, main: () => Routine<void>): void {
  bothWithWorkers(name, main, wineGap("AF_UNIX"));
}

for (const network of ["unix", "unixpacket"] as const) {
  for (const driver of ["runSync", "run"] as const) {
    bothWithWorkers(`connections are served in workers: ${network}, ${driver}`, function* () {
      const served = yield* Served.open({ workers: 2, driver }, network);
      const seen = new Set<string>();
      for (let i = 0; i < 6; i++) {
        const own = i % 2 === 0 ? undefined : `${i}`.padEnd(60, "x");
        const conn = yield* served.connect(own);
        const [worker, , remote] = (yield* ask(conn, "who"))!.split(" ");
        seen.add(worker);
        assert.equal(remote, own === undefined ? "@" : String(conn.localAddr));
        assert.equal(yield* ask(conn, "hello"), "hello");
      }
      assert.deepEqual([...seen].sort(), ["0", "1"]);
      yield* until(() => served.reactor.counters.open === 6);
      served.conns.shift()!.close();
      yield* until(() => served.reactor.counters.open === 5);
      yield* served.end();
      assert.equal(served.reactor.counters.accepted, 6);
    }, onWindows && "Windows has neither packets in order nor, under Wine, any Unix sockets");
  }
}

withUnix("event handlers serve Unix stream sockets, and no packets", function* () {
  const served = yield* Served.open({ workers: 1 }, "unix", EVENTS);
  const conn = yield* served.connect("a name");
  assert.equal(yield* ask(conn, "who"), `events ${conn.localAddr}`);
  assert.equal(yield* ask(conn, "hello"), "hello");
  assert.equal(yield* ask(conn, "close"), null);
  yield* until(() => served.reactor.counters.open === 0);
  if (!onWindows) {
    using packets = yield* listen("unixpacket", "");
    const refused = yield* thrown(served.reactor.serve(packets));
    assert.ok(refused instanceof TypeError);
    assert.match(String(refused), /unixpacket .* no message boundaries/);
  }
  yield* served.end();
});

withUnix("a worker that dies closes its own Unix connections, and no others", function* () {
  let reported = 0;
  const served = yield* Served.open({
    workers: 2,
    restart: { delay: 1 },
    onWorkerEnd: ({ connections }) => reported += connections,
  });
  const sockets = openSockets();
  const [a, b, c] = [yield* served.connect(), yield* served.connect(), yield* served.connect()];
  const who = yield* served.worker(a);
  assert.notEqual(yield* served.worker(b), who);
  assert.equal(yield* served.worker(c), who);
  yield* a.write(encode("throw"));
  // What a dead end had not read is a reset on a Unix socket.
  for (const lost of [a, c]) {
    const end = yield* thrown(ended(lost));
    assert.match(String((end as { code?: string }).code ?? end), /^(null|ECONNRESET)$/);
  }
  assert.equal(yield* ask(b, "hello"), "hello");
  yield* until(() => served.reactor.workers[who].state === "serving" && reported > 0);
  // The one whose handler threw was closed before its worker ended.
  assert.equal(reported, 1);
  while ((yield* served.worker(yield* served.connect())) !== who);
  for (const conn of served.conns.splice(0)) conn[Symbol.dispose]();
  yield* until(() => openSockets() <= sockets);
  assert.equal(openSockets(), sockets);
  yield* served.end();
});

/** Throws how `conn` ends: "null" for the end of the stream. */
function* ended(conn: Conn): Routine<never> {
  const n = yield* conn.read(new Uint8Array(16));
  throw n === null ? "null" : `${n} bytes`;
}

withUnix("connections that a dead worker had not taken over are served by another", function* () {
  const told = new Int32Array(new SharedArrayBuffer(8));
  const served = yield* Served.open({ workers: 2, restart: false, data: told.buffer });
  const busy = yield* served.connect();
  const who = yield* served.worker(busy);
  assert.notEqual(yield* served.worker(yield* served.connect()), who);
  yield* busy.write(encode("exit when told"));
  yield* until(() => Atomics.load(told, 1) === 1);
  // Every other connection goes to that worker, which no longer accepts.
  const names = Array.from("abcd", (letter) => letter.repeat(60));
  for (const name of names) yield* served.connect(name);
  yield* until(() => served.reactor.workers[who].connections === 3);
  Atomics.store(told, 0, 1);
  Atomics.notify(told, 0);
  for (const conn of served.conns.slice(2)) {
    const [worker, , remote] = (yield* ask(conn, "who"))!.split(" ");
    assert.equal(Number(worker), 1 - who);
    assert.equal(remote, String(conn.localAddr));
  }
  yield* served.end();
});

withUnix("limits apply to Unix sockets, and those of TCP are refused", function* () {
  const shed: Shed[] = [];
  const refusing = yield* Served.open({
    workers: 2,
    limits: {
      connections: { most: 2, policy: "refuse" },
      reply: "full",
      onShed: (one) => shed.push(one),
    },
  });
  yield* refusing.worker(yield* refusing.connect());
  yield* refusing.worker(yield* refusing.connect());
  const third = yield* refusing.connect("third");
  const buf = new Uint8Array(9);
  assert.equal(yield* third.read(buf), 4);
  assert.deepEqual(shed.map(({ limit, action }) => `${limit} ${action}`), ["connections refused"]);
  assert.deepEqual(shed[0].remote, third.localAddr);
  yield* refusing.end();

  const closing = yield* Served.open({
    workers: 1,
    limits: {
      connections: { most: 1, policy: "closeOldestIdle" },
      onShed: (one) => shed.push(one),
    },
  });
  const idle = yield* closing.connect("idle");
  yield* closing.worker(idle);
  yield* closing.worker(yield* closing.connect());
  assert.equal(yield* idle.read(buf), null);
  yield* until(() => shed.length === 2);
  assert.equal(shed[1].action, "closed");
  assert.ok(shed[1].remote instanceof UnixAddr);
  assert.equal(String(shed[1].remote), String(idle.localAddr));
  yield* closing.end();

  // A Unix peer has no address to count it under, and its bytes are not counted.
  for (
    const limits of [
      { perAddress: 1 },
      { perAddress: { most: 1, policy: "closeOldestIdle" as const } },
      { firstBytes: { within: 1000 } },
    ]
  ) {
    const reactor = yield* openReactor(HANDLER, { workers: 1, limits });
    using listener = yield* listen("unix", "");
    const refused = yield* thrown(reactor.serve(listener));
    assert.ok(refused instanceof TypeError);
    assert.match(String(refused), new RegExp(`${Object.keys(limits)[0]} requires TCP`));
    yield* reactor.shutdown();
  }
});

withUnix("workers cannot share a path, and do not try", function* () {
  const reactor = yield* openReactor(HANDLER, { workers: 1 });
  for (const network of ["unix", "unixpacket"]) {
    const refused = yield* thrown(reactor.listen(network as "tcp", "/nowhere"));
    assert.ok(refused instanceof TypeError);
    assert.match(String(refused), /workers cannot share a path: .* reactor\.serve/);
  }
  yield* reactor.shutdown();
});

withUnix("one line serves a path on all cores", function* () {
  const listener = yield* listen("unix", "");
  const serving = go(() => serve(listener, HANDLER, { workers: 2 }));
  const conn = yield* dial("unix", String(listener.addr));
  assert.match((yield* ask(conn, "who"))!, /^0 /);
  conn.close();
  listener.close();
  yield* serving.join();
});
