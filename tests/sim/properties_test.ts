// SPDX-License-Identifier: MIT
/** Properties that a program states about itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dial, go, OpError, type Routine, runSync, sleep } from "../../mod.ts";
import {
  always,
  eventually,
  PropertyError,
  reachable,
  simulate,
  simulateSync,
  type Simulation,
  sometimes,
} from "../../sim.ts";
import { failureOf } from "./failure.ts";
import { echoServer } from "./programs.ts";

test("properties are counted in the order of their first use", () => {
  const main = function* (sim: Simulation): Routine<void> {
    sim.expectReachable("never", "loop");
    for (let i = 0; i < 10; i++) {
      always(i < 10, "i is small");
      sometimes(i > 6, "i is large");
      sometimes(i < 0, "i is negative");
      if (i % 2 === 0) reachable("loop");
      yield* sleep(1);
    }
    yield* eventually(() => true, { name: "at once" });
  };
  const { properties, events } = simulateSync({ record: true }, main);
  assert.deepEqual(properties, [
    { kind: "reachable", name: "never", passed: 0, failed: 0 },
    { kind: "reachable", name: "loop", passed: 5, failed: 0 },
    { kind: "always", name: "i is small", passed: 10, failed: 0 },
    { kind: "sometimes", name: "i is large", passed: 3, failed: 7 },
    { kind: "sometimes", name: "i is negative", passed: 0, failed: 10 },
    { kind: "eventually", name: "at once", passed: 1, failed: 0 },
  ]);
  // Only the first time is an event.
  assert.deepEqual(events.filter(({ kind }) => kind === "property").map(({ text }) => text), [
    'reachable "loop" is reached',
    'sometimes "i is large" is true',
    'eventually "at once" is true',
  ]);
  assert.deepEqual(simulateSync({}, main).properties, properties);
});

test("a false always fails the simulation, even if the program catches everything", () => {
  let after = false;
  const error = failureOf({ seed: 3 }, function* (sim) {
    sim.host("bank", {
      *main() {
        yield* sleep(50);
        try {
          always(false, "no overdraft", { balance: -1, of: "a" });
          after = true;
        } catch { /* Nothing is thrown. */ }
        yield* sleep(1000);
      },
    });
    yield* sleep(1000);
  });
  assert.ok(after);
  assert.ok(error.cause instanceof PropertyError);
  assert.equal(error.cause.property, "no overdraft");
  assert.equal(error.cause.kind, "always");
  assert.equal(error.cause.message, 'always "no overdraft" is false: {balance: -1, of: "a"}');
  assert.equal(error.host, "bank");
  assert.match(error.goroutine, /^goroutine \d+ \[main\]$/);
  assert.ok(error.at >= 50 && error.at < 51);
  assert.deepEqual(error.properties, [
    { kind: "always", name: "no overdraft", passed: 0, failed: 1 },
  ]);
  assert.ok(error.events.some(({ kind, text }) => kind === "property" && /overdraft/.test(text)));
});

test("eventually ends the faults, and waits until the system has recovered", () => {
  const { virtual, properties } = simulateSync({ seed: 2, faults: "mild" }, function* (sim) {
    const server = sim.host("server", { main: echoServer });
    sim.partition([server], [sim.test]);
    let answered = false;
    go(function* () {
      using conn = yield* dial("tcp", "server:7");
      yield* conn.write("x");
      answered = (yield* conn.read(new Uint8Array(1))) === 1;
    });
    yield* sleep(5000);
    assert.equal(answered, false);
    yield* eventually(() => answered, { name: "answered", within: 10_000, every: 100 });
  });
  assert.ok(virtual > 5000 && virtual < 15_000, `${virtual} ms`);
  assert.deepEqual(properties, [{ kind: "eventually", name: "answered", passed: 1, failed: 0 }]);
});

test("eventually may check through the network, and a check that throws or hangs is false", () => {
  const look = function* (): Routine<boolean> {
    using conn = yield* dial("tcp", "server:7");
    yield* conn.write("x");
    return (yield* conn.read(new Uint8Array(1))) === 1;
  };
  simulateSync({}, function* (sim) {
    const server = sim.host("server");
    go(function* () {
      yield* sleep(500);
      server.go(echoServer);
    });
    yield* eventually(look, { name: "up" });
  });
  const refused = failureOf({}, function* (sim) {
    sim.host("server");
    yield* eventually(look, { name: "up", within: 500 });
  });
  assert.match(refused.message, /eventually "up" did not come true in 500 ms without faults/);
  assert.ok((refused.cause as PropertyError).cause instanceof OpError);
  const hung = failureOf({}, function* (sim) {
    sim.link(sim.host("server", { main: echoServer }), sim.test, { latency: 100 });
    sim.hosts[0].pause();
    // A pause is a fault, which ends here; another begins.
    go(function* () {
      yield* sleep(1);
      sim.hosts[0].crash();
    });
    yield* eventually(look, { name: "up", within: 700 });
  });
  assert.ok(hung.cause instanceof PropertyError);
  assert.ok(hung.at >= 700 && hung.at < 800, `${hung.at} ms`);
});

test("properties have no effect outside a simulation", () => {
  always(false, "a");
  sometimes(false, "b");
  reachable("c");
  runSync(function* () {
    yield* eventually(() => false, { name: "d" });
  });
  assert.deepEqual(simulateSync({}, function* () {}).properties, []);
});

test("a simulation leaves no properties to the next, nor to a real run", async () => {
  const main = function* (): Routine<void> {
    reachable("here");
    yield* sleep(1);
  };
  const first = await simulate({}, main);
  always(false, "outside");
  assert.deepEqual(simulateSync({}, main).properties, first.properties);
});

test("invalid arguments are named in the error", () => {
  const wrong: [() => Routine<void> | void, RegExp][] = [
    [() => always(1 as never, "x"), /condition must be a boolean/],
    [() => sometimes(Promise.resolve(true) as never, "x"), /condition must be a boolean/],
    [() => reachable(1 as never), /name must be a string/],
    [() => eventually(true as never, { name: "x" }), /condition must be a function/],
    [() => eventually(() => true, { name: "x", within: 0 }), /within must be a time above 0/],
    [() => eventually(() => true, {} as never), /name must be a string/],
    [() => eventually(() => 1 as never, { name: "x" }), /condition must be a boolean/],
  ];
  for (const [call, message] of wrong) {
    const error = failureOf({}, function* () {
      yield* call() ?? sleep(0);
    });
    assert.match(error.message, message);
  }
});
