// SPDX-License-Identifier: MIT
/** Simulations: hosts that talk in virtual time, and runs that are equal. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  chan,
  dial,
  DNSError,
  dump,
  go,
  gosched,
  listen,
  type Listener,
  listenPacket,
  lookupHost,
  numGoroutine,
  OpError,
  type Routine,
  run,
  select,
  sleep,
} from "../../mod.ts";
import {
  LeakError,
  type SimOptions,
  simulate,
  simulateSync,
  type Simulation,
  SimulationLimitError,
} from "../../sim.ts";
import { assertNothingLeft, onWindows, openSockets, pair, thrown } from "../support/harness.ts";
import { outputOnBoth } from "./both_runtimes.ts";
import { failureOf } from "./failure.ts";
import { echoServer, tenTrips } from "./programs.ts";

test("two hosts communicate over a link with latency", () => {
  const { value, virtual, packets, turns } = simulateSync({ seed: 7 }, tenTrips);
  assert.equal(value, "10.0.0.2:32768->10.0.0.1:7 hello");
  // 11 round trips of 10 to 40 ms each.
  assert.ok(virtual >= 110 && virtual < 460, `${virtual} ms`);
  assert.ok(packets > 40 && turns > 20);
});

test("the same seed produces the same run, and another seed another run", () => {
  const hashes = [7, 7, 8].map((seed) => simulateSync({ seed }, tenTrips).hash);
  assert.equal(hashes[0], hashes[1]);
  assert.notEqual(hashes[0], hashes[2]);
});

test("the hashes are identical on Bun and on Deno, and Deno needs no permission", {
  skip: onWindows && "the other runtime is not started under Wine",
}, () => {
  assert.match(outputOnBoth("hashes.ts"), /^([0-9a-f]{16}\n){6}$/);
});

test("an option of a host that does not exist is an error", () => {
  const added = (options: object) => () =>
    simulateSync({}, function* (sim) {
      sim.host("a", options);
    });
  assert.throws(
    added({ skew: 5 }),
    /add a host as there is no option skew: the options are ip, main, clock/,
  );
  assert.throws(
    added({ clock: { skw: 5 } }),
    /there is no option skw of a clock; did you mean "skew"/,
  );
  assert.throws(added({ clock: { skew: NaN } }), /skew must be a time: current value is NaN/);
});

test("importing the library loads no code of the simulation", {
  skip: onWindows && "the runtime is not started under Wine",
}, () => {
  const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));
  const entry = fileURLToPath(new URL("../../mod.ts", import.meta.url));
  const { stdout } = spawnSync(deno, ["info", "--json", entry], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  const modules = (JSON.parse(stdout) as { modules: { specifier: string }[] }).modules
    .map(({ specifier }) => specifier);
  assert.ok(modules.some((name) => name.endsWith("/src/sched/scheduler.ts")));
  assert.deepEqual(
    modules.filter((name) => /\/(?:src|platforms)\/sim\/|\/sim\.ts$/.test(name)),
    [],
  );
});

test("a simulation beside a real run is unchanged, and leaves nothing in it", async () => {
  const alone = simulateSync({ seed: 3 }, tenTrips).hash;
  const sockets = openSockets();
  await run(function* () {
    const [a, b] = yield* pair();
    using _a = a;
    using _b = b;
    const buf = new Uint8Array(2);
    for (let i = 0; i < 10; i++) {
      assert.equal(simulateSync({ seed: 3 }, tenTrips).hash, alone);
      yield* a.write("hi");
      yield* b.readFull(buf);
      assert.equal(numGoroutine(), 1);
    }
  });
  assertNothingLeft(sockets);
});

test("recording keeps every event, and changes nothing", () => {
  const plain = simulateSync({ seed: 5 }, tenTrips);
  const recorded = simulateSync({ seed: 5, record: true }, tenTrips);
  assert.equal(recorded.hash, plain.hash);
  assert.equal(plain.choices, null);
  assert.equal(plain.events.length, 64);
  const { events } = recorded;
  assert.deepEqual(events.map(({ index }) => index), events.map((_, i) => i));
  assert.deepEqual(plain.events, events.slice(-64));
  const syn = events.find(({ text }) => text === "tcp syn")!;
  assert.deepEqual(
    { ...syn, time: 0, index: 0, goroutine: 0 },
    {
      index: 0,
      time: 0,
      host: "client",
      goroutine: 0,
      kind: "send",
      text: "tcp syn",
      packet: 1,
      peer: "server",
      bytes: 0,
      port: 7,
    },
  );
  const arrived = events.find(({ kind, packet }) => kind === "deliver" && packet === 1)!;
  assert.ok(arrived.time - syn.time >= 5 && arrived.time - syn.time <= 20);
});

test("a run is reproduced by its recorded choices, under another seed", () => {
  const options: SimOptions = { seed: 11, schedule: "random", record: true };
  const first = simulateSync(options, tenTrips);
  const { choices } = first;
  assert.ok(choices!.length > 0);
  const again = simulateSync({ ...options, seed: 1, choices: choices! }, tenTrips);
  assert.equal(again.hash, first.hash);
  assert.deepEqual(again.choices, choices);
});

test("without choices every decision is the default", () => {
  const { virtual, choices } = simulateSync({ choices: [], record: true }, tenTrips);
  assert.deepEqual(choices, []);
  // Eleven round trips of twice 5 ms, and the processor's time.
  assert.ok(virtual >= 110 && virtual < 120, `${virtual} ms`);
});

/** Five goroutines write their numbers down, twice. */
function* twice(): Routine<string> {
  const order: number[] = [];
  const all = [0, 1, 2, 3, 4].map((i) =>
    go(function* () {
      order.push(i);
      yield* sleep(0);
      order.push(i);
    })
  );
  for (const g of all) yield* g.join();
  return order.join("");
}

