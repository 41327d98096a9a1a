// SPDX-License-Identifier: MIT
/** A deadline passes in the middle of a frame, and the next read begins with the rest of that frame. */
import assert from "node:assert/strict";
import { dial, listen, OpError, type Routine, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import type { Bug } from "./bug.ts";

const FRAMES = 20;
const LENGTH = 8;

/** A reader that looks for other work every 10 ms. `kept`: how much of a frame it keeps then. */
function readerThatKeeps(kept: (error: OpError) => number) {
  return function* (sim: Simulation): Routine<void> {
    sim.host("server", {
      *main() {
        using listener = yield* listen("tcp", ":7");
        using conn = yield* listener.accept();
        for (let frame = 0; frame < FRAMES; frame++) {
          yield* conn.write(new Uint8Array(LENGTH / 2).fill(frame));
          yield* sleep(sim.stream("server").between(0, 1));
          yield* conn.write(new Uint8Array(LENGTH / 2).fill(frame));
          yield* sleep(sim.stream("server").between(0, 30));
        }
      },
    });
    yield* sleep(1);
    using conn = yield* dial("tcp", "server:7");
    const buf = new Uint8Array(LENGTH);
    for (let frame = 0, at = 0; frame < FRAMES;) {
      conn.setReadDeadline(Date.now() + 10);
      try {
        yield* conn.readFull(buf.subarray(at));
      } catch (error) {
        if (!(error instanceof OpError && error.timeout)) throw error;
        at += kept(error);
        continue;
      }
      assert.deepEqual([...new Set(buf)], [frame], "frames are mixed");
      frame++;
      at = 0;
    }
  };
}

/** See the top of this file. */
export const deadlineRace: Bug = {
  name: "deadline in the middle of a frame",
  failure: /frames are mixed|unexpected EOF/,
  options: { link: { latency: [1, 2] } },
  broken: readerThatKeeps(() => 0),
  mended: readerThatKeeps((error) => error.bytesRead!),
};
