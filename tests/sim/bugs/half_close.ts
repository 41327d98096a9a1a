// SPDX-License-Identifier: MIT
/** A proxy closes both connections at the first end, though the other direction is not over. */
import assert from "node:assert/strict";
import { type Conn, copy, dial, listen, readAll, type Routine, scope } from "../../../mod.ts";
import { serve, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import type { Bug } from "./bug.ts";

/** Answers what it has read to the end. */
function* answerer(conn: Conn): Routine<void> {
  const question = yield* readAll(conn);
  yield* conn.write(question);
}

function* serveOn(handler: (conn: Conn) => Routine<void>): Routine<void> {
  using listener = yield* listen("tcp", ":7");
  yield* serve(listener, handler, { onError: () => {} });
}

function proxyThatEndsBy(end: (to: Conn, from: Conn) => void) {
  const proxy = function* (client: Conn): Routine<void> {
    using server = yield* dial("tcp", "server:7");
    yield* scope(function* (s) {
      const directions = [[client, server], [server, client]];
      for (const [from, to] of directions) {
        s.go(function* () {
          yield* copy(to, from);
          end(to, from);
        });
      }
    });
  };
  return function* (sim: Simulation): Routine<void> {
    sim.host("server", { main: () => serveOn(answerer) });
    sim.host("proxy", { main: () => serveOn(proxy) });
    yield* sleep(1);
    using conn = yield* dial("tcp", "proxy:7");
    yield* conn.write("question");
    conn.closeWrite();
    assert.equal(new TextDecoder().decode(yield* readAll(conn)), "question", "the answer is lost");
  };
}

/** See the top of this file. */
export const halfClose: Bug = {
  name: "half-close taken for the end",
  failure: /the answer is lost|ECONNRESET|connection reset/,
  options: { link: { latency: [1, 5] } },
  broken: proxyThatEndsBy((to, from) => {
    to.close();
    from.close();
  }),
  mended: proxyThatEndsBy((to) => to.closeWrite()),
};
