// SPDX-License-Identifier: MIT
/** A client writes all its requests before it reads an answer: with enough of them both ends wait. */
import { type Conn, copy, dial, go, listen, type Routine, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import type { Bug } from "./bug.ts";

const LENGTH = 65_536;

function* write(conn: Conn, requests: number): Routine<void> {
  for (let i = 0; i < requests; i++) yield* conn.write(new Uint8Array(LENGTH));
}

function* read(conn: Conn, requests: number): Routine<void> {
  for (let i = 0; i < requests; i++) yield* conn.readFull(new Uint8Array(LENGTH));
}

function* oneAfterTheOther(conn: Conn, requests: number): Routine<void> {
  yield* write(conn, requests);
  yield* read(conn, requests);
}

function* atTheSameTime(conn: Conn, requests: number): Routine<void> {
  const writing = go(write, conn, requests);
  yield* read(conn, requests);
  yield* writing.join();
}

function client(call: (conn: Conn, requests: number) => Routine<void>) {
  return function* (sim: Simulation): Routine<void> {
    sim.host("server", {
      *main() {
        using listener = yield* listen("tcp", ":7");
        using conn = yield* listener.accept();
        yield* copy(conn, conn);
      },
    });
    yield* sleep(1);
    using conn = yield* dial("tcp", "server:7");
    yield* call(conn, 1 << sim.stream("client").choose(8)); // 64 KiB to 8 MiB.
  };
}

/** See the top of this file. */
export const pipelining: Bug = {
  name: "both ends write and neither reads",
  failure: /all goroutines are asleep/,
  options: { link: { latency: [0.1, 0.5] } },
  broken: client(oneAfterTheOther),
  mended: client(atTheSameTime),
};
