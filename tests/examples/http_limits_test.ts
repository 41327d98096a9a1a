// SPDX-License-Identifier: MIT
/** Clients of the HTTP example that are slow to send or to receive. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { QuickResponse } from "../../examples/http/outgoing.ts";
import { serveHttp } from "../../examples/http/serve.ts";
import { type Conn, dial, go, isTimeout, listen, readAll, type Routine, run } from "../../mod.ts";

const IDLE_MS = 100;
const LONG = new Uint8Array(64 << 20);

/** Serves one connection, and returns what `client` returns and the error that ended the serving. */
function serving<T>(client: (conn: Conn) => Routine<T>): Promise<[T, unknown]> {
  return run(function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    using conn = yield* dial("tcp", String(listener.addr));
    const accepted = yield* listener.accept();
    const served = go(function* () {
      try {
        yield* serveHttp(accepted, () => new QuickResponse(LONG), undefined, IDLE_MS);
        accepted.close();
        return null;
      } catch (error) {
        accepted.abort();
        return error;
      }
    });
    const result = yield* client(conn);
    return [result, yield* served.join()] as [T, unknown];
  });
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("an idle connection is closed without a word", async () => {
  const [said, error] = await serving((conn) => readAll(conn));
  assert.equal(decode(said), "");
  assert.equal(error, null);
});

test("a request that does not come to its end is answered by 408", async () => {
  const [said, error] = await serving(function* (conn) {
    yield* conn.write("GET / HTTP/1.1\r\nhost: x\r\n");
    return yield* readAll(conn);
  });
  assert.match(decode(said), /^HTTP\/1\.1 408 Request Timeout\r\n.*connection: close\r\n/s);
  assert.equal(error, null);
});

test("a client that does not take its answer is cut off", async () => {
  const [, error] = await serving((conn) => conn.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
  assert.ok(isTimeout(error), String(error));
});
