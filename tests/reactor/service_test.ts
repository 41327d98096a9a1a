// SPDX-License-Identifier: MIT
/** Datagrams, messages, the beginning and the end of workers, and their counters. */
import assert from "node:assert/strict";
import {
  ClosedError,
  type Conn,
  dial,
  go,
  isTimeout,
  listen,
  listenPacket,
  type Routine,
  type UDPConn,
} from "../../mod.ts";
import { openReactor, type Reactor, type ReactorOptions } from "../../reactor.ts";
import { thrown, until } from "../support/harness.ts";
import { bothWithWorkers, noSharing } from "../support/left.ts";
import type { Starting } from "./handlers/starting.ts";

const MODULE = new URL("./handlers/service.ts", import.meta.url);
const STARTING = new URL("./handlers/starting.ts", import.meta.url);
const ECHO = new URL("./handlers/echo.ts", import.meta.url);

function open(workers: number, options: ReactorOptions = {}): Routine<Reactor> {
  return openReactor(MODULE, { workers, ...options });
}

/** Opens a connection to each worker in order, which round robin assigns. */
function* toEach(reactor: Reactor): Routine<Conn[]> {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  go(() => reactor.serve(listener));
  const conns: Conn[] = [];
  for (const _ of reactor.workers) {
    const conn = yield* dial("tcp", String(listener.addr));
    yield* ask(conn, "began");
    conns.push(conn);
  }
  return conns;
}

function* ask(conn: Conn, order: string): Routine<string> {
  yield* conn.write(order);
  const buf = new Uint8Array(256);
  const n = yield* conn.read(buf);
  return new TextDecoder().decode(buf.subarray(0, n!));
}

/** Sends `text` until it is answered: a datagram may be lost. */
function* exchange(socket: UDPConn, text: string): Routine<string> {
  const buf = new Uint8Array(64);
  for (;;) {
    yield* socket.write(new TextEncoder().encode(text));
    socket.setReadDeadline(Date.now() + 500);
    try {
      const n = yield* socket.read(buf);
      return new TextDecoder().decode(buf.subarray(0, n));
    } catch (error) {
      if (!isTimeout(error)) throw error;
    }
  }
}

/** The worker that answers a new peer of `address`. */
function* worker(address: string): Routine<number> {
  using socket = yield* dial("udp", address);
  return Number((yield* exchange(socket, "hello")).split(" ")[0]);
}

bothWithWorkers("every worker has a UDP socket, and each peer always the same one", function* () {
  const reactor = yield* open(2);
  const address = String(yield* reactor.listenPacket("udp", "127.0.0.1:0"));
  const seen = new Set<number>();
  for (let i = 0; i < 200 && seen.size < 2; i++) seen.add(yield* worker(address));
  assert.deepEqual([...seen].sort(), [0, 1], "both serve");
  using socket = yield* dial("udp", address);
  const [first] = (yield* exchange(socket, "a")).split(" ");
  for (const text of ["b", "c", "d"]) {
    assert.equal(yield* exchange(socket, text), `${first} ${text}`);
  }
  yield* reactor.shutdown();
  // The port is free again.
  using _ = yield* listenPacket("udp", address);
}, noSharing);

bothWithWorkers("a restarted worker has its socket again", function* () {
  const ends: number[] = [];
  const reactor = yield* open(1, {
    restart: { delay: 1 },
    onWorkerEnd: (report) => void ends.push(report.worker),
  });
  const address = String(yield* reactor.listenPacket("udp", "127.0.0.1:0"));
  assert.equal(yield* worker(address), 0);
  {
    using socket = yield* dial("udp", address);
    yield* socket.write(new TextEncoder().encode("throw"));
    yield* until(() => ends.length === 1);
  }
  yield* until(() => reactor.workers[0].state === "serving");
  for (;;) {
    // Until the new socket is there the system refuses datagrams.
    try {
      assert.equal(yield* worker(address), 0);
      break;
    } catch (error) {
      assert.equal((error as { code?: string }).code, "ECONNREFUSED");
    }
  }
  yield* reactor.shutdown({ deadline: 0 });
}, noSharing);

bothWithWorkers("a paused worker closes its UDP socket, and reopens it", function* () {
  const reactor = yield* open(2);
  const address = String(yield* reactor.listenPacket("udp", "127.0.0.1:0"));
  reactor.workers[0].pause();
  // What was in the queue of the socket that closes is lost, and its peers are answered by the other.
  for (let quiet = 0; quiet < 20;) quiet = (yield* worker(address)) === 1 ? quiet + 1 : 0;
  reactor.workers[0].resume();
  const seen = new Set<number>();
  while (seen.size < 2) seen.add(yield* worker(address));
  yield* reactor.shutdown();
}, noSharing);

