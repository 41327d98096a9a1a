// SPDX-License-Identifier: MIT
/** A descriptor is closed twice, and the second close ends whichever connection has its number by then. */
import assert from "node:assert/strict";
import { closeFd, type Conn, dial, fileConn, listen, OpError } from "../../../mod.ts";
import { type Routine, serve, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import type { Bug } from "./bug.ts";

/** Detaches a descriptor from its connection, answers by another one, and cleans up. */
function server(sim: Simulation, twice: boolean) {
  const handler = function* (accepted: Conn): Routine<void> {
    const fd = accepted.detach();
    const conn = fileConn(fd, { own: true });
    yield* conn.readFull(new Uint8Array(1));
    yield* sleep(sim.stream("server").between(0, 5));
    yield* conn.write("!");
    conn.abort();
    yield* sleep(sim.stream("server").between(0, 5)); // Writes its log, say.
    if (twice) {
      try {
        closeFd(fd);
      } catch {
        // It was closed already.
      }
    }
  };
  return function* (): Routine<void> {
    using listener = yield* listen("tcp", ":7");
    yield* serve(listener, handler, { onError: () => {} });
  };
}

function program(twice: boolean) {
  return function* (sim: Simulation): Routine<void> {
    sim.host("server", { main: server(sim, twice) });
    yield* sleep(1);
    for (let call = 0; call < 4; call++) {
      using conn = yield* dial("tcp", "server:7");
      conn.setDeadline(Date.now() + 1000);
      try {
        yield* conn.write("?");
        const n = yield* conn.readFull(new Uint8Array(1));
        assert.equal(n, 1, "a connection of another was closed");
      } catch (error) {
        if (!(error instanceof OpError)) throw error;
        assert.fail(`a connection of another was closed: ${error.message}`);
      }
    }
  };
}

/** See the top of this file. */
export const doubleClose: Bug = {
  name: "double close of a reused descriptor",
  failure: /of another was closed/,
  options: { link: { latency: [0.1, 1] } },
  broken: program(true),
  mended: program(false),
};
