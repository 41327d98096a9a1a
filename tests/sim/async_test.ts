// SPDX-License-Identifier: MIT
/** Simulations with promises and the host's timers, and the globals that a simulation replaces. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { chan, dial, go, run, sleep, wait } from "../../mod.ts";
import { OutsideError, simulate, simulateSync, SimulationError } from "../../sim.ts";
import { echoServer } from "./programs.ts";

/** Resolves after `ms` milliseconds of whatever time there is. */
function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test("promises and timers of the host run in virtual time", async () => {
  const { virtual, value } = await simulate({}, function* () {
    const started = performance.now();
    yield* wait(later(3_600_000));
    const all = yield* wait(Promise.all([later(10).then(() => "a"), later(20).then(() => "b")]));
    return `${all} ${Math.round(performance.now() - started)}`;
  });
  assert.equal(value, "a,b 3600020");
  assert.ok(virtual < 3_600_021);
});

test("async code uses channels of a simulation, and two runs are identical", async () => {
  const main = () =>
    simulate({ seed: 5 }, function* (sim) {
      sim.host("server", { main: echoServer });
      const lines = chan<string>();
      const producer = (async () => {
        for (let i = 0; i < 5; i++) {
          await later(100 * Math.random());
          await lines.sendAsync(`line ${i}`);
        }
        lines.close();
      })();
      using conn = yield* dial("tcp", "server:7");
      const buf = new Uint8Array(6);
      const got: string[] = [];
      for (let line; (line = yield* lines.recv()) !== undefined;) {
        yield* conn.write(line);
        yield* conn.readFull(buf);
        got.push(new TextDecoder().decode(buf));
      }
      yield* wait(producer);
      return got.join();
    });
  const [first, second] = [await main(), await main()];
  assert.equal(first.value, "line 0,line 1,line 2,line 3,line 4");
  assert.equal(second.hash, first.hash);
});

test("concurrent simulations wait for each other, and a real run continues afterwards", async () => {
  const real = run(function* () {
    yield* sleep(1);
    return "real";
  });
  const results = await Promise.all([1, 2, 3].map((seed) =>
    simulate({ seed }, function* () {
      yield* wait(later(1000));
      return seed;
    })
  ));
  assert.deepEqual(results.map(({ value }) => value), [1, 2, 3]);
  assert.equal(await real, "real");
});

test("a promise that never settles is an error", async () => {
  await assert.rejects(
    simulate({}, function* stuck() {
      yield* wait(new Promise<void>(() => {}));
    }),
    (error) => error instanceof SimulationError && error.cause instanceof OutsideError,
  );
});

test("clocks, random numbers and dates are simulated, and restored afterwards", () => {
  const real = { Date, now: performance.now, random: Math.random, setTimeout };
  const seen = () =>
    simulateSync({ seed: 9, epoch: 1_000_000 }, function* () {
      yield* sleep(1500);
      assert.ok(new Date() instanceof real.Date && new real.Date() instanceof Date);
      assert.equal(new Date(5).getTime(), 5);
      const [seconds] = process.hrtime();
      let fired = 0;
      setTimeout(() => fired = performance.now(), 250);
      const interval = setInterval(() => {}, 10);
      clearInterval(interval);
      yield* sleep(300);
      return [
        new Date().toISOString(),
        Date.now(),
        seconds,
        Math.floor(fired),
        Math.random(),
        crypto.randomUUID(),
        [...crypto.getRandomValues(new Uint8Array(3))].join(),
      ].join(" ");
    }).value;
  const first = seen();
  assert.match(first, /^1970-01-01T00:16:41\.80\dZ 100180\d 1 1750 0\.\d+ [\w-]{36} \d+,\d+,\d+$/);
  assert.equal(seen(), first);
  assert.deepEqual({ Date, now: performance.now, random: Math.random, setTimeout }, real);
});

test("access to the outside is refused, unless it is allowed", async () => {
  const error = await assert.rejects(
    simulate({}, function* () {
      yield* wait(fetch("http://127.0.0.1:1/"));
    }),
    /Cannot use fetch in a simulation/,
  );
  void error;
  const { value } = await simulate({ outside: "allow" }, function* () {
    const text = fetch("data:text/plain,hello").then((response) => response.text());
    return yield* wait(text);
  });
  assert.equal(value, "hello");
});

test("under simulateSync a wait for a promise is an error, as under runSync", () => {
  assert.throws(() =>
    simulateSync({}, function* () {
      yield* wait(Promise.resolve());
    }), /wait under runSync/);
});

test("each host has its own clock", () => {
  simulateSync({ epoch: 0 }, function* (sim) {
    const fast = sim.host("fast", { clock: { skew: 250 } });
    const dates: number[] = [];
    yield* sleep(1000);
    const look = function* () {
      dates.push(Date.now());
    };
    yield* fast.go(look).join();
    yield* go(look).join();
    fast.clock.jump(-500);
    yield* fast.go(look).join();
    fast.clock.drift(1000);
    yield* sleep(100_000);
    yield* fast.go(look).join();
    assert.deepEqual(dates, [1250, 1000, 750, 100_850]);
  });
});