test("fifo is the order of production, random finds other orders, and a custom schedule is replayed", () => {
  assert.equal(simulateSync({}, twice).value, "0123401234");
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    orders.add(simulateSync({ seed, schedule: "random" }, twice).value);
  }
  assert.ok(orders.size > 10, [...orders].join());
  const last = { pick: (runnable: readonly unknown[]) => runnable.length - 1 };
  const own = simulateSync({ schedule: last, record: true }, twice);
  assert.equal(own.value, "4433221100");
  const choices = own.choices!.filter(([stream]) => stream === "schedule");
  assert.equal(simulateSync({ choices, schedule: "random" }, twice).value, own.value);
});

test("a simulated hour takes no real time", () => {
  const started = performance.now();
  const { virtual } = simulateSync({}, function* () {
    for (let i = 0; i < 60; i++) yield* sleep(60_000);
  });
  assert.ok(virtual >= 3_600_000 && virtual < 3_600_010);
  assert.ok(performance.now() - started < 20_000);
});

test("the random choices of select are drawn from the seed", () => {
  function* picks(): Routine<string> {
    const channels = [chan<number>(40), chan<number>(40)];
    for (const c of channels) for (let i = 0; i < 40; i++) yield* c.send(i);
    let picked = "";
    for (let i = 0; i < 40; i++) {
      picked += (yield* select(...channels.map((c) => c.onRecv()))).index;
    }
    return picked;
  }
  const first = simulateSync({ seed: 1 }, picks).value;
  assert.equal(simulateSync({ seed: 1 }, picks).value, first);
  assert.notEqual(simulateSync({ seed: 2 }, picks).value, first);
});

test("host names are resolved in the simulation", () => {
  simulateSync({}, function* (sim) {
    sim.host("db.internal", { ip: ["192.0.2.7", "2001:db8::7"] });
    assert.deepEqual(yield* lookupHost("db.internal"), ["192.0.2.7", "2001:db8::7"]);
    const error = yield* thrown(lookupHost("nowhere.example"));
    assert.ok(error instanceof DNSError && error.isNotFound);
  });
});

/** Answers every question for an address with 192.0.2.1, on port 53. */
function* nameServer(): Routine<void> {
  using conn = yield* listenPacket("udp4", "0.0.0.0:53");
  const buf = new Uint8Array(512);
  for (;;) {
    const { addr } = yield* conn.readFrom(buf);
    let end = 12;
    while (buf[end] !== 0) end += buf[end] + 1;
    end += 5;
    const isA = buf[end - 3] === 1;
    // A response without an error, with the question and perhaps a record that points at its name.
    const header = [buf[0], buf[1], 0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0];
    const record = isA ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1] : [];
    yield* conn.writeTo(Uint8Array.from([...header, ...buf.subarray(12, end), ...record]), addr);
  }
}

