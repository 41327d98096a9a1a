// SPDX-License-Identifier: MIT
/** What close() must never do, in numbers: lose a byte, or leave a descriptor. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { type Conn, dial, go, gosched, listen, OpError, type Routine, sleep } from "../../mod.ts";
import { openSockets, pairOn, runBy } from "../support/harness.ts";
import { pattern } from "../support/pattern.ts";

const ANSWER = 8 << 20;
const ROUNDS = 100;
const CONNECTIONS = 10_000;
/** Connections that are open at once. */
const BATCH = 50;

/** The answer, in which every place is different from its neighbors. */
const answer = pattern(ANSWER);

/** Reads to the end, with pauses, while it goes on sending what the peer never reads. */
function* slowPeer(conn: Conn): Routine<number> {
  const buf = new Uint8Array(256 * 1024);
  const chatter = new Uint8Array(100);
  let got = 0;
  let heard = true;
  for (let n; (n = yield* conn.read(buf)) !== null; got += n) {
    const [came, want] = [buf.subarray(0, n), answer.subarray(got, got + n)];
    assert.equal(Buffer.compare(came, want), 0, `from byte ${got} on something else came`);
    if (got === 0) yield* sleep(2);
    try {
      if (heard) yield* conn.write(chatter);
    } catch (error) {
      // The other side is rid of the connection; what it sent first is still to be read.
      assert.ok(error instanceof OpError);
      heard = false;
    }
    yield* gosched();
  }
  return got;
}

for (const driver of ["run", "runSync"] as const) {
  const title = `${ROUNDS} answers of 8 MB, each with close() behind it, arrive whole`;
  test(`${title} (${driver})`, () =>
    runBy(driver, function* () {
      using listener = yield* listen("tcp", "127.0.0.1:0");
      for (let round = 0; round < ROUNDS; round++) {
        const [client, server] = yield* pairOn(listener);
        // On its way when the server closes, and never read.
        yield* client.write(new Uint8Array(100_000));
        const reading = go(slowPeer, client);
        assert.equal(yield* server.write(answer), ANSWER);
        server.close();
        assert.equal(yield* reading.join(), ANSWER, `round ${round}`);
        client.close();
      }
    }));

  test(`${CONNECTIONS} connections leave no socket (${driver})`, async () => {
    const before = openSockets();
    await runBy(driver, function* () {
      using listener = yield* listen("tcp", "127.0.0.1:0");
      const address = String(listener.addr);
      for (let i = 0; i < CONNECTIONS; i += BATCH) {
        const dialling = Array.from({ length: BATCH }, () => go(() => dial("tcp", address)));
        for (let each = 0; each < BATCH; each++) {
          const accepted = yield* listener.accept();
          // Every other one has something under way.
          if (each % 2 === 0) yield* accepted.write(new Uint8Array(10));
          accepted.close();
        }
        for (const [each, g] of dialling.entries()) {
          const conn = yield* g.join();
          if (each % 3 === 0) conn.abort();
          else conn.close();
        }
      }
    });
    // Of sockets alone: the runtime has descriptors for each of its threads, and starts those when it likes.
    const left = openSockets() - before;
    assert.ok(left <= 0, `${left} sockets left`);
  });
}
