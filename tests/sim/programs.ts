// SPDX-License-Identifier: MIT
/** Programs of simulated hosts, for tests. */
import { go, listen, OpError, type Routine } from "../../mod.ts";

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
