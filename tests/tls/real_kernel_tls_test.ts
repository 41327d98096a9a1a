// SPDX-License-Identifier: MIT
/**
 * Kernel TLS on a kernel that has it, against peers without: `npm run test:ktls` boots one. Beside
 * the data, the kernel's own counters and the system calls show who has encrypted.
 */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import {
  type Conn,
  copy,
  go,
  isTimeout,
  type OpError,
  platformInfo,
  readAll,
  type Routine,
  sendFile,
  sleep,
  type TLSConn,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { only, pair, parked, thrown } from "../support/harness.ts";
import {
  both,
  end,
  equal,
  pairWith,
  pattern,
  reader,
  transfer,
  updateKeys,
} from "../support/kernel_tls_transfers.ts";
import { by, noOpenSSL, openSSLTest } from "../support/tls_engines.ts";

const skip: string | false = noOpenSSL ||
  (!platformInfo().kernelTLS && "this kernel has no TLS: npm run test:ktls");
const MEGABYTE = 1 << 20;
/** 64 MiB, of which no two records are alike. */
const TIMES = 64;
const SMALL = 32_768;
/** Closes with records in the kernel: enough to meet the moment in which TCP's queue is empty. */
const CLOSES = 20;
const CONTENT = pattern(700_123);

const folder = mkdtempSync(join(tmpdir(), "netpoll-real-kernel-tls-"));
after(() => rmSync(folder, { recursive: true }));
const FILE = join(folder, "file");
writeFileSync(FILE, CONTENT);

/** The kernel's count of connections for which it has got a key to send with. */
function encrypting(): number {
  const line = /^TlsTxSw\s+(\d+)$/m.exec(readFileSync("/proc/net/tls_stat", "utf8"));
  return Number(line![1]);
}

/** Counts the bytes that sendfile(2) and splice(2) move while `body` runs. */
function* counting<T>(body: (moved: { sendFile: number; splice: number }) => Routine<T>) {
  const system = platform() as { transfers: NonNullable<ReturnType<typeof platform>["transfers"]> };
  const { transfers } = system;
  const moved = { sendFile: 0, splice: 0 };
  const count = (way: "sendFile" | "splice", n: number) => {
    if (n > 0) moved[way] += n;
    return n;
  };
  system.transfers = {
    vector: transfers.vector,
    pipe: (capacity) => transfers.pipe(capacity),
    sendFile: (to, from, offset, length) =>
      count("sendFile", transfers.sendFile(to, from, offset, length)),
    splice: (from, to, length) => count("splice", transfers.splice(from, to, length)),
  };
  try {
    return yield* body(moved);
  } finally {
    system.transfers = transfers;
  }
}

/** Has `conn` send little at a time to a peer that is slow. */
function narrow(from: TLSConn, to: TLSConn): void {
  from.setWriteBuffer(SMALL);
  to.setReadBuffer(SMALL);
}

/** Writes to `conn` until nothing more is accepted; returns the number of bytes that were. */
function* fill(conn: Conn): Routine<number> {
  conn.setWriteDeadline(Date.now() + 30);
  const late = yield* thrown(conn.write(new Uint8Array(64 * MEGABYTE))) as Routine<OpError>;
  assert.ok(isTimeout(late), String(late));
  conn.setWriteDeadline(null);
  return late.bytesWritten!;
}

for (
  const suite of [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
  ]
) {
  for (const side of ["client", "server", "both"] as const) {
    openSSLTest(`${suite}, encrypted by this kernel (${side})`, function* () {
      const before = encrypting();
      const [client, server] = yield* pairWith(side, { ciphers: suite });
      assert.deepEqual([client.kernelTLS, server.kernelTLS], [
        side !== "server",
        side !== "client",
      ]);
      assert.equal(encrypting() - before, side === "both" ? 2 : 1);
      yield* both(client, server);
      yield* end(client, server);
    }, skip);
  }
}

for (const side of ["client", "server"] as const) {
  only(
    "run",
    `${side} of node:tls against this kernel`,
    by("openssl", function* () {
      const own = side === "client" ? "server" : "client";
      const [client, server] = yield* pairWith(own, { engine: "host" });
      const [ours, theirs] = own === "client" ? [client, server] : [server, client];
      assert.equal(ours.kernelTLS, true);
      yield* both(client, server);
      const rest = reader(theirs);
      assert.equal(yield* sendFile(ours, FILE), CONTENT.length);
      ours.close();
      equal(yield* rest.join(), CONTENT);
      theirs.close();
    }),
    skip,
  );
}

openSSLTest("64 MiB of writes arrive as they were", function* () {
  const [client, server] = yield* pairWith("server");
  const piece = pattern(MEGABYTE);
  const writing = go(function* write() {
    for (let i = 0; i < TIMES; i++) {
      piece[0] = i;
      yield* server.write(piece);
    }
    server.close();
  });
  const expected = pattern(MEGABYTE);
  const got = new Uint8Array(MEGABYTE);
  for (let i = 0; i < TIMES; i++) {
    assert.equal(yield* client.readFull(got), MEGABYTE);
    expected[0] = i;
    equal(got, expected);
  }
  assert.equal(yield* client.read(got), null);
  yield* writing.join();
  client.close();
}, skip);

openSSLTest("sendFile and copy go by sendfile(2) and splice(2)", function* () {
  yield* counting(function* (moved) {
    const [client, server] = yield* pairWith("server");
    const [a, b] = yield* pair();
    const reading = reader(client);
    yield* server.write("head");
    assert.equal(yield* sendFile(server, FILE), CONTENT.length);
    const writing = go(function* write() {
      yield* a.write(CONTENT);
      a.close();
    });
    assert.equal(yield* copy(server, b), CONTENT.length);
    yield* writing.join();
    yield* server.write("tail");
    server.close();
    const parts = [Buffer.from("head"), CONTENT, CONTENT, Buffer.from("tail")];
    equal(yield* reading.join(), Buffer.concat(parts));
    assert.equal(moved.sendFile, CONTENT.length);
    // Into a pipe, and out of it.
    assert.ok(moved.splice >= CONTENT.length, `${moved.splice}`);
    b.close();
    client.close();
  });
}, skip);

openSSLTest("close loses nothing that the kernel has accepted", function* () {
  for (let i = 0; i < CLOSES; i++) {
    const [client, server] = yield* pairWith("server");
    narrow(server, client);
    const written = yield* fill(server);
    server.close();
    // The kernel's worker and the acknowledgements meet at another point each time.
    const got = new Uint8Array(1000 + 3000 * (i % 7));
    let sum = 0;
    for (let n; (n = yield* client.read(got)) !== null; sum += n) {
      if (i % 3 === 0 && sum < 200_000) yield* sleep(1);
    }
    assert.equal(sum, written);
    client.close();
  }
}, skip);

openSSLTest("close during sendFile is detected by the peer", function* () {
  const [client, server] = yield* pairWith("server");
  narrow(server, client);
  const sending = go(() => thrown(sendFile(server, FILE)));
  yield* parked(sending);
  server.close();
  assert.match((yield* sending.join() as Routine<Error>).message, /closed/);
  const cut = yield* thrown(readAll(client)) as Routine<Error>;
  assert.equal(cut.name, "UnexpectedEOFError");
  client.close();
}, skip);

openSSLTest("a write that timed out does not disturb the ones behind it", function* () {
  const [client, server] = yield* pairWith("server");
  narrow(server, client);
  const written = yield* fill(server);
  const reading = reader(client);
  yield* server.write(CONTENT);
  server.close();
  const whole = yield* reading.join();
  assert.equal(whole.length, written + CONTENT.length);
  equal(whole.subarray(written), CONTENT);
  client.close();
}, skip);

openSSLTest("closeWrite and close_notify end one direction", function* () {
  const [client, server] = yield* pairWith("both");
  server.closeWrite();
  assert.equal(yield* client.read(new Uint8Array(1)), null);
  assert.equal((yield* thrown(server.write("more")) as Routine<OpError>).code, "EPIPE");
  yield* transfer(client, server);
  client.close();
  assert.equal(yield* server.read(new Uint8Array(1)), null);
  server.close();
}, skip);

openSSLTest("new keys of the peer take effect, and its request for ours is refused", function* () {
  const [client, server] = yield* pairWith("server");
  updateKeys(client, 0);
  yield* both(client, server);
  updateKeys(client, 1);
  yield* client.write("x");
  const buf = new Uint8Array(8);
  assert.equal(yield* server.read(buf), 1);
  const error = yield* thrown(server.write("y")) as Routine<OpError>;
  assert.equal(error.code, "ERR_TLS_KEY_UPDATE");
  const told = yield* thrown(client.read(buf)) as Routine<OpError>;
  assert.match(told.message, /alert internal error/);
  server.close();
  client.close();
}, skip);

openSSLTest("a forged record is answered by an alert", function* () {
  const [client, server] = yield* pairWith("server");
  yield* client.conn.write(Uint8Array.of(23, 3, 3, 0, 40, ...pattern(40)));
  const error = yield* thrown(server.read(new Uint8Array(8))) as Routine<OpError>;
  assert.equal(error.code, "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC");
  const told = yield* thrown(client.read(new Uint8Array(8))) as Routine<OpError>;
  assert.match(told.message, /bad record mac/);
  server.close();
  client.close();
}, skip);
