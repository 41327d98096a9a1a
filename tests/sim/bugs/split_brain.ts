// SPDX-License-Identifier: MIT
/** The holder of a lease is paused, and writes after another one has the lease. */
import assert from "node:assert/strict";
import { go, type Routine, sleep } from "../../../mod.ts";
import type { SimHost, Simulation } from "../../../sim.ts";
import { type Bug, LineClient, lineServer } from "./bug.ts";

const LEASE_MS = 50;

/** Grants a lease with a number that grows, or answers "0". */
function leases(): (line: string) => string {
  let token = 0;
  let until = 0;
  return () => {
    if (performance.now() < until) return "0";
    until = performance.now() + LEASE_MS;
    return String(++token);
  };
}

/** Works under the lease, and stops well before that is over. */
function* worker(): Routine<void> {
  using lock = yield* LineClient.to("lock");
  using storage = yield* LineClient.to("storage");
  for (let writes = 0; writes < 5;) {
    const asked = performance.now();
    const token = yield* lock.ask("lease");
    while (token !== "0" && performance.now() < asked + LEASE_MS - 15) {
      yield* storage.ask("read");
      yield* storage.ask(token);
      writes++;
    }
    yield* sleep(10);
  }
}

function program(fenced: boolean) {
  return function* (sim: Simulation): Routine<void> {
    let newest = 0;
    sim.host("lock", { main: () => lineServer(leases())() });
    const store = lineServer((token) => {
      if (token === "read") return "value";
      if (fenced && Number(token) < newest) return "refused";
      assert.ok(Number(token) >= newest, "two holders of the lease write");
      newest = Number(token);
      return "stored";
    });
    sim.host("storage", { main: store });
    const workers = [sim.host("a"), sim.host("b")];
    const working = workers.map((host) => host.go(worker));
    go(pauses, sim, workers);
    for (const each of working) yield* each.join();
  };
}

/** Stops the workers for longer than a lease, as a virtual machine that is moved. */
function* pauses(sim: Simulation, workers: SimHost[]): Routine<void> {
  const stream = sim.stream("pauses");
  for (let i = 0; i < 3; i++) {
    yield* sleep(stream.between(10, 60));
    const host = workers[stream.choose(2)];
    host.pause();
    yield* sleep(LEASE_MS * 1.5);
    host.resume();
  }
}

/** See the top of this file. */
export const splitBrain: Bug = {
  name: "split brain after a pause",
  failure: /two holders of the lease write/,
  options: { link: { latency: [1, 3] } },
  broken: program(false),
  mended: program(true),
};
