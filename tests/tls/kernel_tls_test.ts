// SPDX-License-Identifier: MIT
/**
 * Kernel TLS: with a kernel of the test that encrypts by the keys that it received, and a peer that
 * must decrypt every byte; and without, where the option has no effect.
 */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  background,
  byteCounters,
  cancellable,
  type Conn,
  copy,
  go,
  isCanceled,
  isTimeout,
  type OpError,
  platformInfo,
  readAll,
  type Routine,
  sendFile,
  splice,
  withCancel,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import type { OpenSSLConn } from "../../src/tls/openssl/conn.ts";
import { TrafficSecret } from "../../src/tls/openssl/traffic_secret.ts";
import { Kernel, withKernelTLS } from "../fixtures/kernel_tls_fixture.ts";
import { errnoOf, only, pair, parked, thrown } from "../support/harness.ts";
import {
  by,
  engine,
  noOpenSSL,
  openSSLTest,
  tlsDial,
  tlsListen,
  tlsTest,
} from "../support/tls_engines.ts";
import { SERVER, tlsPair } from "../support/tls_pair.ts";
import {
  both,
  end,
  equal,
  LENGTHS,
  pairWith,
  pattern,
  reader,
  transfer,
  updateKeys,
} from "../support/kernel_tls_transfers.ts";

const CIPHERS = {
  TLS_AES_128_GCM_SHA256: "aes-128-gcm",
  TLS_AES_256_GCM_SHA384: "aes-256-gcm",
  TLS_CHACHA20_POLY1305_SHA256: "chacha20-poly1305",
};
const AES = "TLS_AES_128_GCM_SHA256";
const NOT_LINUX: string | false = platform().os !== "linux" &&
  "the calls of the library for kernel TLS are Linux's";
const skip = NOT_LINUX || noOpenSSL;

const folder = mkdtempSync(join(tmpdir(), "netpoll-kernel-tls-"));
after(() => rmSync(folder, { recursive: true }));
const FILE = join(folder, "file");
const CONTENT = pattern(700_123);
writeFileSync(FILE, CONTENT);

/** A test on a kernel that has TLS. */
function kernelTest(
  name: string,
  main: (kernel: Kernel) => Routine<void>,
  also: string | false = false,
): void {
  openSSLTest(name, function* () {
    const kernel = new Kernel();
    yield* withKernelTLS(kernel, () => main(kernel));
    assert.equal(kernel.lost, 0, "bytes of records were lost");
  }, NOT_LINUX || also);
}

for (const [suite, aead] of Object.entries(CIPHERS)) {
  for (const side of ["client", "server", "both"] as const) {
    kernelTest(`${suite}, encrypted by the kernel (${side})`, function* (kernel) {
      const [client, server] = yield* pairWith(side, { ciphers: suite });
      assert.equal(client.cipher, suite);
      assert.equal(client.kernelTLS, side !== "server");
      assert.equal(server.kernelTLS, side !== "client");
      assert.deepEqual(kernel.keys, side === "both" ? [aead, aead] : [aead]);
      yield* both(client, server);
      const sum = LENGTHS.reduce((a, b) => a + b) * kernel.keys.length;
      assert.equal(kernel.by.send, sum);
      yield* end(client, server);
    });
  }
}

for (const side of ["client", "server"] as const) {
  only(
    "run",
    `${side} of node:tls against a peer with kernel TLS`,
    by("openssl", function* () {
      const kernel = new Kernel();
      yield* withKernelTLS(kernel, function* () {
        const own = side === "client" ? "server" : "client";
        const [client, server] = yield* pairWith(own, { engine: "host" });
        assert.equal((own === "client" ? client : server).kernelTLS, true);
        yield* both(client, server);
        const [ours, theirs] = own === "client" ? [client, server] : [server, client];
        const rest = reader(theirs);
        yield* ours.write("the last");
        ours.close();
        assert.equal(new TextDecoder().decode(yield* rest.join()), "the last");
        theirs.close();
      });
      assert.equal(kernel.lost, 0);
    }),
    skip,
  );
}

kernelTest("a session is resumed, and issues tickets for the next one", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, kTLS: true });
  const options = { ca: SERVER.cert, resume: true, kTLS: true };
  for (let i = 0; i < 3; i++) {
    const accepting = go(() => listener.accept());
    const client = yield* tlsDial("tcp", String(listener.addr), options);
    const server = yield* accepting.join();
    yield* both(client, server);
    assert.deepEqual([client.resumed, client.kernelTLS, server.kernelTLS], [i > 0, true, true]);
    yield* end(client, server);
  }
});

