// SPDX-License-Identifier: MIT
// cspell:ignore wokers
/** Connections served by workers: who serves which, and how it all ends. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  ClosedError,
  type Conn,
  dial,
  go,
  type Goroutine,
  gosched,
  listen,
  readAll,
  type Routine,
  sleep,
} from "../../mod.ts";
import {
  limit,
  NoWorkersError,
  openReactor,
  type Reactor,
  type ReactorOptions,
  serve,
  type ShutdownReport,
  type WorkerReport,
} from "../../reactor.ts";
import { platform } from "../../platforms/platform.ts";
import { both, noProc, openLinks, openSockets, thrown, until } from "../support/harness.ts";
import { bothWithWorkers, endsWithRun, noSharing } from "../support/left.ts";

const HANDLER = new URL("./handlers/echo.ts", import.meta.url);
const isDeno = "Deno" in globalThis;
const encode = (text: string) => new TextEncoder().encode(text);

/** Sends `text` and returns the answer; null at the end of the stream. */
function* ask(conn: Conn, text: string): Routine<string | null> {
  yield* conn.write(encode(text));
  const buf = new Uint8Array(256);
  const n = yield* conn.read(buf);
  return n === null ? null : new TextDecoder().decode(buf.subarray(0, n));
}

/** How `conn` ends, which says `text` until it has ended. */
function* lastWords(conn: Conn, text: string): Routine<string> {
  try {
    for (let answer: string | null = text; answer === text;) answer = yield* ask(conn, text);
    return "null";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** A reactor that serves, its address, and what is left to do when the test is done. */
class Served {
  readonly reactor: Reactor;
  readonly address: string;
  readonly conns: Conn[] = [];
  #serving: Goroutine<void> | null = null;

  constructor(reactor: Reactor, address: string, serving: Goroutine<void> | null) {
    this.reactor = reactor;
    this.address = address;
    this.#serving = serving;
  }

  *connect(): Routine<Conn> {
    const conn = yield* dial("tcp", this.address);
    this.conns.push(conn);
    return conn;
  }

  /** The number of the worker that serves a new connection. */
  *worker(): Routine<number> {
    return Number((yield* ask(yield* this.connect(), "who"))!.split(" ")[0]);
  }

  *end(): Routine<void> {
    for (const conn of this.conns) conn[Symbol.dispose]();
    assert.deepEqual(yield* this.reactor.shutdown(), { cut: 0 });
    yield* this.joined();
  }

  *joined(): Routine<void> {
    if (this.#serving !== null) yield* this.#serving.join();
  }
}

function* whoOrReset(served: Served): Routine<number> {
  try {
    return yield* served.worker();
  } catch (error) {
    if ((error as { code: string }).code !== "ECONNRESET") throw error;
    return -1;
  }
}

/** A reactor to whose workers this thread hands connections. */
function* handing(options: ReactorOptions): Routine<Served> {
  const reactor = yield* openReactor(HANDLER, options);
  const listener = yield* listen("tcp", "127.0.0.1:0");
  return new Served(reactor, String(listener.addr), go(() => reactor.serve(listener)));
}

/** A reactor whose workers accept by themselves. */
function* sharing(options: ReactorOptions): Routine<Served> {
  const reactor = yield* openReactor(HANDLER, options);
  return new Served(reactor, String(yield* reactor.listen("tcp", "127.0.0.1:0")), null);
}

const WAYS = { handing, sharing };
/** Those that this system has. */
const ways = noSharing ? [handing] : [handing, sharing];
const reason = (way: string) => way === "sharing" && noSharing;

for (const driver of ["runSync", "run"] as const) {
  for (const [way, open] of Object.entries(WAYS)) {
    bothWithWorkers(`connections are served in workers: ${way}, ${driver}`, function* () {
      const data = { some: ["data"] };
      const served = yield* open({ workers: 2, driver, data });
      for (let i = 0; i < 20; i++) {
        const conn = yield* served.connect();
        const [worker, text, remote] = (yield* ask(conn, "who"))!.split(" ");
        assert.match(worker, /^[01]$/);
        assert.deepEqual(JSON.parse(text), data);
        assert.equal(remote, String(conn.localAddr));
        assert.equal(yield* ask(conn, "hello"), "hello");
      }
      yield* until(() => served.reactor.counters.open === 20);
      assert.equal(served.reactor.counters.accepted, 20);
      const half = served.conns.splice(0, 10);
      for (const conn of half) conn.close();
      yield* until(() => served.reactor.counters.open === 10);
      yield* served.end();
      assert.equal(served.reactor.counters.open, 0);
      assert.deepEqual(served.reactor.workers.map(({ state }) => state), ["ended", "ended"]);
    }, reason(way));
  }
}

bothWithWorkers('workers with the driver "run" await promises of the host', function* () {
  const served = yield* handing({ workers: 1, driver: "run" });
  assert.equal(yield* ask(yield* served.connect(), "promise"), "waited");
  yield* served.end();
});

bothWithWorkers(
  "connections are distributed by round robin, or to the least loaded worker",
  function* () {
    const turns = yield* handing({ workers: 3 });
    const order: number[] = [];
    for (let i = 0; i < 6; i++) order.push(yield* turns.worker());
    assert.deepEqual(order, [0, 1, 2, 0, 1, 2]);
    yield* turns.end();
    const fewest = yield* handing({ workers: 2, loadBalance: "leastConnections" });
    const [a] = [yield* fewest.worker(), yield* fewest.worker()];
    fewest.conns[1].close();
    yield* until(() => fewest.reactor.counters.open === 1);
    for (let i = 0; i < 3; i++) {
      assert.notEqual(yield* fewest.worker(), a);
      fewest.conns.pop()!.close();
      yield* until(() => fewest.reactor.counters.open === 1);
    }
    yield* fewest.end();
    const random = yield* handing({ workers: 2, loadBalance: "random" });
    const seen = new Set<number>();
    while (seen.size < 2) seen.add(yield* random.worker());
    yield* random.end();
  },
);

bothWithWorkers(
  "a paused worker accepts nothing new, and keeps its connections",
  function* () {
    for (const open of ways) {
      const served = yield* open({ workers: 2 });
      while ((yield* served.worker()) !== 0);
      const old = served.conns[served.conns.length - 1];
      served.reactor.workers[0].pause();
      assert.equal(served.reactor.workers[0].state, "paused");
      // A worker that listens by itself stops when it has heard of it; who came to it
      // just then is reset.
      for (let in1 = 0; in1 < 10;) in1 = (yield* whoOrReset(served)) === 1 ? in1 + 1 : 0;
      assert.equal(yield* ask(old, "still there?"), "still there?");
      served.reactor.workers[0].resume();
      while ((yield* served.worker()) !== 0);
      yield* served.end();
    }
  },
);

bothWithWorkers("with all workers paused, connections wait", function* () {
  const served = yield* handing({ workers: 2 });
  for (const worker of served.reactor.workers) worker.pause();
  const asking = go(() => served.worker());
  yield* sleep(20);
  assert.equal(asking.status, "waiting");
  served.reactor.workers[1].resume();
  assert.equal(yield* asking.join(), 1);
  yield* served.end();
});

/** Ends the worker of a new connection by sending `word` to it; returns the report. */
function* killed(
  served: Served,
  reports: WorkerReport[],
  how: (conn: Conn, worker: number) => Routine<void>,
): Routine<WorkerReport> {
  const bystanders: Conn[] = [];
  const victims: Conn[] = [];
  const conn = yield* served.connect();
  const worker = Number((yield* ask(conn, "who"))!.split(" ")[0]);
  while (bystanders.length < 3 || victims.length < 3) {
    const other = yield* served.connect();
    const its = Number((yield* ask(other, "who"))!.split(" ")[0]);
    (its === worker ? victims : bystanders).push(other);
  }
  yield* how(conn, worker);
  for (const victim of victims) {
    const words = yield* lastWords(victim, "are you there?");
    assert.match(words, /^(null|ECONNRESET|EPIPE)$/);
  }
  for (const other of bystanders) assert.equal(yield* ask(other, "hello"), "hello");
  yield* until(() => reports.length > 0);
  yield* until(() => served.reactor.workers[worker].state === "serving");
  // One that is stuck keeps listening until it ends, where it listened itself; who came to it is reset.
  while ((yield* whoOrReset(served)) !== worker);
  assert.equal(reports[0].worker, worker);
  return reports.shift()!;
}

const DEATHS: Record<string, (served: Served) => (conn: Conn, worker: number) => Routine<void>> = {
  "by an error": () =>
    function* (conn) {
      assert.match(yield* lastWords(conn, "throw"), /^(null|ECONNRESET)$/);
    },
  "by process.exit": () =>
    function* (conn) {
      assert.match(yield* lastWords(conn, "exit"), /^(null|ECONNRESET)$/);
    },
  "by terminate": ({ reactor }) =>
    function* (conn, worker) {
      assert.equal(yield* ask(conn, "hello"), "hello");
      reactor.workers[worker].terminate();
      assert.match(yield* lastWords(conn, "are you there?"), /^(null|ECONNRESET|EPIPE)$/);
    },
  "by terminate, while it is busy": ({ reactor }) =>
    function* (conn, worker) {
      assert.equal(yield* ask(conn, "spin"), "spinning");
      reactor.workers[worker].terminate();
      assert.match(yield* lastWords(conn, "are you there?"), /^(null|ECONNRESET|EPIPE)$/);
    },
};

for (const [way, open] of Object.entries(WAYS)) {
  for (const [death, how] of Object.entries(DEATHS)) {
    bothWithWorkers(
      `a worker that dies ${death} is replaced, the others continue: ${way}`,
      function* () {
        const reports: WorkerReport[] = [];
        const served = yield* open({
          workers: 2,
          restart: { delay: 1 },
          onWorkerEnd: (report) => reports.push(report),
        });
        const sockets = openSockets();
        const report = yield* killed(served, reports, how(served));
        assert.equal(report.connections >= 4, true, `${report.connections}`);
        assert.equal(report.restartIn, 1);
        // Deno cannot end a thread that is busy; it ends by itself, and closes what it has.
        assert.equal(report.stuck, isDeno && death.endsWith("busy"));
        if (death === "by an error") {
          assert.ok(report.error instanceof RangeError);
          assert.ok((report.error as Error).cause instanceof TypeError);
        } else assert.equal(report.error, null);
        for (const conn of served.conns.splice(0)) conn[Symbol.dispose]();
        // Each of the dead worker's was closed, and none of another's.
        yield* until(() => openSockets() <= sockets);
        assert.equal(openSockets(), sockets);
        yield* served.end();
      },
      reason(way),
    );
  }
}

bothWithWorkers("without workers, serve ends with an error", function* () {
  const reactor = yield* openReactor(HANDLER, { workers: 2, restart: false });
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const serving = go(() => thrown(reactor.serve(listener)));
  const served = new Served(reactor, String(listener.addr), null);
  assert.equal(yield* served.worker(), 0);
  reactor.workers[1].terminate();
  yield* until(() => reactor.workers[1].state === "ended");
  assert.equal(yield* served.worker(), 0);
  assert.match(yield* lastWords(served.conns[0], "throw"), /^(null|ECONNRESET)$/);
  const error = yield* serving.join();
  assert.ok(error instanceof NoWorkersError);
  assert.ok(error.cause instanceof RangeError);
  assert.equal((yield* thrown(served.connect()) as Routine<{ code: string }>).code, "ECONNREFUSED");
  const late = yield* listen("tcp", "127.0.0.1:0");
  assert.equal(yield* thrown(reactor.serve(late)), error);
  assert.equal(late.fd, -1);
  yield* served.end();
});

/** The server that answers at `address`; a dying one may still listen, and resets connections. */
function* whoAnswers(address: string): Routine<string> {
  for (;;) {
    try {
      using conn = yield* dial("tcp", address);
      const answer = yield* ask(conn, "who");
      if (answer !== null) return answer;
    } catch (error) {
      assert.match((error as { code: string }).code, /^ECONN(RESET|REFUSED)$/);
      yield* sleep(1);
    }
  }
}

bothWithWorkers("a worker that dies before it listens blocks no caller", function* () {
  for (const restart of [false, { delay: 1 }] as const) {
    const reactor = yield* openReactor(HANDLER, { workers: 2, restart });
    const listening = go(() => reactor.listen("tcp", "127.0.0.1:0"));
    yield* gosched();
    reactor.workers[0].terminate();
    assert.match(yield* whoAnswers(String(yield* listening.join())), /^[01] /);
    yield* reactor.shutdown();
  }
}, noSharing);

/** Sockets of this process that listen on IPv4. proc(5): /proc/net/tcp. */
function listeners(): number {
  const links = new Set(openLinks());
  const LISTEN = "0A";
  return readFileSync("/proc/net/tcp", "utf8").split("\n").map((row) => row.trim().split(/ +/))
    .filter((columns) => columns[3] === LISTEN && links.has(`socket:[${columns[9]}]`)).length;
}

bothWithWorkers("without workers, listen is an error", function* () {
  const reactor = yield* openReactor(HANDLER, { workers: 1, restart: false });
  const before = listeners();
  const listening = go(() => thrown(reactor.listen("tcp", "127.0.0.1:0")));
  yield* gosched();
  // The worker listens, and this thread has not heard of it yet.
  for (const end = performance.now() + 10_000; listeners() === before;) {
    assert.ok(performance.now() < end, "the worker does not listen");
  }
  reactor.workers[0].terminate();
  const error = yield* listening.join();
  assert.ok(error instanceof NoWorkersError);
  assert.equal(yield* thrown(reactor.listen("tcp", "127.0.0.1:0")), error);
  yield* reactor.shutdown();
  const closed = yield* openReactor(HANDLER, { workers: 1 });
  yield* closed.shutdown();
  assert.ok((yield* thrown(closed.listen("tcp", "127.0.0.1:0"))) instanceof ClosedError);
}, noSharing || noProc);

/** A connection; there may be no listener until a worker that was restarted has come to it. */
function* connectAgain(served: Served): Routine<Conn> {
  for (;;) {
    try {
      return yield* served.connect();
    } catch (error) {
      if ((error as { code: string }).code !== "ECONNREFUSED") throw error;
      yield* sleep(1);
    }
  }
}

bothWithWorkers("the counters of a dead worker are kept", function* () {
  const served = yield* sharing({ workers: 1, restart: { delay: 1 } });
  const [worker] = served.reactor.workers;
  for (let i = 0; i < 3; i++) assert.equal(yield* served.worker(), 0);
  assert.match(yield* lastWords(served.conns[0], "throw"), /^(null|ECONNRESET)$/);
  yield* until(() => worker.state !== "serving");
  yield* until(() => worker.state === "serving");
  assert.match((yield* ask(yield* connectAgain(served), "who"))!, /^0 /);
  assert.equal(served.reactor.counters.accepted, 4);
  assert.equal(served.reactor.counters.open, 1);
  yield* served.end();
}, noSharing);

for (const onPanic of [undefined, () => assert.fail("no error of a peer is reported")]) {
  const how = onPanic === undefined ? "without" : "with";
  bothWithWorkers(
    `${how} onPanic errors of a handler's leftover goroutines end no worker`,
    function* () {
      const reports: WorkerReport[] = [];
      const served = yield* handing({
        workers: 1,
        ...onPanic !== undefined && { onPanic },
        onWorkerEnd: (report) => reports.push(report),
      });
      const other = yield* served.connect();
      assert.equal(yield* ask(other, "hello"), "hello");
      // Its writer goes on when the handler has returned, and the connection is closed under it.
      const left = yield* served.connect();
      yield* left.write(encode("leave a writer"));
      assert.equal(yield* left.read(new Uint8Array(64)), null);
      // A peer that ends within a message is no fault of the others either.
      const short = yield* served.connect();
      assert.equal(yield* ask(short, "a whole message"), "ready");
      yield* short.write(encode("half of it"));
      short.closeWrite();
      assert.equal(yield* short.read(new Uint8Array(64)), null);
      yield* until(() => served.reactor.counters.open === 1);
      yield* sleep(20);
      assert.equal(yield* ask(other, "hello"), "hello");
      assert.deepEqual(reports, []);
      yield* served.end();
    },
  );
}

bothWithWorkers("with onPanic an error ends only its connection", function* () {
  const panics: { error: unknown; worker: number; remote: string }[] = [];
  const reports: WorkerReport[] = [];
  const served = yield* handing({
    workers: 1,
    onPanic: (error, place) => panics.push({ error, ...place }),
    onWorkerEnd: (report) => reports.push(report),
  });
  const other = yield* served.connect();
  const conn = yield* served.connect();
  assert.match(yield* lastWords(conn, "throw"), /^(null|ECONNRESET)$/);
  yield* until(() => panics.length === 1);
  assert.equal((panics[0].error as Error).message, "thrown by the handler");
  assert.equal(panics[0].worker, 0);
  assert.equal(panics[0].remote, String(conn.localAddr));
  assert.equal(yield* ask(other, "hello"), "hello");
  // A peer that vanishes is not an error.
  const vanishing = yield* served.connect();
  assert.equal(yield* ask(vanishing, "hello"), "hello");
  vanishing.abort();
  yield* until(() => served.reactor.counters.open === 1);
  assert.equal(panics.length, 1);
  assert.equal(reports.length, 0);
  yield* served.end();
});

bothWithWorkers("shutdown waits for connections to finish, until its deadline", function* () {
  const polite = yield* handing({ workers: 2 });
  const a = yield* polite.connect();
  const answer = go(() => ask(a, "end in order"));
  yield* until(() => polite.reactor.counters.open === 1);
  assert.deepEqual(yield* polite.reactor.shutdown(), { cut: 0 });
  assert.equal(yield* answer.join(), "bye");
  a.close();
  yield* polite.joined();
  const stubborn = yield* handing({ workers: 2 });
  const b = yield* stubborn.connect();
  assert.equal(yield* ask(b, "hello"), "hello");
  assert.deepEqual(yield* stubborn.reactor.shutdown({ deadline: 20 }), { cut: 1 });
  assert.match(yield* lastWords(b, "are you there?"), /^(null|ECONNRESET|EPIPE)$/);
  b.close();
  yield* stubborn.joined();
});

bothWithWorkers("a worker that starts during a shutdown is shut down too", function* () {
  const reactor = yield* openReactor(HANDLER, { workers: 1, restart: { delay: 1 } });
  const [worker] = reactor.workers;
  worker.terminate();
  yield* until(() => worker.state === "waiting");
  yield* until(() => worker.state === "starting");
  // Meanwhile the worker reports that it is up; this thread reads that only after the shutdown.
  for (const end = performance.now() + 1000; performance.now() < end;);
  assert.deepEqual(yield* reactor.shutdown({ deadline: 120_000 }), { cut: 0 });
});

bothWithWorkers("no thread stays in a system call", function* () {
  const { threads } = platform();
  for (const open of ways) {
    for (const driver of ["runSync", "run"] as const) {
      const served = yield* open({ workers: 2, driver });
      const seen = new Set<number>();
      while (seen.size < 2) seen.add(Number(yield* ask(yield* served.connect(), "thread")));
      for (const thread of seen) assert.equal(threads!.alive(thread), true);
      // Nothing is going on: both wait in the poller, or in the host's loop.
      yield* served.end();
      for (const thread of seen) assert.equal(threads!.alive(thread), false);
    }
  }
});

bothWithWorkers("a busy worker does not prevent the reactor from ending", function* () {
  const served = yield* handing({ workers: 1 });
  const sockets = openSockets();
  const conn = yield* served.connect();
  assert.equal(yield* ask(conn, "spin"), "spinning");
  assert.deepEqual(yield* served.reactor.shutdown({ deadline: 10 }), { cut: 1 });
  conn[Symbol.dispose]();
  yield* served.joined();
  yield* until(() => openSockets() < sockets);
});

bothWithWorkers("limits apply across all workers", function* () {
  const reply = "full";
  const shed: string[] = [];
  const served = yield* handing({
    workers: 2,
    limits: {
      connections: { most: 3, policy: "refuse" },
      reply,
      onShed: ({ limit, action }) => shed.push(`${limit} ${action}`),
    },
  });
  for (let i = 0; i < 3; i++) yield* served.worker();
  assert.equal(yield* ask(yield* served.connect(), "hello"), reply);
  assert.deepEqual(shed, ["connections refused"]);
  served.conns[0].close();
  yield* until(() => served.reactor.counters.open === 2);
  yield* served.worker();
  assert.equal(served.reactor.counters.refused.connections, 1);
  yield* served.end();
});

bothWithWorkers("workers with their own listeners each apply their share of a limit", function* () {
  const served = yield* sharing({
    workers: 2,
    limits: { connections: { most: 5, policy: "refuse" }, reply: "full" },
  });
  const by = [0, 0];
  let refused = 0;
  for (let i = 0; i < 40; i++) {
    const answer = yield* ask(yield* served.connect(), "who");
    if (answer === "full") refused++;
    else by[Number(answer!.split(" ")[0])]++;
  }
  // The kernel shares out by a hash: forty are enough for both to be full.
  assert.deepEqual(by, [2, 2]);
  assert.equal(refused, 36);
  yield* until(() => served.reactor.counters.refused.connections === 36);
  assert.equal(served.reactor.counters.accepted, 4);
  yield* served.end();
}, noSharing);

bothWithWorkers("workers close idle connections, and those that send too little", function* () {
  const shed: string[] = [];
  const onShed = ({ limit, action }: { limit: string; action: string }) =>
    void shed.push(`${limit} ${action}`);
  const served = yield* handing({
    workers: 1,
    limits: {
      connections: { most: 2, policy: "closeOldestIdle" },
      firstBytes: { within: 1000 },
      onShed,
    },
  });
  yield* served.worker();
  yield* served.worker();
  yield* served.worker();
  const [oldest] = served.conns;
  assert.match(yield* lastWords(oldest, "are you there?"), /^(null|ECONNRESET|EPIPE)$/);
  yield* served.connect(); // And says nothing.
  yield* until(() => shed.includes("firstBytes closed"));
  assert.ok(shed.includes("connections closed"), `${shed}`);
  yield* until(() => served.reactor.counters.closed.firstBytes === 1);
  yield* served.end();
});

bothWithWorkers("the goroutines of workers have a limit", function* () {
  const served = yield* handing({ workers: 2, limits: { goroutines: 4 } });
  let answered = 0;
  let released = false;
  const asking = Array.from({ length: 12 }, () =>
    go(function* () {
      const conn = yield* served.connect();
      yield* ask(conn, "who");
      answered++;
      yield* until(() => released);
      conn.close();
    }));
  yield* until(() => answered > 0 && served.reactor.counters.stopped.goroutines > 0);
  assert.ok(answered < 12, `${answered}`);
  // As those that are served go, others come in.
  released = true;
  for (const one of asking) yield* one.join();
  yield* served.end();
});

bothWithWorkers("short-lived goroutines at the limit refuse no connection", function* () {
  const served = yield* handing({ workers: 2, limits: { goroutines: 3 } });
  const asking = Array.from({ length: 30 }, () =>
    go(function* () {
      for (let i = 0; i < 20; i++) {
        using conn = yield* dial("tcp", served.address);
        assert.match((yield* ask(conn, "who"))!, /^[01] /);
        // The first stay until the limit is reached; waiting connections are admitted as they end.
        yield* until(() => served.reactor.counters.stopped.goroutines > 0);
      }
    }));
  for (const one of asking) yield* one.join();
  assert.equal(served.reactor.counters.accepted, 600);
  yield* served.end();
});

const EVENTS = new URL("./handlers/events.ts", import.meta.url);

bothWithWorkers("a shutdown waits for detached connections of event handlers", function* () {
  const reactor = yield* openReactor(EVENTS, { workers: 1 });
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const serving = go(() => reactor.serve(listener));
  const conn = yield* dial("tcp", String(listener.addr));
  yield* conn.write(encode("detach"));
  const reading = go(() => readAll(conn));
  yield* until(() => reactor.counters.open === 1);
  // Its goroutine answers later, when the event server has no connection any more.
  const shutdown = go(() => reactor.shutdown({ deadline: 20_000 }));
  assert.equal(new TextDecoder().decode(yield* reading.join()), "from a goroutine");
  conn.close();
  assert.deepEqual(yield* shutdown.join(), { cut: 0 });
  yield* serving.join();
});

bothWithWorkers(
  "a shutdown counts detached connections of event handlers, and cuts them",
  function* () {
    const reactor = yield* openReactor(EVENTS, { workers: 1, name: "keeps" });
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const serving = go(() => reactor.serve(listener));
    using _conn = yield* dial("tcp", String(listener.addr));
    yield* until(() => reactor.counters.open === 1);
    assert.deepEqual(yield* reactor.shutdown({ deadline: 50 }), { cut: 1 });
    assert.equal(reactor.counters.open, 0);
    yield* serving.join();
  },
);

/** Writes a byte again and again until the connection has ended. */
function* trickle(conn: Conn): Routine<void> {
  try {
    for (;; yield* sleep(2)) yield* conn.write(encode("x"));
  } catch {
    // It has ended.
  }
}

for (const limits of [{ connections: 1 }, { perAddress: 1 }] as const) {
  const [name] = Object.keys(limits);
  const brief: [URL, ReactorOptions] = [HANDLER, { workers: 1, name: "brief", limits }];
  bothWithWorkers(`lingering connections of a worker are evicted first at ${name}`, function* () {
    const reactor = yield* openReactor(...brief);
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const serving = go(() => reactor.serve(listener));
    const served: Conn[] = [];
    const talking: Goroutine<void>[] = [];
    const start = performance.now();
    for (let i = 0; i < 4;) {
      const conn = yield* dial("tcp", String(listener.addr));
      served.push(conn);
      talking.push(go(trickle, conn));
      try {
        if ((yield* conn.read(new Uint8Array(1))) === 1) i++;
      } catch {
        // Refused, before the worker has said that the last one lingers.
      }
    }
    const took = performance.now() - start;
    assert.ok(took < 4_500, `they waited ${took} ms for those that linger`);
    for (const conn of served) conn.abort();
    for (const each of talking) yield* each.join();
    assert.deepEqual(yield* reactor.shutdown(), { cut: 0 });
    yield* serving.join();
  });
}

/** Serves with `grace` until a connection of it has answered, then closes the listener. */
function* servedOnce(grace: number | undefined): Routine<[Conn, Goroutine<ShutdownReport>]> {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const options = grace === undefined ? { workers: 1 } : { workers: 1, grace };
  const serving = go(() => serve(listener, HANDLER, options));
  const conn = yield* dial("tcp", String(listener.addr));
  yield* ask(conn, "who");
  listener.close();
  return [conn, serving];
}

bothWithWorkers("serve() lets active connections finish", function* () {
  const [conn, serving] = yield* servedOnce(undefined);
  yield* sleep(50);
  assert.equal(yield* ask(conn, "still here"), "still here");
  assert.notEqual(serving.status, "dead");
  conn.close();
  yield* serving.join();
});

bothWithWorkers("serve() cuts connections after its grace period", function* () {
  const [conn, serving] = yield* servedOnce(50);
  const start = performance.now();
  yield* serving.join();
  assert.ok(performance.now() - start < 8_000);
  assert.match(yield* lastWords(conn, "x"), /null|ECONNRESET|EPIPE/);
  conn.close();
});

bothWithWorkers("serve() requires a grace period in milliseconds", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  for (const grace of [-1, NaN, "1" as unknown as number]) {
    const error = yield* thrown(serve(listener, HANDLER, { grace }));
    assert.ok(error instanceof TypeError && /grace/.test(error.message), String(error));
  }
});

for (const way of ["handing", "sharing"] as const) {
  bothWithWorkers(`event handlers serve in workers: ${way}`, function* () {
    const reports: WorkerReport[] = [];
    const limits = { connections: { most: 10, policy: "refuse" as const }, reply: "full" };
    const reactor = yield* openReactor(EVENTS, {
      workers: 2,
      limits: way === "handing" ? limits : {},
      restart: { delay: 1 },
      onWorkerEnd: (report) => reports.push(report),
    });
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const serving = way === "handing" ? go(() => reactor.serve(listener)) : null;
    const address = way === "handing"
      ? String(listener.addr)
      : String(yield* reactor.listen("tcp", "127.0.0.1:0"));
    const served = new Served(reactor, address, serving);
    for (let i = 0; i < 10; i++) {
      const conn = yield* served.connect();
      assert.equal(yield* ask(conn, "who"), `events ${conn.localAddr}`);
      assert.equal(yield* ask(conn, "hello"), "hello");
    }
    assert.equal(reactor.counters.open, 10);
    if (way === "handing") assert.equal(yield* ask(yield* served.connect(), "hello"), "full");
    assert.equal(yield* ask(served.conns[0], "close"), null);
    yield* until(() => reactor.counters.open === 9);
    const again = yield* served.connect();
    assert.equal(yield* ask(again, "hello"), "hello");
    assert.match(yield* lastWords(again, "throw"), /^(null|ECONNRESET)$/);
    yield* until(() => reports.length === 1);
    assert.match(String(reports[0].error), /thrown by the table/);
    for (const conn of served.conns.splice(0)) conn.close();
    yield* until(() => reactor.counters.open === 0);
    yield* served.end();
    listener[Symbol.dispose]();
  }, reason(way));
}

bothWithWorkers(
  "event handlers may end connections and the reactor, and misuse is an error",
  function* () {
    const panics: string[] = [];
    const onPanic = (error: unknown, { remote }: { remote: string }) =>
      void panics.push(`${error} ${remote}`);
    const reactor = yield* openReactor(EVENTS, { workers: 2, onPanic });
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const serving = go(() => reactor.serve(listener));
    const conn = yield* dial("tcp", String(listener.addr));
    assert.match(yield* lastWords(conn, "throw"), /^(null|ECONNRESET)$/);
    yield* until(() => panics.length === 1);
    assert.equal(panics[0], `RangeError: thrown by the table ${conn.localAddr}`);
    conn.close();
    const last = yield* dial("tcp", String(listener.addr));
    assert.match(yield* lastWords(last, "shutdown"), /^(null|ECONNRESET)$/);
    yield* serving.join();
    yield* reactor.wait();
    last.close();

    const rude = yield* openReactor(EVENTS, { workers: 1, name: "rude" });
    const closing = yield* listen("tcp", "127.0.0.1:0");
    const rudely = go(() => rude.serve(closing));
    const refused = yield* dial("tcp", String(closing.addr));
    assert.equal(yield* refused.read(new Uint8Array(1)), null);
    yield* until(() => rude.counters.accepted === 1 && rude.counters.open === 0);
    refused.close();
    yield* rude.shutdown();
    yield* rudely.join();

    const broken = yield* thrown(openReactor(EVENTS, { workers: 1, name: "broken", onPanic }));
    assert.match(String(broken), /thrown by serving/);
    const limits = { firstBytes: { within: 5 } };
    const wrong = yield* thrown(openReactor(EVENTS, { workers: 1, limits }));
    assert.match(String(wrong), /firstBytes requires a goroutine per connection/);
  },
);

bothWithWorkers("one line serves on all cores", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const serving = go(() => serve(listener, HANDLER, { workers: 2 }));
  const conn = yield* dial("tcp", String(listener.addr));
  assert.match((yield* ask(conn, "who"))!, /^0 /);
  conn.close();
  listener.close();
  yield* serving.join();
});

endsWithRun("a reactor ends with the run that opened it", function* () {
  const served = yield* handing({ workers: 2 });
  assert.equal(yield* served.worker(), 0);
  if (!noSharing) yield* sharing({ workers: 1 });
  for (const conn of served.conns) conn.close();
});

bothWithWorkers("a listener that cannot be served is an error at once", function* () {
  const missing = new URL("./handlers/missing.ts", import.meta.url);
  assert.match(String(yield* thrown(openReactor(missing, { workers: 2 }))), /missing/);
  const noFunction = yield* thrown(openReactor(HANDLER, { workers: 1, name: "notAFunction" }));
  assert.match(
    String(noFunction),
    /must export notAFunction as a function\* or a table of callbacks: current value is number/,
  );
  const reactor = yield* openReactor(HANDLER, { workers: 1 });
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const limited = limit(listener, { connections: 1 });
  assert.ok((yield* thrown(reactor.serve(limited))) instanceof TypeError);
  assert.equal(
    (yield* thrown(reactor.listen("tcp", String(listener.addr))) as Routine<{ code: string }>).code,
    noSharing ? "ENOPROTOOPT" : "EADDRINUSE",
  );
  yield* reactor.shutdown();
});

const WRONG: [ReactorOptions, RegExp][] = [
  [{ workers: 0 }, /workers/],
  [{ name: 5 as unknown as string }, /name/],
  [{ loadBalance: "fair" as "random" }, /loadBalance/],
  [{ driver: "walk" as "run" }, /driver/],
  [{ spinShare: -0.1 }, /spinShare/],
  [{ spinShare: 1.1 }, /spinShare/],
  [{ spinShare: NaN }, /spinShare/],
  [{ spinShare: "1" as unknown as number }, /spinShare/],
  [{ limits: { connections: -1 } }, /connections/],
  [{ restart: true as unknown as false }, /restart/],
  [{ onPanic: 1 as unknown as () => void }, /onPanic/],
  [{ wokers: 1 } as unknown as ReactorOptions, /wokers/],
];

both("an invalid option is named in the error", function* () {
  for (const [options, name] of WRONG) {
    const error = yield* thrown(openReactor(HANDLER, options));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, name);
  }
  assert.match(String(yield* thrown(openReactor("handler.ts"))), /must be a URL/);
});
