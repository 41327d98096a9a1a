// SPDX-License-Identifier: MIT
/** Calls without `yield*`: each that can never be driven any more is reported, and no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  BufferedReader,
  BufferedWriter,
  cancellable,
  chan,
  Cond,
  type Conn,
  copy,
  dial,
  ErrGroup,
  go,
  gosched,
  LengthPrefixed,
  listen,
  type Listener,
  listenPacket,
  lookupHost,
  Mutex,
  Once,
  pipe,
  readAll,
  resolveTCPAddr,
  type Routine,
  run,
  type RunOptions,
  runSync,
  RWMutex,
  Scanner,
  scope,
  select,
  Semaphore,
  serve,
  sleep,
  splice,
  type UDPConn,
  wait,
  WaitGroup,
} from "../../mod.ts";
import { pair } from "../support/harness.ts";
import { tlsPair } from "../support/tls_pair.ts";

/** A line of this file, as reports name it. */
const HERE = /undriven_test\.ts:\d+:\d+$/;

/** What a report says of the call that it names. */
const REPORT =
  /^goroutine \d+ \[\w+\] called (\S+)( \(.+\))? without yield\*, so it did nothing: write yield\* \1\(\.\.\.\)/;

type Driver = "run" | "runSync";

/** What the run under way has reported. */
let reported: string[] = [];

/** Runs `main` by `driver`, and returns what was reported. */
async function reports(
  main: () => Routine<unknown>,
  options: RunOptions = {},
  driver: Driver = "run",
): Promise<string[]> {
  const { warn } = console;
  reported = [];
  console.warn = (text: string) => reported.push(text);
  try {
    await (driver === "run" ? run(main, options) : runSync(main, options));
  } finally {
    console.warn = warn;
  }
  return reported;
}

/** The calls that reports name, sorted. */
function names(texts: readonly string[]): string[] {
  return texts.map((text) => REPORT.exec(text)?.[1] ?? text).sort();
}

/** A call by its name in reports. With `void` it is no tail call, which has no frame on Bun. */
type Call = readonly [name: string, call: () => unknown];

interface Sockets {
  readonly conn: Conn;
  readonly peer: Conn;
  readonly listener: Listener;
  readonly packets: UDPConn;
}

/** Calls that are reported in every run. */
function frequentCalls({ conn, listener }: Sockets): Call[] {
  const buf = new Uint8Array(1);
  return [
    ["conn.read", () => void conn.read(buf)],
    ["conn.write", () => void conn.write("bye")],
    ["listener.accept", () => void listener.accept()],
    ["sleep", () => void sleep(1)],
  ];
}

/** Calls that are reported in debug. */
function otherCalls({ conn, peer, listener, packets }: Sockets): Call[] {
  const ch = chan<number>(1);
  const buf = new Uint8Array(1);
  return [
    ["ch.send", () => void ch.send(1)],
    ["ch.recv", () => void ch.recv()],
    ["select", () => void select(ch.onRecv())],
    ["mutex.lock", () => void new Mutex().lock()],
    ["reader.line", () => void new BufferedReader(conn).line()],
    ["writer.write", () => void new BufferedWriter(conn).write("bye")],
    ["scanner.scan", () => void new Scanner(conn).scan()],
    ["conn.readFull", () => void conn.readFull(buf)],
    ["conn.readable", () => void conn.readable()],
    ["conn.writev", () => void conn.writev([buf])],
    ["chunks.next", () => void conn.chunks().next()],
    ["conn.readFrom", () => void packets.readFrom(buf)],
    ["conn.readMsg", () => void packets.readMsg(buf)],
    ["gosched", () => void gosched()],
    ["wait", () => void wait(Promise.resolve())],
    ["dial", () => void dial("tcp", "127.0.0.1:1")],
    ["listen", () => void listen("tcp", "127.0.0.1:0")],
    ["lookupHost", () => void lookupHost("localhost")],
    ["resolveTCPAddr", () => void resolveTCPAddr("tcp", "127.0.0.1:1")],
    ["copy", () => void copy(conn, peer)],
    ["splice", () => void splice(conn, peer)],
    ["readAll", () => void readAll(conn)],
    ["serve", () => void serve(listener, function* () {})],
    ["scope", () => void scope(function* () {})],
    ["cancellable", () => void cancellable(sleep(1), background())],
    ["once.do", () => void new Once().do(function* () {})],
    ["semaphore.acquire", () => void new Semaphore(1).acquire()],
    ["wg.wait", () => void new WaitGroup().wait()],
    ["group.wait", () => void new ErrGroup().wait()],
    ["cond.wait", () => void new Cond(new Mutex()).wait()],
    ["mutex.rlock", () => void new RWMutex().rlock()],
    ["g.join", () => void go(function* () {}).join()],
    ["writer.flush", () => void new BufferedWriter(conn).flush()],
    ["framing.write", () => void new LengthPrefixed("u8").write(conn, buf)],
  ];
}

/** A goroutine that makes each of the calls once, and drives none. */
function forgetting(calls: (sockets: Sockets) => Call[], expected: string[]) {
  return function* forgetful(): Routine<void> {
    const [conn, peer] = yield* pair();
    using listener = yield* listen("tcp", "127.0.0.1:0");
    using packets = yield* listenPacket("udp", "127.0.0.1:0");
    for (const [name, call] of calls({ conn, peer, listener, packets })) {
      expected.push(name);
      call();
    }
    conn.close();
    peer.close();
  };
}