kernelTest("partial writes arrive whole at a slow reader", function* () {
  const [client, server] = yield* pairWith("server");
  server.setWriteBuffer(32_768);
  client.setReadBuffer(100_000);
  const counters = byteCounters(server);
  const bytes = pattern(1_000_003);
  const pieces = [bytes.subarray(0, 5), bytes.subarray(5, 400_000), bytes.subarray(400_000)];
  const writing = go(function* write() {
    assert.equal(yield* server.writev(pieces), bytes.length);
    server.close();
  });
  yield* parked(writing);
  equal(yield* readAll(client), bytes);
  yield* writing.join();
  assert.equal(counters.bytesWritten, bytes.length);
  client.close();
});

kernelTest("close() loses no data still held by the kernel", function* (kernel) {
  const [client, server] = yield* pairWith("server");
  server.setWriteBuffer(32_768);
  client.setReadBuffer(100_000);
  const chunk = pattern(16_384);
  let chunks = 0;
  for (; kernel.held === 0; chunks++) yield* server.write(chunk);
  server.close();
  equal(yield* readAll(client), Buffer.concat(Array.from({ length: chunks }, () => chunk)));
  client.close();
});

kernelTest("close() looks again when TCP has nothing for a moment", function* (kernel) {
  const [client, server] = yield* pairWith("server");
  server.setWriteBuffer(32_768);
  client.setReadBuffer(100_000);
  const chunk = pattern(16_384);
  let chunks = 0;
  for (; kernel.held === 0; chunks++) yield* server.write(chunk);
  kernel.blindLooks = 1;
  server.close();
  equal(yield* readAll(client), Buffer.concat(Array.from({ length: chunks }, () => chunk)));
  client.close();
});

kernelTest("sendFile passes the file to the kernel", function* (kernel) {
  const [client, server] = yield* pairWith("server");
  const counters = byteCounters(server);
  const reading = reader(client);
  yield* server.write("head");
  assert.equal(yield* sendFile(server, FILE), CONTENT.length);
  const file = openSync(FILE, "r");
  assert.equal(yield* sendFile(server, file, { offset: 700_000, length: 1 << 20 }), 123);
  assert.equal(yield* sendFile(server, file, { offset: 10, length: 20 }), 20);
  assert.equal(yield* sendFile(server, file, { offset: 900_000 }), 0);
  closeSync(file);
  yield* server.write("tail");
  const sent = kernel.by.sendFile;
  server.close();
  const parts = [
    "head",
    CONTENT,
    CONTENT.subarray(700_000),
    CONTENT.subarray(10, 30),
    "tail",
  ];
  equal(yield* reading.join(), Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  assert.equal(sent, CONTENT.length + 143);
  assert.equal(counters.bytesWritten, CONTENT.length + 143 + 8);
  client.close();
});

kernelTest("sendFile before the handshake waits for it", function* (kernel) {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, kTLS: true });
  const serving = go(function* serve() {
    using server = yield* listener.accept();
    assert.equal(yield* sendFile(server, FILE), CONTENT.length);
  });
  const client = yield* tlsDial("tcp", String(listener.addr), { ca: SERVER.cert });
  equal(yield* readAll(client), CONTENT);
  yield* serving.join();
  assert.equal(kernel.by.sendFile, CONTENT.length);
  client.close();
});

kernelTest("splice and copy move a socket's bytes inside the kernel", function* (kernel) {
  const [client, server] = yield* pairWith("both");
  const [a, b] = yield* pair();
  const moved: number[] = [];
  const proxy = go(function* proxy() {
    const first = yield* splice(b, server, { length: 100_000 });
    const rest = yield* copy(server, b, { onProgress: (n) => void moved.push(n) });
    server.closeWrite();
    return [first, rest];
  });
  const reading = reader(client);
  yield* a.write(CONTENT);
  a.close();
  equal(yield* reading.join(), CONTENT);
  assert.deepEqual(yield* proxy.join(), [100_000, CONTENT.length - 100_000]);
  assert.equal(kernel.by.splice, CONTENT.length);
  assert.equal(moved.reduce((sum, n) => sum + n, 0), CONTENT.length - 100_000);
  // Out of a TLS connection they pass through the process.
  const back = go(() => copy(b, server));
  yield* client.write("back");
  client.closeWrite();
  assert.equal(yield* back.join(), 4);
  for (const each of [b, client, server]) each.close();
});

