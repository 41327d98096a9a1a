// SPDX-License-Identifier: MIT
/** Programs of simulated hosts, for tests. */
import { dial, go, listen, OpError, type Routine } from "../../mod.ts";
import type { Simulation } from "../../sim.ts";

/** Sends back what it reads, on port 7; a connection that fails ends alone. */
export function* echoServer(): Routine<void> {
  using listener = yield* listen("tcp", ":7");
  for (;;) {
    const accepted = yield* listener.accept();
    go(function* echo() {
      using conn = accepted;
      const buf = new Uint8Array(4096);
      try {
        for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
      } catch (error) {
        if (!(error instanceof OpError)) throw error;
      }
    });
  }
}

/** Ten round trips between two hosts. */
export function* tenTrips(sim: Simulation): Routine<string> {
  const server = sim.host("server", { main: echoServer });
  const client = sim.host("client");
  sim.link(server, client, { latency: [5, 20] });
  const called = client.go(function* call() {
    using conn = yield* dial("tcp", "server:7");
    const buf = new Uint8Array(5);
    for (let i = 0; i < 10; i++) {
      yield* conn.write("hello");
      yield* conn.readFull(buf);
    }
    return `${conn.localAddr}->${conn.remoteAddr} ${new TextDecoder().decode(buf)}`;
  });
  return yield* called.join();
}
