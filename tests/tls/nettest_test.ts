// SPDX-License-Identifier: MIT
/**
 * TLS by the suite of nettest: over sockets with both engines, over a pipe, within TLS, and with a
 * kernel that encrypts.
 */
import "../support/poller.ts";
import {
  go,
  pipe,
  type Routine,
  tlsClient,
  type TLSConn,
  tlsDial,
  tlsListen,
  tlsServer,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { Kernel, withKernelTLS } from "../fixtures/kernel_tls_fixture.ts";
import { only } from "../support/harness.ts";
import { casesOf, type Pair, testConn } from "../support/nettest.ts";
import type { Conn } from "../../mod.ts";
import { noOpenSSL } from "../support/tls_engines.ts";
import { SERVER } from "../support/tls_pair.ts";

const CLIENT = { ca: SERVER.cert, servername: "localhost" };

function pairOf(c1: Conn, c2: Conn): Pair {
  return { c1, c2, stop: () => [c1, c2].forEach((each) => each[Symbol.dispose]()) };
}

/** Both ends, over sockets. */
function* overSockets(engine: "openssl" | "host", kTLS = false): Routine<Pair> {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, engine, kTLS });
  const accepting = go(() => listener.accept());
  const client = yield* tlsDial("tcp", String(listener.addr), { ...CLIENT, engine, kTLS });
  const server = yield* accepting.join();
  yield* server.handshake();
  return pairOf(client, server);
}

/** Both ends, over `a` and `b`. */
function* over(a: Conn, b: Conn): Routine<[TLSConn, TLSConn]> {
  const server = tlsServer(b, { ...SERVER, engine: "openssl" });
  const client = tlsClient(a, { ...CLIENT, engine: "openssl" });
  yield* client.handshake();
  yield* server.handshake();
  return [client, server];
}

const skip = noOpenSSL;

testConn("tls, openssl", () => overSockets("openssl"), { skip });
testConn("tls, host", () => overSockets("host"), { driver: "run" });
testConn("tls over a pipe", function* () {
  const [client, server] = yield* over(...pipe());
  return pairOf(client, server);
}, { skip });
testConn("tls within tls", function* () {
  const outer = yield* overSockets("openssl");
  const [client, server] = yield* over(outer.c1, outer.c2);
  return pairOf(client, server);
}, { skip });

const notLinux = platform().os !== "linux" && "the library uses kernel TLS on Linux alone";
// Both ends are the same, so it is enough to try each in one role.
const inOneRole = casesOf(() => overSockets("openssl", true)).slice(0, 11);
for (const { name, body } of inOneRole) {
  only(
    "run",
    `tls, encrypted by the kernel: ${name}`,
    () => withKernelTLS(new Kernel(), body),
    notLinux || noOpenSSL,
  );
}
