// SPDX-License-Identifier: MIT
/** One read is assumed to return one message. */
import assert from "node:assert/strict";
import { type Conn, dial, listen, type Routine, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import type { Bug } from "./bug.ts";

const HEADER = new TextEncoder().encode("size 5\r\n");
const BODY = new TextEncoder().encode("hello");

function readerThat(read: (conn: Conn, buf: Uint8Array) => Routine<number | null>) {
  return function* (sim: Simulation): Routine<void> {
    sim.host("server", {
      *main() {
        using listener = yield* listen("tcp", ":7");
        using conn = yield* listener.accept();
        yield* conn.write(HEADER);
        yield* sleep(sim.stream("server").between(0, 2));
        yield* conn.write(BODY);
      },
    });
    yield* sleep(1);
    using conn = yield* dial("tcp", "server:7");
    yield* sleep(sim.stream("client").between(0, 20)); // Mostly, all has come by now.
    const n = yield* read(conn, new Uint8Array(HEADER.length + BODY.length));
    assert.equal(n, HEADER.length + BODY.length, "a message is cut");
  };
}

/** See the top of this file. */
export const shortRead: Bug = {
  name: "read assumed whole",
  failure: /a message is cut/,
  options: { link: { latency: [1, 5] } },
  broken: readerThat((conn, buf) => conn.read(buf)),
  mended: readerThat((conn, buf) => conn.readFull(buf)),
};
