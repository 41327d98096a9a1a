// SPDX-License-Identifier: MIT
/** Byte counters of a TLS connection: plaintext; those of the connection below, ciphertext. */
import assert from "node:assert/strict";
import {
  background,
  byteCounters,
  cancellable,
  type Conn,
  copy,
  go,
  type Routine,
  withCancel,
} from "../../mod.ts";
import { pair, parked, thrown } from "../support/harness.ts";
import { tlsTest } from "../support/tls_engines.ts";
import { tlsPair } from "../support/tls_pair.ts";

const LENGTH = 100_000;

tlsTest("the TLS connection counts plaintext, the connection below ciphertext", function* () {
  const [client, server] = yield* tlsPair();
  using _client = client, _server = server;
  const plain = [byteCounters(client), byteCounters(server)];
  const cipher = [byteCounters(client.conn), byteCounters(server.conn)];
  const before = cipher[1].bytesRead;
  const writing = go(function* () {
    yield* client.write("hello");
    yield* client.writev([new Uint8Array(2), new Uint8Array(3)]);
    yield* client.write(new Uint8Array(LENGTH), AbortSignal.timeout(60_000));
    client.closeWrite();
  });
  const buf = new Uint8Array(4096);
  let total = yield* server.read(buf) ?? 0;
  {
    using chunks = server.chunks();
    total = total! + (yield* chunks.next())!.length;
  }
  for (let n; (n = yield* server.read(buf)) !== null;) total = total! + n;
  yield* writing.join();
  assert.equal(total, LENGTH + 10);
  assert.equal(plain[0].bytesWritten, LENGTH + 10);
  assert.equal(plain[1].bytesRead, LENGTH + 10);
  assert.equal(plain[1].bytesWritten, 0);
  const received = cipher[1].bytesRead - before;
  assert.ok(received > LENGTH + 10, `${received} bytes of ciphertext`);
});

/** Writes that a peer that does not read ends up delaying. */
const WRITES: Record<string, (conn: Conn, from: Conn) => Routine<number>> = {
  write: (conn) => conn.write(new Uint8Array(1 << 24)),
  writev: (conn) => conn.writev([new Uint8Array(1 << 24), new Uint8Array(1)]),
  copy: (conn, from) => copy(conn, from),
};

for (const [name, start] of Object.entries(WRITES)) {
  tlsTest(`cancellable of ${name} reports what the peer then reads`, function* () {
    const [client, server] = yield* tlsPair();
    const [near, from] = yield* pair();
    near.setLinger(0);
    using _client = client, _server = server, _near = near, _from = from;
    const counters = byteCounters(client);
    const feeding = go(() => thrown(near.write(new Uint8Array(1 << 24))));
    const [ctx, cancel] = withCancel(background());
    const writing = go(() => thrown(cancellable(start(client, from), ctx)));
    const buf = new Uint8Array(1 << 16);
    let got = (yield* server.read(buf))!;
    yield* parked(writing);
    cancel();
    const error = (yield* writing.join()) as { bytesWritten?: number };
    client.closeWrite();
    for (let n; (n = yield* server.read(buf)) !== null;) got += n;
    assert.equal(error.bytesWritten, got);
    assert.equal(counters.bytesWritten, got);
    near.abort();
    yield* feeding.join();
  });
}
