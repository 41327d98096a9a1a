// SPDX-License-Identifier: MIT
/** The bridges by the suite of nettest: TLS, and a Duplex of a connection as a connection again. */
import "../support/poller.ts";
import { dial, fromDuplex, go, listen, type Routine, toDuplex } from "../../mod.ts";
import { type Pair, testConn } from "../support/nettest.ts";
import { tlsPair } from "../support/tls_pair.ts";

// The engine of TLS, and streams, need the host's loop.
const driver = "run";

testConn("tls", function* (): Routine<Pair> {
  const [c1, c2] = yield* tlsPair();
  return { c1, c2, stop: () => [c1, c2].forEach((each) => each[Symbol.dispose]()) };
}, { driver });

testConn("duplex", function* (): Routine<Pair> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const accepting = go(() => listener.accept());
  const c1 = yield* dial("tcp", String(listener.addr));
  const c2 = fromDuplex(toDuplex(yield* accepting.join()));
  return { c1, c2, stop: () => [c1, c2].forEach((each) => each[Symbol.dispose]()) };
}, { driver });
