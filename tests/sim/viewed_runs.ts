// SPDX-License-Identifier: MIT
/** Runs of simulations to look at: a failed one with every kind of fault, and a long one. */
import { dial, go, OpError, sleep } from "../../mod.ts";
import {
  always,
  History,
  reachable,
  type SimOptions,
  simulateSync,
  SimulationError,
  type SimulationResult,
  sometimes,
} from "../../sim.ts";
import { echoServer } from "./programs.ts";

/** Three servers and a client, under partition, pause, crash and loss; it fails in the end. */
export function failedRun(options: SimOptions = { record: true }): SimulationError {
  const link = { loss: 0.02, latency: [2, 9] } as const;
  try {
    simulateSync({ seed: 7, link, ...options }, function* (sim) {
      const history = new History<string, string>();
      sim.expectReachable("</script><!--");
      const servers = ["a", "b", "c"].map((name) => sim.host(name, { main: echoServer }));
      const client = sim.host("client");
      for (const { name } of servers) {
        client.go(function* ask() {
          for (let i = 0; i < 6; i++) {
            try {
              yield* history.record(name, `question ${i}`, function* () {
                using conn = yield* dial("tcp", `${name}:7`, { timeout: 900 });
                conn.setDeadline(Date.now() + 900);
                yield* conn.write("hello");
                yield* conn.readFull(new Uint8Array(5));
                return "hello";
              });
              sometimes(true, "answered");
            } catch (error) {
              if (!(error instanceof OpError)) throw error;
              reachable("no answer");
            }
            yield* sleep(40);
          }
        });
      }
      yield* sleep(30);
      const cut = sim.partition([servers[0]], [client]);
      servers[1].pause();
      yield* sleep(60);
      servers[1].resume();
      servers[2].crash();
      yield* sleep(500);
      cut.heal();
      servers[2].restart();
      sim.hold([servers[1]], [client]);
      yield* sleep(300);
      always(history.operations().length < 5, "few questions", { limit: 5 });
      yield* sleep(5000);
    });
  } catch (error) {
    if (error instanceof SimulationError) return error;
    throw error;
  }
  throw new Error("the simulation did not fail");
}

/** A client that asks a server `trips` times. */
export function longRun(trips: number): SimulationResult<void> {
  return simulateSync({ seed: 3, record: true }, function* (sim) {
    sim.link(sim.host("server", { main: echoServer }), sim.test, { latency: 1 });
    const clients = [1, 2].map(() =>
      go(function* () {
        using conn = yield* dial("tcp", "server:7");
        const buf = new Uint8Array(1);
        for (let i = 0; i < trips; i++) {
          yield* conn.write("x");
          yield* conn.readFull(buf);
        }
      })
    );
    for (const client of clients) yield* client.join();
  });
}