kernelTest("a copy that is cancelled counts what it moved", function* () {
  const [client, server] = yield* pairWith("server");
  const [a, b] = yield* pair();
  const counters = byteCounters(server);
  const [ctx, cancel] = withCancel(background());
  const copying = go(() => thrown(cancellable(copy(server, b), ctx)));
  yield* a.write("some");
  assert.equal(yield* client.readFull(new Uint8Array(4)), 4);
  yield* parked(copying);
  cancel();
  const error = (yield* copying.join()) as OpError;
  assert.deepEqual([error.bytesWritten, counters.bytesWritten], [4, 4]);
  for (const each of [a, b, client, server]) each.close();
});

kernelTest("either side may half-close", function* () {
  const [client, server] = yield* pairWith("both");
  server.closeWrite();
  assert.equal(yield* client.read(new Uint8Array(1)), null);
  const error = yield* thrown(server.write("more")) as Routine<OpError>;
  assert.equal(error.code, "EPIPE");
  const file = yield* thrown(sendFile(server, FILE)) as Routine<OpError>;
  assert.deepEqual([file.code, file.bytesWritten], ["EPIPE", 0]);
  yield* transfer(client, server);
  client.close();
  assert.equal(yield* server.read(new Uint8Array(1)), null);
  server.close();
});

kernelTest("closeWrite during sendFile takes effect after the file", function* (kernel) {
  const [client, server] = yield* pairWith("server");
  server.setWriteBuffer(32_768);
  client.setReadBuffer(100_000);
  kernel.onSendFile = () => server.closeWrite();
  const reading = reader(client);
  assert.equal(yield* sendFile(server, FILE), CONTENT.length);
  equal(yield* reading.join(), CONTENT);
  server.close();
  client.close();
});

openSSLTest("close during sendFile ends it, and the peer detects the truncation", function* () {
  yield* withKernelTLS(new Kernel(), function* () {
    const [client, server] = yield* pairWith("server");
    server.setWriteBuffer(32_768);
    client.setReadBuffer(100_000);
    const sending = go(() => thrown(sendFile(server, FILE)));
    yield* parked(sending);
    server.close();
    const error = yield* sending.join() as Routine<OpError>;
    assert.match(error.message, /closed/);
    const cut = yield* thrown(readAll(client)) as Routine<Error>;
    assert.equal(cut.name, "UnexpectedEOFError");
    client.close();
  });
}, NOT_LINUX);

/** Ways to write until the peer reads. */
const WRITES: Record<string, (conn: Conn, cancel?: AbortSignal) => Routine<number>> = {
  write: (conn, cancel) => conn.write(CONTENT, cancel),
  sendFile: (conn, cancel) => sendFile(conn, FILE, { cancel }),
};

for (const [way, write] of Object.entries(WRITES)) {
  kernelTest(
    `${way}: a deadline and a cancellation end it, and the connection stays usable`,
    function* () {
      const [client, server] = yield* pairWith("server");
      server.setWriteBuffer(32_768);
      client.setReadBuffer(100_000);
      server.setWriteDeadline(Date.now() + 30);
      const late = yield* thrown(write(server)) as Routine<OpError>;
      assert.ok(isTimeout(late), String(late));
      server.setWriteDeadline(null);
      const controller = new AbortController();
      const writing = go(() => thrown(write(server, controller.signal)));
      yield* parked(writing);
      controller.abort();
      const canceled = yield* writing.join() as Routine<OpError>;
      assert.ok(isCanceled(canceled), String(canceled));
      const reading = reader(client);
      yield* server.write("tail");
      server.close();
      const whole = yield* reading.join();
      const [first, second] = [late.bytesWritten!, canceled.bytesWritten!];
      assert.ok(first < CONTENT.length, `${first}`);
      equal(
        whole,
        Buffer.concat([
          CONTENT.subarray(0, first),
          CONTENT.subarray(0, second),
          Buffer.from("tail"),
        ]),
      );
      client.close();
    },
  );
}

kernelTest("a key update of the peer takes effect", function* () {
  const [client, server] = yield* pairWith("server");
  updateKeys(client, 0);
  yield* both(client, server);
  yield* end(client, server);
});

kernelTest("a key update request is an error of the connection", function* () {
  const [client, server] = yield* pairWith("server");
  updateKeys(client, 1);
  yield* client.write("x");
  const buf = new Uint8Array(8);
  assert.equal(yield* server.read(buf), 1);
  const calls = [() => server.read(buf), () => server.write("y"), () => sendFile(server, FILE)];
  for (const call of calls) {
    const error = yield* thrown(call() as Routine<unknown>) as Routine<OpError>;
    assert.equal(error.code, "ERR_TLS_KEY_UPDATE", String(error));
    assert.match(error.message, /requested new keys \(KeyUpdate\)/);
  }
  const told = yield* thrown(client.read(buf)) as Routine<OpError>;
  assert.match(told.message, /alert internal error/);
  server.close();
  client.close();
});