bothWithWorkers("options that do not apply to datagrams are refused", function* () {
  const reactor = yield* openReactor(ECHO, { workers: 1 });
  const error = yield* thrown(reactor.listenPacket("udp", "127.0.0.1:0"));
  assert.ok(error instanceof TypeError, String(error));
  assert.match(error.message, /must export handlePackets as a function\*/);
  const tcp = yield* thrown(reactor.listenPacket("tcp" as "udp", "127.0.0.1:0"));
  assert.match(String(tcp), /network must be a UDP network: current value is tcp/);
  const control = yield* thrown(reactor.listenPacket("udp", "127.0.0.1:0", { control: () => {} }));
  assert.match(String(control), /control is a function/);
  yield* reactor.shutdown();
}, noSharing);

bothWithWorkers("init runs once in each worker, before it serves", function* () {
  const reactor = yield* open(2);
  const conns = yield* toEach(reactor);
  assert.equal(yield* ask(conns[0], "began"), "0 1");
  assert.equal(yield* ask(conns[1], "began"), "1 1");
  yield* reactor.shutdown({ deadline: 0 });
});

bothWithWorkers("an error of init fails openReactor", function* () {
  const error = yield* thrown(open(2, { data: { failInit: 1 } }));
  assert.ok(error instanceof RangeError, String(error));
  assert.equal(error.message, "init failed");
});

/** Opens a reactor whose worker 0 ends in that way while worker 1 is starting. */
function opening(way: Starting["way"], options: ReactorOptions): Routine<Reactor> {
  const starts = new Int32Array(new SharedArrayBuffer(4));
  const data: Starting = { way, starts };
  return openReactor(STARTING, { workers: 2, data, ...options });
}

bothWithWorkers("a worker that is not up as the reactor is shut down has not failed", function* () {
  const onWorkerEnd = () => assert.fail("ended in order");
  const reactor = yield* opening("shutdown", { onWorkerEnd });
  yield* reactor.wait();
  assert.deepEqual(reactor.workers.map(({ state }) => state), ["ended", "ended"]);
  assert.ok((yield* thrown(reactor.listen("tcp", "127.0.0.1:0"))) instanceof ClosedError);
}, noSharing);

bothWithWorkers("a worker that fails to start as the reactor is shut down names why", function* () {
  const error = yield* thrown(opening("throw", {}));
  assert.match(String(error), /RangeError: init failed/);
});

bothWithWorkers("openReactor waits for each worker, though another one has died", function* () {
  const ends: string[] = [];
  const onWorkerEnd: ReactorOptions["onWorkerEnd"] = ({ worker, error }) =>
    void ends.push(`${worker} ${error}`);
  const reactor = yield* opening("restart", { restart: { delay: 1 }, onWorkerEnd });
  assert.deepEqual(ends, ["0 RangeError: died"]);
  assert.equal(reactor.workers[1].state, "serving");
  yield* reactor.shutdown({ deadline: 0 });
});

bothWithWorkers("end runs once in each worker, after its connections, and may send", function* () {
  const reactor = yield* open(2);
  const conns = yield* toEach(reactor);
  const ending = go(() => reactor.shutdown());
  yield* until(() => ending.status === "waiting");
  assert.equal(reactor.messages.length, 0, "not while there are connections");
  for (const conn of conns) conn.close();
  const said = [yield* reactor.messages.recv(), yield* reactor.messages.recv()];
  assert.deepEqual(said.map((one) => one!.value).sort(), ["end 0", "end 1"]);
  yield* ending.join();
  assert.equal(yield* reactor.messages.recv(), undefined, "closed");
});

bothWithWorkers("end also runs when the deadline cuts connections", function* () {
  const reactor = yield* open(1);
  const [conn] = yield* toEach(reactor);
  yield* reactor.shutdown({ deadline: 0 });
  assert.equal((yield* reactor.messages.recv())!.value, "end 0");
  conn.close();
});

bothWithWorkers(
  "end may wait for a message, and its errors are reported",
  function* () {
    const reactor = yield* open(1, { data: { endWaits: true } });
    const ending = go(() => reactor.shutdown());
    yield* until(() => ending.status === "waiting");
    yield* reactor.post(0, "go on");
    assert.equal((yield* reactor.messages.recv())!.value, "end 0");
    yield* ending.join();
    const failing = yield* open(1, { data: { failEnd: 0 } });
    yield* failing.shutdown();
  },
);

