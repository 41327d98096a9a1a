// SPDX-License-Identifier: MIT
/** Byte counters of a TLS connection: plaintext; those of the connection below, ciphertext. */
import assert from "node:assert/strict";
import { byteCounters, go } from "../../mod.ts";
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
