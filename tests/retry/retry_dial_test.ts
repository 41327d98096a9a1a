// SPDX-License-Identifier: MIT
/** Dials with retries: waits, bounds, cancellation, and a server that comes up late. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  CanceledError,
  type Conn,
  dial,
  go,
  isCanceled,
  isTimeout,
  listen,
  OpError,
  type RetryAttempt,
  retryDial,
  RetryError,
  type Routine,
  sleep,
  withCancel,
} from "../../mod.ts";
import { simulateSync, type Simulation } from "../../sim.ts";
import { echoServer } from "../sim/programs.ts";
import { both, thrown } from "../support/harness.ts";

const none = () => 0;

function simulated<T>(main: (sim: Simulation) => Routine<T>): T {
  return simulateSync({ seed: 3, link: { latency: 1 } }, main).value;
}

/** A dial of a port where nothing listens. */
function refused(): Routine<Conn> {
  return dial("tcp", "server:8");
}

test("delays follow rounds and grow to the maximum, in virtual time", () => {
  simulated(function* (sim) {
    sim.host("server", { ip: "10.0.0.1", main: echoServer });
    const attempts: RetryAttempt[] = [];
    const began = sim.now;
    const error = yield* thrown(retryDial(["a", "b"], refused, {
      maxAttempts: 10,
      initialDelay: 1000,
      maxDelay: 3000,
      jitter: 0.5,
      random: none,
      onRetry: (attempt) => attempts.push(attempt),
    }));
    assert.ok(error instanceof RetryError);
    assert.equal(error.attempts, 10);
    assert.equal(error.code, "ECONNREFUSED");
    assert.deepEqual(error.failures.map(({ address }) => address), ["a", "b"]);
    assert.match(error.message, /^no connection after 10 attempts: dial tcp .*refused$/);
    assert.deepEqual(attempts.map(({ delay }) => delay), [0, 1000, 0, 2000, 0, 3000, 0, 3000, 0]);
    const ms = sim.now - began;
    assert.ok(ms >= 9000 && ms < 9100, `${ms} ms`);
  });
});

test("jitter subtracts the random part of a delay", () => {
  simulated(function* (sim) {
    sim.host("server", { ip: "10.0.0.1", main: echoServer });
    const delays: number[] = [];
    yield* thrown(retryDial(["a"], refused, {
      maxAttempts: 4,
      initialDelay: 100,
      multiplier: 1,
      jitter: 0.5,
      random: () => 0.5,
      onRetry: ({ delay }) => delays.push(delay),
    }));
    assert.deepEqual(delays, [75, 75, 75]);
  });
});

test("random that returns no number from 0 to 1 is an error that says so", () => {
  simulated(function* (sim) {
    sim.host("server", { ip: "10.0.0.1", main: echoServer });
    for (const value of [NaN, -1, 2, Infinity, "x", undefined]) {
      const error = yield* thrown(retryDial(["a"], refused, { random: () => value as number }));
      assert.ok(error instanceof RangeError, String(error));
      assert.match(error.message, /as random must return a number from 0 .*: it returned /);
    }
  });
});

test("the same seed has the same delays, another seed has others", () => {
  const waits = (seed: number) =>
    simulateSync({ seed }, function* (sim) {
      sim.host("server", { ip: "10.0.0.1", main: echoServer });
      const delays: number[] = [];
      yield* thrown(retryDial(["a"], refused, {
        maxAttempts: 6,
        onRetry: ({ delay }) => delays.push(delay),
      }));
      return delays;
    }).value;
  assert.deepEqual(waits(1), waits(1));
  assert.notDeepEqual(waits(1), waits(2));
});

test("the timeout, the call's deadline and a cancellation end it, even during a delay", () => {
  simulated(function* (sim) {
    sim.host("server", { ip: "10.0.0.1", main: echoServer });
    const began = sim.now;
    const late = yield* thrown(
      retryDial(["a"], refused, { timeout: 700, initialDelay: 500, jitter: 0 }),
    );
    assert.ok(late instanceof RetryError && isTimeout(late), String(late));
    assert.equal(late.attempts, 2);
    assert.ok(late.failures[0].error instanceof OpError);
    assert.ok(sim.now - began < 800);
    const [context, cancel] = withCancel(background());
    go(function* () {
      yield* sleep(100);
      cancel();
    });
    const canceled = yield* thrown(
      retryDial(["a"], refused, { context, initialDelay: 500, jitter: 0 }),
    );
    assert.ok(canceled instanceof RetryError && isCanceled(canceled), String(canceled));
    assert.ok(canceled.cause instanceof CanceledError);
  });
});

test("an attempt has its own timeout, and the next address is tried", () => {
  simulated(function* (sim) {
    sim.host("server", { ip: "10.0.0.1", main: echoServer });
    const seen: (number | undefined)[] = [];
    const began = sim.now;
    using conn = yield* retryDial(
      ["10.9.9.9:7", "server:7"],
      (address, limits) => {
        seen.push(limits.timeout);
        return dial("tcp", address, limits);
      },
      { attemptTimeout: 250 },
    );
    assert.equal(String(conn.remoteAddr), "10.0.0.1:7");
    assert.deepEqual(seen, [250, 250]);
    assert.ok(sim.now - began < 400, `${sim.now - began}`);
  });
});

test("errors other than connection failures are thrown at once", () => {
  simulated(function* (sim) {
    sim.host("server", { ip: "10.0.0.1", main: echoServer });
    let calls = 0;
    const wrong = function* (): Routine<Conn> {
      calls++;
      throw new TypeError("wrong");
    };
    assert.ok((yield* thrown(retryDial(["a"], wrong))) instanceof TypeError);
    assert.equal(
      ((yield* thrown(retryDial(["nope"], (address) => dial("tcp", address)))) as Error).name,
      "OpError",
    );
    const never = yield* thrown(retryDial(["a"], refused, { retryable: () => false }));
    assert.ok(never instanceof OpError);
    assert.equal(calls, 1);
    for (
      const [addresses, options] of [
        [[], {}],
        ["a", {}],
        [["a"], { maxAttempts: 0 }],
        [["a"], { jitter: 2 }],
        [["a"], { initialDelay: -1 }],
        [["a"], { tries: 3 }],
        [["a"], null],
      ] as const
    ) {
      const call = retryDial(addresses as unknown as string[], refused, options as object);
      assert.ok((yield* thrown(call)) instanceof TypeError, JSON.stringify(options));
    }
  });
});

both("a server that starts late is reached, and delays of 0 let others run", function* () {
  const free = yield* listen("tcp", "127.0.0.1:0");
  const address = String(free.addr);
  free.close();
  let attempts = 0;
  const starting = go(function* () {
    while (attempts < 3) yield* sleep(1);
    return yield* listen("tcp", address);
  });
  using conn = yield* retryDial(
    [address],
    (one, limits) => dial("tcp", one, limits),
    { initialDelay: 0, maxDelay: 0, onRetry: ({ attempt }) => attempts = attempt },
  );
  assert.equal(String(conn.remoteAddr), address);
  using _listener = yield* starting.join();
});