test("other names are resolved by a simulated name server, despite packet loss", async () => {
  const main = function* (sim: Simulation): Routine<string[]> {
    const server = sim.host("ns", { main: nameServer });
    sim.name("alias", "10.9.9.9");
    sim.nameservers([server]);
    sim.link(server, sim.test, { latency: 10, loss: 0.3 });
    assert.deepEqual(yield* lookupHost("alias"), ["10.9.9.9"]);
    return yield* lookupHost("www.example.com");
  };
  for (const seed of [1, 2, 3]) {
    assert.deepEqual(simulateSync({ seed }, main).value, ["192.0.2.1"]);
  }
  assert.deepEqual((await simulate({ seed: 4 }, main)).value, ["192.0.2.1"]);
});

test("an error of a host's goroutine fails the simulation, with the data to reproduce it", () => {
  const error = failureOf({ seed: 42 }, function* (sim) {
    sim.host("a", {
      *main() {
        yield* sleep(100);
        throw new RangeError("on purpose");
      },
    });
    yield* sleep(1000);
  });
  assert.ok(error.cause instanceof RangeError);
  assert.equal(error.seed, 42);
  assert.equal(error.host, "a");
  assert.match(error.goroutine, /^goroutine \d+ \[main\]$/);
  assert.ok(error.at >= 100 && error.at < 101);
  assert.match(error.message, /^RangeError: on purpose\n {4}seed 42, after 100\.\d{3} ms/);
  assert.match(error.dump, /sleep/);
  assert.ok(error.events.length > 0);
});

test("an error of the main function is the cause of the simulation's error", () => {
  const cause = new Error("main");
  const error = failureOf({}, function* () {
    throw cause;
  });
  assert.equal(error.cause, cause);
  assert.equal(error.host, "test");
});

test("a simulation in which nothing can happen is a deadlock, even with open connections", () => {
  const channels = failureOf({}, function* () {
    yield* chan<number>().recv();
  });
  assert.match(channels.message, /all goroutines are asleep/);
  const reads = failureOf({}, function* (sim) {
    const server = sim.host("server", { main: echoServer });
    sim.link(server, sim.test, { latency: 1 });
    using conn = yield* dial("tcp", "server:7");
    yield* conn.read(new Uint8Array(1));
  });
  assert.match(reads.message, /all goroutines are asleep/);
  assert.match(reads.dump, /IO wait/);
});

test("too many turns or too much time are an error", () => {
  const turns = failureOf({ steps: 1000 }, function* () {
    for (;;) yield* sleep(0);
  });
  assert.match(turns.message, /livelock: 1000 turns/);
  const time = failureOf({ until: 5000 }, function* () {
    for (;;) yield* sleep(100);
  });
  assert.match(time.message, /5000 ms of virtual time/);
});

test("goroutines that wait for each other in loops are a livelock, reported with the last to run", () => {
  const error = failureOf({ livelock: 1000 }, function* () {
    let done = false;
    go(function* spinner() {
      while (!done) yield* gosched();
    });
    yield* sleep(60_000);
    done = true;
  });
  assert.ok(error.cause instanceof SimulationLimitError);
  const [first, turned, main] = error.cause.message.split("\n");
  assert.equal(first, "livelock: 1000 turns without a wait or a system call");
  assert.equal(turned, "the last 40 turns: goroutine 2 [spinner] 40");
  assert.match(main, /^goroutine 1 \[sleep, \d+ ms\]: main$/);
  assert.ok(error.turns < 1100);
});

test("a long run that waits or makes system calls is no livelock", () => {
  simulateSync({ livelock: 50 }, function* (sim) {
    sim.host("server", { main: echoServer });
    const conn = yield* dial("tcp", "server:7");
    using _ = conn;
    for (let i = 0; i < 100; i++) yield* sleep(1);
    const buf = new Uint8Array(1);
    for (let i = 0; i < 100; i++) {
      yield* conn.write("x");
      yield* conn.readFull(buf);
    }
  });
});