for (const driver of ["run", "runSync"] as const) {
  test(`in debug mode every undriven call is reported with its line (${driver})`, async () => {
    const expected: string[] = [];
    const calls = (sockets: Sockets) => [...frequentCalls(sockets), ...otherCalls(sockets)];
    const texts = await reports(forgetting(calls, expected), { debug: true }, driver);
    assert.deepEqual(names(texts), expected.sort());
    for (const text of texts) assert.match(text.split("\n    at ")[1], HERE, text);
    assert.equal(new Set(texts.map((text) => HERE.exec(text)![0])).size, texts.length);
  });

  test(`without debug mode undriven reads, writes, accepts and sleeps are reported (${driver})`, async () => {
    const expected: string[] = [];
    const texts = await reports(forgetting(frequentCalls, expected), {}, driver);
    assert.deepEqual(names(texts), expected.sort());
    for (const text of texts) {
      assert.match(
        text,
        /; run with \{ debug: true \} for the line of the call(\n {4}before .+)?$/,
      );
    }
  });

  test(`without debug mode an undriven serve is reported with its line (${driver})`, async () => {
    const texts = await reports(
      function* main() {
        using listener = yield* listen("tcp", "127.0.0.1:0");
        // deno-lint-ignore netpoll/yield-star -- the mistake that the test is about
        serve(listener, function* () {});
      },
      {},
      driver,
    );
    assert.deepEqual(names(texts), ["serve"]);
    assert.match(texts[0], /write yield\* serve\(\.\.\.\)\n {4}at .+/);
    assert.match(texts[0], HERE);
  });

  test(`undriven reads and writes of an in-memory connection are reported (${driver})`, async () => {
    const lost: [string, (conn: Conn) => void][] = [
      ["conn.read", (conn) => void conn.read(new Uint8Array(1))],
      ["conn.read", (conn) => void conn.read(new Uint8Array(1), background())],
      ["conn.write", (conn) => void conn.write("lost")],
      ["conn.write", (conn) => void conn.write("lost", background())],
    ];
    for (const [name, call] of lost) {
      const texts = await reports(
        function* main() {
          const [a, b] = pipe();
          call(a);
          const kept = a.write("sent", background());
          const reader = go(() => readAll(b));
          yield* gosched();
          yield* kept;
          a.close();
          assert.equal(new TextDecoder().decode(yield* reader.join()), "sent");
        },
        {},
        driver,
      );
      assert.deepEqual(names(texts), [name], String(call));
    }
  });

  for (const debug of [false, true]) {
    test(`a call driven later is not reported (${driver}, debug ${debug})`, async () => {
      const texts = await reports(drivenLater, { debug }, driver);
      assert.deepEqual(texts, []);
    });
  }
}

/** What may be done with a call but to drive it at once. */
function* drivenLater(): Routine<void> {
  const [conn, peer] = yield* pair();
  const kept = conn.write("one");
  yield* sleep(1);
  yield* kept;
  const several = [conn.write("two"), conn.write("three"), conn.write("four")];
  for (const call of several) yield* call;
  const mutex = new Mutex();
  yield* cancellable(mutex.lock(), background());
  yield* conn.write("five", background());
  const ch = chan<number>();
  const sender = go(() => ch.send(1));
  yield* go(function* (call: Routine<number | undefined>) {
    return yield* call;
  }, ch.recv()).join();
  yield* sender.join();
  yield* scope(function* (s) {
    s.go(() => sleep(1));
  });
  // Goroutines made of calls, when the one that has made the calls has ended.
  yield* go(function* () {
    const calls = [sleep(1), sleep(2)];
    for (const call of calls) go(() => call);
  }).join();
  // A call that an error ends is driven, and so is one that is given up.
  const waiting = go(() => ch.recv());
  yield* gosched();
  assert.equal(waiting.status, "waiting");
  peer.close();
  conn.close();
}

test("the same mistake is reported once", async () => {
  const texts = await reports(function* main() {
    // More than are kept.
    for (let i = 0; i < 1500; i++) {
      // deno-lint-ignore netpoll/yield-star -- the mistake that the test is about
      sleep(i);
      if (i % 500 === 0) yield* gosched();
    }
  });
  assert.equal(texts.length, 1);
});

test("a call driven later is not reported, however many are pending", async () => {
  const texts = await reports(function* () {
    const [conn, peer] = yield* pair();
    // More than are kept.
    const calls = Array.from({ length: 1500 }, () => conn.write("."));
    yield* gosched();
    for (const call of calls) yield* call;
    conn.close();
    assert.equal((yield* readAll(peer)).length, calls.length);
  });
  assert.deepEqual(texts, []);
});

test("in debug mode a call is reported once the same call of its object is driven", async () => {
  let early = -1;
  const all = await reports(function* () {
    const [a, b] = pipe();
    const reader = go(() => readAll(b));
    // deno-lint-ignore netpoll/yield-star -- the mistake that the test is about
    a.write("lost");
    yield* a.write("sent");
    early = reported.length;
    a.close();
    assert.equal(new TextDecoder().decode(yield* reader.join()), "sent");
  }, { debug: true });
  assert.equal(early, 1);
  assert.match(all[0], /called conn\.write \(Conn\(pipe\)\) without yield\*/);
});

test("after a debug run a method is its class's again", async () => {
  const before = Mutex.prototype.lock;
  let during: unknown;
  await run(function* () {
    during = Mutex.prototype.lock;
    yield* new Mutex().lock();
  }, { debug: true });
  assert.notEqual(during, before);
  assert.equal(Mutex.prototype.lock, before);
});

test("writes of the host's TLS, driven by another goroutine, are not reported", async () => {
  const all = await reports(function* () {
    const [client, server] = yield* tlsPair({ engine: "host" }, { engine: "host" });
    using _client = client, _server = server;
    const writing = go(function* () {
      for (let i = 0; i < 5; i++) yield* client.write(new Uint8Array(100));
    });
    yield* server.readFull(new Uint8Array(500));
    yield* writing.join();
  });
  assert.deepEqual(all, []);
});
