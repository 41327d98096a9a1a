// SPDX-License-Identifier: MIT
/** TLS between simulated hosts: the engine is real, and the connections are simulated. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Routine, tlsDial, tlsListen } from "../../mod.ts";
import { simulateSync, type Simulation } from "../../sim.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { noOpenSSL } from "../support/tls_engines.ts";

/** An RSA key, whose signatures have one length: that of a packet is part of a run's hash. */
const SERVER = certificate("rsa");

function* greeted(sim: Simulation): Routine<string> {
  const server = sim.host("server", {
    *main() {
      using listener = yield* tlsListen("tcp", ":443", SERVER);
      using conn = yield* listener.accept();
      yield* conn.write("hello");
      yield* conn.read(new Uint8Array(1));
    },
  });
  sim.link(server, sim.test, { latency: [1, 20], loss: 0.05 });
  using conn = yield* tlsDial("tcp", "server:443", { ca: SERVER.cert, servername: "localhost" });
  const buf = new Uint8Array(5);
  yield* conn.readFull(buf);
  return new TextDecoder().decode(buf);
}

test("TLS works between simulated hosts, and a seed repeats its run", { skip: noOpenSSL }, () => {
  for (const faults of ["none", "mild"] as const) {
    const runs = Array.from({ length: 5 }, () => simulateSync({ seed: 3, faults }, greeted));
    assert.deepEqual([...new Set(runs.map(({ value }) => value))], ["hello"]);
    assert.equal(new Set(runs.map(({ hash }) => hash)).size, 1, faults);
  }
});