bothWithWorkers(
  "messages between the main thread and workers arrive in order, as copies",
  function* () {
    const reactor = yield* open(2);
    const conns = yield* toEach(reactor);
    const value = { text: "hello", list: [1, 2], map: new Map([["a", 1]]) };
    yield* reactor.post(1, value);
    yield* reactor.post(1, "second");
    assert.equal(yield* ask(conns[1], "receive"), `main ${JSON.stringify(value)}`);
    assert.equal(yield* ask(conns[1], "receive"), 'main "second"');
    assert.equal(yield* ask(conns[0], "send main up"), "sent");
    assert.deepEqual(yield* reactor.messages.recv(), { from: 0, value: { text: "up" } });
    assert.equal(yield* ask(conns[0], "send 1 across"), "sent");
    assert.equal(yield* ask(conns[1], "receive"), '0 {"text":"across"}');
    assert.equal(yield* ask(conns[1], "send 1 own"), "sent");
    assert.equal(yield* ask(conns[1], "receive"), '1 {"text":"own"}');
    const buffer = new ArrayBuffer(8);
    yield* reactor.post(0, buffer, { transfer: [buffer] });
    assert.equal(buffer.byteLength, 0, "moved");
    yield* reactor.shutdown({ deadline: 0 });
  },
);

bothWithWorkers("a message that cannot be sent is an error of its post", function* () {
  const reactor = yield* open(1, { restart: { delay: 60_000, longest: 60_000 } });
  const [conn] = yield* toEach(reactor);
  assert.match(yield* ask(conn, "send 7 x"), /^WorkerGoneError ERR_WORKER_ENDED .*worker 7 is not/);
  assert.match(yield* ask(conn, "send -1 x"), /^TypeError undefined .*to must be the number of a/);
  assert.match(yield* ask(conn, "send main function"), /^DataCloneError/);
  assert.match(
    String(yield* thrown(reactor.post(1, 0))),
    /to must be the number of a worker, below 1/,
  );
  assert.match(String(yield* thrown(reactor.post(0, () => {}))), /DataCloneError/);
  reactor.workers[0].terminate();
  yield* until(() => reactor.workers[0].state === "waiting");
  const gone = yield* thrown(reactor.post(0, "x"));
  assert.equal((gone as { code: string }).code, "ERR_WORKER_ENDED");
  yield* reactor.shutdown({ deadline: 0 });
});

bothWithWorkers(
  "post waits while the receiver's queue is full, and fails when the receiver ends",
  function* () {
    const reactor = yield* open(1, { restart: { delay: 60_000, longest: 60_000 } });
    const [conn] = yield* toEach(reactor);
    for (let i = 0; i < 256; i++) yield* reactor.post(0, i);
    const waiting = go(() => reactor.post(0, "one more"));
    const failing = go(() => thrown(reactor.post(0, "the last")));
    yield* until(() => waiting.status === "waiting" && failing.status === "waiting");
    // It answers, so it has seen both.
    assert.equal(yield* ask(conn, "began"), "0 1");
    assert.notEqual(waiting.status, "dead");
    assert.equal(yield* ask(conn, "receive"), "main 0");
    yield* waiting.join();
    reactor.workers[0].terminate();
    assert.equal(((yield* failing.join()) as { code: string }).code, "ERR_WORKER_ENDED");
    yield* reactor.shutdown({ deadline: 0 });
  },
);

/** Polls of a worker during 50 round trips, and the goroutines that they woke. */
function* polled(options: ReactorOptions): Routine<{ polls: number; wakeUps: number }> {
  const reactor = yield* open(1, options);
  const [conn] = yield* toEach(reactor);
  const before = (yield* reactor.stats()).total;
  for (let i = 0; i < 50; i++) yield* ask(conn, "began");
  const { polls, wakeUps } = (yield* reactor.stats()).total;
  conn[Symbol.dispose]();
  yield* reactor.shutdown();
  return { polls: polls - before.polls, wakeUps: wakeUps - before.wakeUps };
}

bothWithWorkers(
  "workers never spin where spinShare is 0: each poll waits for an event",
  function* () {
    const { polls, wakeUps } = yield* polled({ spinShare: 0 });
    assert.ok(polls <= wakeUps + 1, `${polls} polls for ${wakeUps} events`);
  },
);

bothWithWorkers("stats includes the counters of every worker, and their sums", function* () {
  const reactor = yield* open(2);
  const conns = yield* toEach(reactor);
  yield* ask(conns[0], "began");
  const { workers, total } = yield* reactor.stats();
  assert.equal(workers.length, 2);
  for (const one of workers) assert.ok(one!.bytesRead > 0 && one!.goroutines > 0);
  assert.ok(workers[0]!.bytesRead > workers[1]!.bytesRead);
  assert.equal(total.bytesRead, workers[0]!.bytesRead + workers[1]!.bytesRead);
  reactor.workers[1].terminate();
  yield* until(() => reactor.workers[1].state !== "serving");
  const after = yield* reactor.stats();
  assert.equal(after.workers[1], null);
  assert.equal(after.total.bytesRead, after.workers[0]!.bytesRead);
  yield* reactor.shutdown({ deadline: 0 });
});
