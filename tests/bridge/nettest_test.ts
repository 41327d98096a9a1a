// SPDX-License-Identifier: MIT
/** A Duplex of a connection as a connection again, by the suite of nettest. */
import "../support/poller.ts";
import { dial, fromDuplex, go, listen, type Routine, toDuplex } from "../../mod.ts";
import { type Pair, testConn } from "../support/nettest.ts";

// Streams need the host's loop.
const driver = "run";

testConn("duplex", function* (): Routine<Pair> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const accepting = go(() => listener.accept());
  const c1 = yield* dial("tcp", String(listener.addr));
  const c2 = fromDuplex(toDuplex(yield* accepting.join()));
  return { c1, c2, stop: () => [c1, c2].forEach((each) => each[Symbol.dispose]()) };
}, { driver });