kernelTest("a forged record is answered by an alert", function* () {
  const [client, server] = yield* pairWith("server");
  yield* client.conn.write(Uint8Array.of(23, 3, 3, 0, 40, ...pattern(40)));
  const error = yield* thrown(server.read(new Uint8Array(8))) as Routine<OpError>;
  assert.equal(error.code, "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC");
  const told = yield* thrown(client.read(new Uint8Array(8))) as Routine<OpError>;
  assert.match(told.message, /bad record mac/);
  server.close();
  client.close();
});

kernelTest("the secret is erased, and logged only to a configured key log", function* () {
  const lines: string[] = [];
  const [client, server] = yield* tlsPair(
    { kTLS: true },
    { kTLS: true, keyLog: (line) => void lines.push(line) },
  );
  for (const conn of [client, server]) {
    const { handle } = conn as OpenSSLConn;
    assert.deepEqual([handle!.kernel, handle!.secret!.known], [true, false]);
  }
  assert.ok(
    lines.some((line) => /^SERVER_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]{64,96}$/.test(line)),
  );
  yield* both(client, server);
  yield* end(client, server);
});

for (
  const [name, refusal] of Object.entries({
    "without TLS": { attach: "ENOENT" },
    "older than that": { attach: "ENOPROTOOPT" },
    "without the cipher": { key: "EINVAL" },
  })
) {
  openSSLTest(`a kernel ${name} leaves the connection to OpenSSL`, function* () {
    const errnos = Object.entries(refusal).map(([call, errno]) => [call, errnoOf(errno)]);
    const kernel = new Kernel(Object.fromEntries(errnos));
    yield* withKernelTLS(kernel, function* () {
      const [client, server] = yield* pairWith("both", { ciphers: AES });
      assert.deepEqual([client.kernelTLS, server.kernelTLS], [false, false]);
      for (const conn of [client, server]) {
        assert.equal((conn as OpenSSLConn).handle!.secret!.known, false);
      }
      yield* both(client, server);
      yield* end(client, server);
      assert.deepEqual(kernel.by, { send: 0, sendFile: 0, splice: 0 });
    });
  }, NOT_LINUX);
}

kernelTest("TLS 1.2, which has no such secret, stays with OpenSSL", function* (kernel) {
  const options = { kTLS: true, maxVersion: "TLSv1.2" } as const;
  const [client, server] = yield* tlsPair(options, options);
  assert.deepEqual([client.kernelTLS, server.kernelTLS, kernel.keys.length], [false, false, 0]);
  yield* both(client, server);
  yield* end(client, server);
});

tlsTest("kTLS works on this kernel, or falls back", function* () {
  const [client, server] = yield* tlsPair({ kTLS: true }, { kTLS: true });
  const has = engine() === "openssl" && platformInfo().kernelTLS;
  // One that has it may still lack the cipher.
  if (!has) assert.deepEqual([client.kernelTLS, server.kernelTLS], [false, false]);
  yield* both(client, server);
  const reading = reader(client);
  assert.equal(yield* sendFile(server, FILE), CONTENT.length);
  server.close();
  equal(yield* reading.join(), CONTENT);
  client.close();
});

openSSLTest("platformInfo reports kernel TLS support", function* () {
  const before = platformInfo().kernelTLS;
  yield* withKernelTLS(new Kernel(), function* () {
    assert.equal(platformInfo().kernelTLS, true);
  });
  yield* withKernelTLS(new Kernel({ attach: errnoOf("ENOENT") }), function* () {
    assert.equal(platformInfo().kernelTLS, false);
  });
  assert.equal(platformInfo().kernelTLS, before);
}, NOT_LINUX);

test("the key of a secret matches RFC 8448, section 3", () => {
  const secret = new TrafficSecret("client");
  const hex = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
  const line = (label: string) => new TextEncoder().encode(`${label} ${"0".repeat(64)} ${hex}`);
  secret.take(line("SERVER_TRAFFIC_SECRET_0"));
  assert.equal(secret.known, false);
  secret.take(line("CLIENT_TRAFFIC_SECRET_0"));
  const { key, iv } = secret.key(AES, 0);
  assert.equal(Buffer.from(key).toString("hex"), "17422dda596ed5d9acd890e3c63f5051");
  assert.equal(Buffer.from(iv).toString("hex"), "5b78923dee08579033e523d9");
  secret.wipe();
  assert.equal(secret.known, false);
});
