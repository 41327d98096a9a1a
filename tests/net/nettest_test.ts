// SPDX-License-Identifier: MIT
/** Every network by the suite of golang.org/x/net/nettest: TCP, Unix sockets, `pipe()`. */
import { dial, go, listen, pipe, type Routine } from "../../mod.ts";
import { onWindows, wineGap } from "../support/harness.ts";
import { type Pair, testConn } from "../support/nettest.ts";

/** The dialled end and the accepted one; the listener stays open until the pair is stopped. */
function* makePair(network: "tcp" | "tcp6", address: string): Routine<Pair> {
  const listener = yield* listen(network, address);
  const accepting = go(() => listener.accept());
  const c1 = yield* dial(network, String(listener.addr));
  const c2 = yield* accepting.join();
  const all = [c1, c2, listener];
  return { c1, c2, stop: () => all.forEach((each) => each[Symbol.dispose]()) };
}

/** As `makePair`, over the socket of a name that the system chooses. */
function* makeUnixPair(network: "unix" | "unixpacket"): Routine<Pair> {
  const listener = yield* listen(network, "");
  const accepting = go(() => listener.accept());
  const c1 = yield* dial(network, String(listener.addr));
  const c2 = yield* accepting.join();
  const all = [c1, c2, listener];
  return { c1, c2, stop: () => all.forEach((each) => each[Symbol.dispose]()) };
}

testConn("tcp", () => makePair("tcp", "127.0.0.1:0"));
testConn("tcp6", () => makePair("tcp6", "[::1]:0"));
testConn("unix", () => makeUnixPair("unix"), { skip: wineGap("AF_UNIX") });
testConn("unixpacket", () => makeUnixPair("unixpacket"), {
  skip: onWindows && "Windows has no Unix sockets of packets",
});
testConn("pipe", function* () {
  const [c1, c2] = pipe();
  return { c1, c2, stop: () => [c1, c2].forEach((each) => each.close()) };
});
