// SPDX-License-Identifier: MIT
/** A write that ends at its deadline has sent a part, and the retry sends that part again. */
import assert from "node:assert/strict";
import { dial, go, listen, OpError, type Routine, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import type { Bug } from "./bug.ts";

const SIZE = 400_000;

/** `rest` returns the bytes to send after a write that failed. */
function senderThatResumes(rest: (data: Uint8Array, error: OpError) => Uint8Array) {
  return function* (sim: Simulation): Routine<void> {
    const received = sim.host("server").go(function* () {
      using listener = yield* listen("tcp", ":7");
      using conn = yield* listener.accept();
      const buf = new Uint8Array(65_536);
      let at = 0;
      for (let n; (n = yield* conn.read(buf)) !== null;) {
        for (let i = 0; i < n; i++) assert.equal(buf[i], at++ % 251, "a byte in a wrong place");
        yield* sleep(sim.stream("reader").between(0, 200));
      }
      return at;
    });
    yield* sleep(1);
    const conn = yield* dial("tcp", "server:7", { writeBuffer: 20_000 });
    const sending = go(function* () {
      let data = Uint8Array.from({ length: SIZE }, (_, i) => i % 251);
      while (data.length > 0) {
        conn.setWriteDeadline(Date.now() + 500);
        try {
          yield* conn.write(data);
          data = new Uint8Array(0);
        } catch (error) {
          if (!(error instanceof OpError && error.timeout)) throw error;
          data = rest(data, error) as typeof data;
        }
      }
      conn.close();
    });
    yield* sending.join();
    assert.equal(yield* received.join(), SIZE);
  };
}

/** See the top of this file. */
export const partialWrite: Bug = {
  name: "partial write forgotten",
  failure: /a byte in a wrong place/,
  options: { link: { latency: [1, 5] } },
  broken: senderThatResumes((data) => data),
  mended: senderThatResumes((data, { bytesWritten }) => data.subarray(bytesWritten)),
};
