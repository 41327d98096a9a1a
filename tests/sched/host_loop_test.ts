// SPDX-License-Identifier: MIT
/** Beside the host's event loop: what goes on there, and what wakes a goroutine from there. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import process from "node:process";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { setImmediate } from "node:timers";
import {
  background,
  CanceledError,
  cancellable,
  type Conn,
  DeadlockError,
  dial,
  go,
  type Goroutine,
  gosched,
  listen,
  PanicError,
  type Routine,
  run,
  runSync,
  sleep,
  toDuplex,
  wait,
  Waker,
  type WakerHandle,
  withCancel,
} from "../../mod.ts";
import { netpoll } from "../../src/netpoll/netpoll.ts";
import { scheduler } from "../../src/sched/thread.ts";
import {
  assertNothingLeft,
  both,
  noProc,
  only,
  onWindows,
  onWine,
  openSockets,
  pair,
  runBy,
  thrown,
  until,
} from "../support/harness.ts";
import { startProgram } from "../support/child.ts";

/** An HTTP server of the host, on a port of its own. */
async function hostServer(): Promise<{ server: Server; port: number }> {
  const server = createServer((_, response) => response.end("from the host"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

only("run", "wait() returns the value of a promise", function* () {
  assert.equal(yield* wait(Promise.resolve(1)), 1);
  assert.equal(yield* wait(new Promise((resolve) => setTimeout(resolve, 5, "later"))), "later");
  assert.equal(yield* wait("no promise"), "no promise");
});

only("run", "wait() throws the rejection of a promise", function* () {
  const failure = new Error("rejected");
  assert.equal(yield* thrown(wait(Promise.reject(failure))), failure);
  assert.equal(yield* thrown(wait(Promise.reject(undefined))), undefined);
});

only(
  "run",
  "a promise whose wait was cancelled before it began causes no unhandled rejection",
  function* () {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const [ctx, cancel] = withCancel(background());
      cancel();
      const { promise, reject } = Promise.withResolvers<void>();
      const error = yield* thrown(cancellable(wait(promise), ctx));
      assert.ok(error instanceof CanceledError);
      reject(new Error("later"));
      yield* wait(new Promise((resolve) => setTimeout(resolve, 20)));
      assert.deepEqual(unhandled, []);
    } finally {
      process.off("unhandledRejection", note);
    }
  },
);

only("runSync", "wait() is a panic under runSync, where no promise can resolve", function* () {
  assert.ok((yield* thrown(wait(Promise.resolve(1)))) instanceof PanicError);
  assert.equal(yield* wait(2), 2);
});

test("fetch from the host's own server works beside goroutines", async () => {
  const { server, port } = await hostServer();
  const text = await run(function* () {
    let spun = 0;
    const spinner = go(function* () {
      for (;;) {
        spun++;
        yield* gosched();
      }
    });
    const response = yield* wait(fetch(`http://127.0.0.1:${port}/`));
    const text = yield* wait(response.text());
    assert.ok(spun > 0);
    assert.notEqual(spinner.status, "dead");
    return text;
  });
  assert.equal(text, "from the host");
  server.close();
  server.closeAllConnections?.();
  await once(server, "close");
});

test("a goroutine dials a server of the host in the same thread", async () => {
  const { server, port } = await hostServer();
  const answer = await run(function* () {
    using conn = yield* dial("tcp", `127.0.0.1:${port}`);
    const request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    yield* conn.write(new TextEncoder().encode(request));
    const buf = new Uint8Array(4096);
    let text = "";
    for (let n; (n = yield* conn.read(buf)) !== null;) {
      text += new TextDecoder().decode(buf.subarray(0, n));
    }
    return text;
  });
  assert.match(answer, /from the host$/);
  server.close();
  await once(server, "close");
});

test("the host's timers fire while goroutines are busy", async () => {
  let ticks = 0;
  const interval = setInterval(() => ticks++, 1);
  await run(function* () {
    const [a, b] = yield* pair();
    using _a = a, _b = b;
    go(echo, b);
    const buf = new Uint8Array(64);
    while (ticks < 20) {
      yield* a.write(buf);
      yield* a.readFull(buf);
    }
  });
  clearInterval(interval);
  assert.ok(ticks >= 20);
});

function* echo(conn: Conn): Routine<void> {
  const buf = new Uint8Array(64);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

test("an idle goroutine is woken by a close from a host callback", async () => {
  const error = await run(function* () {
    const [a, b] = yield* pair();
    using _b = b;
    setTimeout(() => a.close(), 20);
    return yield* thrown(a.read(new Uint8Array(1)));
  });
  assert.match(String(error), /use of closed network connection/);
});

test("go() outside a run starts the scheduler", async () => {
  const before = openSockets();
  const { promise, resolve } = Promise.withResolvers<number>();
  go(function* () {
    yield* sleep(2);
    resolve(7);
  });
  assert.equal(await promise, 7);
  await new Promise((resolve) => setTimeout(resolve));
  assertNothingLeft(before);
});

for (const driver of ["run", "runSync"] as const) {
  test(`a deadlock is reported, with the waiting goroutines (${driver})`, async () => {
    const main = function* (): Routine<void> {
      const first: Goroutine<void> = go(function* first() {
        yield* second.join();
      });
      const second: Goroutine<void> = go(function* second() {
        yield* first.join();
      });
      yield* first.join();
    };
    // Not by runBy: its watchdog's timer could wake someone.
    const start = async () => driver === "run" ? await run(main) : runSync(main);
    await assert.rejects(start(), (error) => {
      assert.ok(error instanceof DeadlockError);
      assert.match(error.message, /^all goroutines are asleep - deadlock!\n/);
      assert.match(error.dump, /\[join, \d+ ms\]: first \(goroutine \d+: second\)\n/);
      assert.match(error.dump, /\[join, \d+ ms\]: second \(goroutine \d+: first\)$/);
      return true;
    });
  });
}

test("pending host callbacks prevent a deadlock, if the run allows them", async () => {
  const main = function* (): Routine<string> {
    const g = scheduler.current!;
    let called = false;
    setTimeout(() => {
      called = true;
      scheduler.ready(g);
    }, 1200);
    while (!called) yield scheduler.park("test");
    return "called";
  };
  assert.equal(await run(main, { detectDeadlock: false }), "called");
  await assert.rejects(run(main), DeadlockError);
});

test("a promise that can no longer settle is a deadlock, reported before the process exits", async () => {
  await using program = startProgram("tests/fixtures/never_fixture.ts");
  assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
  assert.match(program.stdout.text, /^true all goroutines are asleep - deadlock!\n.*\[promise, /);
});

test("a short run while the watch stops does not prevent another run from ending", async () => {
  for (let i = 0; i < 20; i++) {
    let second: Promise<void> | null = null;
    await run(function* () {
      using listener = yield* listen("tcp", "127.0.0.1:0");
      go(() => listener.accept());
      // By then the host's loop waits, and the poller is watched beside it.
      yield* wait(new Promise((resolve) => setTimeout(resolve, 5)));
      queueMicrotask(() => second = run(function* () {}));
    });
    await second;
  }
});

/** Starts the thread of wake_worker.ts; returns a function that has it wake a handle. */
async function waker(): Promise<{ wake: (handle: WakerHandle) => void; end: () => void }> {
  const worker = new Worker(new URL("../fixtures/wake_worker.ts", import.meta.url).href, {
    type: "module",
  });
  await new Promise<void>((resolve) => worker.onmessage = () => resolve());
  return { wake: (handle) => worker.postMessage(handle), end: () => worker.terminate() };
}

for (const driver of ["run", "runSync"] as const) {
  test(`another thread wakes this one (${driver})`, async () => {
    const thread = await waker();
    await runBy(driver, function* () {
      using waker = new Waker();
      for (let i = 0; i < 3; i++) {
        thread.wake(waker.handle);
        yield* waker.wait();
      }
    });
    thread.end();
  });
}

both("closing a Waker ends its wait, and a second waiter is a panic", function* () {
  const waker = new Waker();
  const waiting = go(() => thrown(waker.wait()));
  yield* gosched();
  assert.ok((yield* thrown(waker.wait())) instanceof PanicError);
  waker.close();
  assert.match(String(yield* waiting.join()), /use of closed/);
  waker.close();
});

/** Runs a program of the library in a process of its own. Returns its exit code and output. */
async function program(source: string): Promise<{ code: number | null; output: string }> {
  const url = new URL("../../mod.ts", import.meta.url).href;
  const code = `import { dial, go, listen, run, runSync, sleep } from ${
    JSON.stringify(url)
  };\n${source}`;
  const args = "Deno" in globalThis ? ["eval", code] : ["-e", code];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout!.on("data", (chunk) => output += chunk);
  const [exit] = await once(child, "close");
  return { code: exit as number | null, output };
}

test("a run that waits for timers alone keeps the process alive until it ends", async () => {
  for (let i = 0; i < 5; i++) {
    await run(function* () {
      const listener = yield* listen("tcp", "127.0.0.1:0");
      const accepting = go(() => thrown(listener.accept()));
      // So long that another thread waits for the poller.
      yield* sleep(30);
      listener.close();
      yield* accepting.join();
      yield* sleep(30);
    });
  }
});

test("the process exits by itself when run is done", async () => {
  const { code, output } = await program(`
    await run(function* () { yield* listen("tcp", "127.0.0.1:0"); yield* sleep(50); });
    console.log("done");
  `);
  assert.deepEqual({ code, output }, { code: 0, output: "done\n" });
});

for (const driver of ["await run", "runSync"]) {
  test(`a program whose only deadlines are an hour ahead exits with its main goroutine (${driver})`, async () => {
    const { code, output } = await program(`
      ${driver}(function* () {
        const hour = () => Date.now() + 3_600_000;
        using listener = yield* listen("tcp", "127.0.0.1:0");
        using conn = yield* dial("tcp", String(listener.addr));
        using accepted = yield* listener.accept();
        for (const one of [listener, conn, accepted]) one.setDeadline(hour());
        go(() => listener.accept());
        go(() => conn.read(new Uint8Array(1)));
        go(() => sleep(3_600_000));
        yield* sleep(1);
      });
      console.log("over");
    `);
    assert.deepEqual({ code, output }, { code: 0, output: "over\n" });
  });
}

test("an uncaught error of a goroutine outside any run is the host's", async () => {
  const { code, output } = await program(`
    process.on("uncaughtException", (error) => { console.log(error.message); process.exit(3); });
    go(function* () { yield* sleep(1); throw new Error("nobody caught me"); });
  `.replace("process.on", '(await import("node:process")).default.on'));
  assert.deepEqual({ code, output }, { code: 3, output: "nobody caught me\n" });
});

test("runSync drives goroutines started on the host's loop", async () => {
  let turns = 0;
  const beside = run(function* () {
    for (let i = 0; i < 3; i++) {
      yield* sleep(1);
      turns++;
    }
  });
  const end = performance.now() + 10_000;
  runSync(() => until(() => turns === 3 || performance.now() > end));
  assert.equal(turns, 3);
  await beside;
});

/** Waits in the host's loop until `condition` holds. */
async function untilHost(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("the end of the last run keeps the process alive until its watch has ended", {
  skip: onWindows && "the completion of the canceled accept ends the watch before the run",
}, async () => {
  const held: boolean[] = [];
  await run(function* () {
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const accepting = go(() => thrown(listener.accept()));
    while (!netpoll.watched) yield* sleep(5);
    const wait = netpoll.hostWait();
    const hold = wait.hold.bind(wait);
    wait.hold = (on) => {
      held.push(on);
      hold(on);
    };
    listener.close();
    yield* accepting.join();
    // No goroutine waits for the poller, and the watch goes on.
    while (held.at(-1) !== false) yield* sleep(5);
    assert.ok(netpoll.watched);
  });
  assert.equal(held.at(-1), true);
});

/** How often what other threads may do at any time is tried. */
const ROUNDS = 5;

/** A run that is asleep until a client connects to the address it prints. */
async function startAsleep(): Promise<{ address: string; over: Promise<void> }> {
  let address = "";
  const over = run(function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    address = String(listener.addr);
    (yield* listener.accept()).close();
  });
  // A watch of a run before this one may stand still.
  await untilHost(() => address !== "" && netpoll.watched);
  return { address, over };
}

/** Ends that run, whose listener is in the way of nothing any more when this returns. */
function* wakeAsleep(address: string): Routine<void> {
  (yield* dial("tcp", address)).close();
  yield* until(() => scheduler.runs.size === 1);
}

/** A round trip behind a sleep in which the watch is needed. */
function* roundTrip(): Routine<void> {
  const [a, b] = yield* pair();
  using one = a, other = b;
  go(function* () {
    yield* sleep(20);
    yield* other.write(Uint8Array.of(7));
  });
  const buf = new Uint8Array(1);
  yield* one.read(buf);
  assert.equal(buf[0], 7);
}

test("a watched poller outlives a runSync in which the last other run ends", async () => {
  const sockets = openSockets();
  for (let round = 0; round < ROUNDS; round++) {
    const { address, over } = await startAsleep();
    runSync(() => wakeAsleep(address));
    assert.ok(netpoll.isOpen || !netpoll.watched, "closed under the thread that waits for it");
    // Others are welcome to the thread before that one has come back.
    if (round % 2 === 0) runSync(roundTrip);
    await over;
    await run(roundTrip);
    await untilHost(() => !netpoll.isOpen);
  }
  assertNothingLeft(sockets);
});

test("a watched poller outlives the last waker", async () => {
  const sockets = openSockets();
  for (let round = 0; round < ROUNDS; round++) {
    const waker = new Waker();
    const { address, over } = await startAsleep();
    runSync(() => wakeAsleep(address));
    waker.close();
    assert.ok(netpoll.isOpen || !netpoll.watched, "closed under the thread that waits for it");
    await over;
    await run(roundTrip);
    await untilHost(() => !netpoll.isOpen);
  }
  assertNothingLeft(sockets);
});

/**
 * How three workers of the program end, and the descriptors that may be left: least and most. Fewer
 * than before are open if the thread of a worker before them was still ending.
 */
const TERMINATIONS = [
  ["a worker whose run has returned leaves no descriptor", "end", -10, 2],
  ["a worker that calls process.exit leaves no descriptor", "exit", -10, 2],
  ["a worker that is terminated leaves its descriptors", "terminate", 3, 200],
] as const;

for (const [title, how, least, most] of TERMINATIONS) {
  test(title, { skip: noProc }, async () => {
    await using program = startProgram("tests/fixtures/user_worker_fixture.ts", [how]);
    assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
    const { workers, left } = JSON.parse(program.stdout.text);
    assert.equal(workers, 3);
    assert.ok(least <= left && left <= most, `${left} descriptors are left`);
  });
}

/** Milliseconds of each of `count` round trips of `stream`, whose next write comes by `next`. */
function roundTrips(stream: Duplex, count: number, next: (write: () => void) => void) {
  return new Promise<number[]>((resolve) => {
    const times: number[] = [];
    let began = 0;
    const write = () => {
      began = performance.now();
      stream.write("ping");
    };
    stream.on("data", () => {
      times.push(performance.now() - began);
      if (times.length < count) return next(write);
      stream.destroy();
      resolve(times);
    });
    write();
  });
}

/** The middle one. */
function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1];
}

/** An echo of the host's own, in this thread. */
async function hostEcho(): Promise<{ address: string; close: () => void }> {
  const server = createNetServer((socket) => socket.on("error", () => {}).pipe(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, close: () => server.close() };
}

/** Less than the millisecond for which the thread once waited in the poller after each event. */
const STANDSTILL_MS = 0.9;
const SKIP_SLOW = { skip: onWine && "under Wine a round trip takes as long as the standstill" };

for (
  const [name, next] of [["setImmediate", setImmediate], [
    "at once",
    (f: () => void) => f(),
  ]] as const
) {
  test(
    `round trips through host code do not wait for the poller (${name})`,
    SKIP_SLOW,
    async () => {
      const { address, close } = await hostEcho();
      const inRun = await run(function* () {
        const stream = toDuplex(yield* dial("tcp", address));
        return yield* wait(roundTrips(stream, 300, next));
      });
      const conn = await run(() => dial("tcp", address));
      const outside = await roundTrips(toDuplex(conn), 300, next);
      close();
      assert.ok(median(inRun) < STANDSTILL_MS, `${median(inRun)} ms in a run`);
      assert.ok(median(outside) < STANDSTILL_MS, `${median(outside)} ms outside of one`);
    },
  );
}

test("the host's immediates run beside traffic of a goroutine", async () => {
  const { address, close } = await hostEcho();
  let [immediates, trips, over] = [0, 0, false];
  const tick = () => {
    immediates++;
    if (!over) setImmediate(tick);
  };
  tick();
  await run(function* () {
    using conn = yield* dial("tcp", address);
    const buf = new Uint8Array(4);
    for (; trips < 300; trips++) {
      yield* conn.write(buf);
      yield* conn.readFull(buf);
    }
  });
  over = true;
  close();
  assert.ok(immediates >= trips / 2, `${immediates} immediates during ${trips} round trips`);
});

test("a run may disable spinning, and invalid shares are refused", async () => {
  const { address, close } = await hostEcho();
  const times = await run(function* () {
    const stream = toDuplex(yield* dial("tcp", address));
    return yield* wait(roundTrips(stream, 20, setImmediate));
  }, { spinShare: 0 });
  assert.equal(times.length, 20);
  for (const spinShare of [-1, 2, NaN, "1" as unknown as number]) {
    await assert.rejects(run(function* () {}, { spinShare }), RangeError);
  }
  close();
});

test("a thread that watches its poller can be terminated, and the process then exits", async () => {
  await using program = startProgram("tests/fixtures/terminated_fixture.ts");
  assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
  assert.equal(program.stdout.text, "terminated\n");
});