test("goroutines and descriptors that the main function leaks are listed, or an error", () => {
  function* leaves(sim: Simulation): Routine<string> {
    sim.host("server", { main: echoServer });
    yield* sleep(1);
    using _closed = yield* dial("tcp", "server:7");
    const conn = yield* dial("tcp", "server:7");
    go(function* reader() {
      yield* conn.read(new Uint8Array(1));
    });
    yield* sleep(1);
    return "done";
  }
  const { value, leaks } = simulateSync({}, leaves);
  assert.equal(value, "done");
  assert.equal(leaks.length, 2, leaks.join("\n"));
  assert.match(leaks[0], /^goroutine \d+ \[IO wait, \d+ ms\]: reader \(.*tcp.*->10\.0\.0\.1:7\)$/);
  assert.match(leaks[1], /^descriptor fd \d+ tcp .*->10\.0\.0\.1:7$/);
  const error = failureOf({ leaks: "fail" }, leaves);
  assert.ok(error.cause instanceof LeakError);
  assert.deepEqual(error.cause.leaks, leaks);
  assert.match(error.message, /^LeakError: left when the main function returned:\ngoroutine/);
});

test("a main function that closes and joins leaks nothing, even with bytes in flight", () => {
  const { leaks } = simulateSync({ leaks: "fail" }, function* (sim) {
    const server = sim.host("server", { main: echoServer });
    sim.link(server, sim.test, { latency: 50, bandwidth: "1Mbit" });
    yield* sleep(1);
    using listener = yield* listen("tcp", ":1");
    using conn = yield* dial("tcp", "server:7");
    yield* conn.write(new Uint8Array(100_000));
    yield* go(function* () {}).join();
    void listener;
  });
  assert.deepEqual(leaks, []);
});

test("an error of a dial has simulated addresses", () => {
  simulateSync({}, function* (sim) {
    sim.host("server", { ip: "10.1.1.1" });
    const refused = yield* thrown(dial("tcp", "server:80"));
    assert.ok(refused instanceof OpError);
    assert.equal(refused.message, "dial tcp 10.1.1.1:80: connect: connection refused");
  });
});

test("the end of a simulation ends every host: finally blocks run, sockets are closed", () => {
  const log: string[] = [];
  simulateSync({}, function* (sim) {
    const server = sim.host("server", {
      *main() {
        const listener: Listener = yield* listen("tcp", ":80");
        try {
          yield* listener.accept();
        } finally {
          log.push("finally");
        }
      },
    });
    yield* sleep(1);
    assert.ok(server.descriptors > 0);
    assert.match(dump(), /IO wait/);
  });
  assert.deepEqual(log, ["finally"]);
  assert.equal(numGoroutine(), 0);
});

test("a partition drops packets until it is healed, and a hold delays them", () => {
  simulateSync({}, function* (sim) {
    const server = sim.host("server", { main: echoServer });
    using conn = yield* dial("tcp", "server:7");
    const buf = new Uint8Array(1);
    const echo = function* () {
      yield* conn.write("x");
      yield* conn.readFull(buf);
    };
    yield* echo();
    for (const fault of ["partition", "hold"] as const) {
      const cut = sim[fault](server, sim.test);
      const called = go(echo);
      yield* sleep(5000);
      assert.equal(called.status, "waiting");
      const healed = sim.now;
      cut.heal();
      yield* called.join();
      // What was lost is sent again when its time has come.
      assert.ok(sim.now - healed < (fault === "hold" ? 10 : 10_000));
    }
  });
});

test("nested simulations are refused", () => {
  const error = failureOf({}, function* () {
    simulateSync({}, function* () {});
  });
  assert.match(error.message, /simulateSync inside a simulation/);
});

test("invalid options are named in the error", () => {
  const wrong: [object, RegExp][] = [
    [{ seed: -1 }, /seed must be/],
    [{ schedule: "lifo" }, /schedule must be/],
    [{ turn: [0, 1] }, /turn must be/],
    [{ livelock: 0 }, /livelock must be/],
    [{ leaks: "maybe" }, /leaks must be/],
    [{ sed: 1 }, /no option sed/],
    [{ link: { lose: 1 } }, /no option lose of a link; did you mean "loss"\?/],
    [{ link: { loss: 2 } }, /loss must be/],
    [{ link: { bandwidth: "fast" } }, /bandwidth must be/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => simulateSync(options as SimOptions, function* () {}), message);
  }
});
