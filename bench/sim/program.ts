// SPDX-License-Identifier: MIT
/**
 * Simulations: segments and turns per second, virtual time per real time, seeds per second. Prints
 * a table.
 */
import { dial, go, listen, type Routine, sleep } from "../../mod.ts";
import { simulateSync, type Simulation, type SimulationResult } from "../../sim.ts";

const CLIENTS = 100;
const TRIPS = 500;
const SLEEPERS = 100;
const SEEDS = 1000;

function* server(): Routine<void> {
  using listener = yield* listen("tcp", ":7");
  for (;;) {
    const accepted = yield* listener.accept();
    go(function* () {
      using conn = accepted;
      const buf = new Uint8Array(512);
      for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
    });
  }
}

function echoes(clients: number, trips: number) {
  return function* (sim: Simulation): Routine<void> {
    sim.host("server", { ip: "10.0.0.1", main: server });
    const calls = Array.from({ length: clients }, () =>
      go(function* () {
        using conn = yield* dial("tcp", "server:7");
        const buf = new Uint8Array(64);
        for (let i = 0; i < trips; i++) {
          yield* conn.write(buf);
          yield* conn.readFull(buf);
        }
      }));
    for (const call of calls) yield* call.join();
  };
}

function* sleepers(): Routine<void> {
  const all = Array.from({ length: SLEEPERS }, (_, i) =>
    go(function* () {
      for (let j = 0; j < 1000; j++) yield* sleep(20_000 + i);
    }));
  for (const one of all) yield* one.join();
}

/**
 * Runs `f` until it is compiled, and then once more. Returns its result and duration in seconds.
 */
function measured<T>(f: () => T): [T, number] {
  f();
  f();
  const began = performance.now();
  const result = f();
  return [result, (performance.now() - began) / 1000];
}

const link = { latency: [10, 15] } as const;
const [busy, busyTime]: [SimulationResult<void>, number] = measured(() =>
  simulateSync({ seed: 1, link }, echoes(CLIENTS, TRIPS))
);
const [slept, sleptTime]: [SimulationResult<void>, number] = measured(() =>
  simulateSync({ seed: 1 }, sleepers)
);
const [, seedsTime] = measured(() => {
  for (let seed = 0; seed < SEEDS; seed++) simulateSync({ seed, link }, echoes(3, 5));
});
console.log(JSON.stringify({
  segments: busy.packets / busyTime,
  turns: busy.turns / busyTime,
  realTime: slept.virtual / 1000 / sleptTime,
  runs: SEEDS / seedsTime,
  hash: busy.hash + slept.hash,
}));
