// SPDX-License-Identifier: MIT
/**
 * Unix sockets of Windows, which Wine has not: layouts against the headers, and the calls that are made,
 * over a stand-in that carries them through TCP. On Windows itself tests/net/unix_test.ts can run.
 */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { AddrError, dial, go, listen, type OpError, type Routine } from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import type { RawAddress } from "../../platforms/contract/platform.ts";
import { PAGE } from "../../platforms/windows/iocp/overlapped_arena.ts";
import * as C from "../../platforms/windows/abi/constants.ts";
import { ACCEPT_UNIX_SIZE, SOCKADDR } from "../../platforms/windows/abi/structs.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import { both, onWindows, onWine, thrown } from "../support/harness.ts";

const skip = !onWine && "only Wine needs a stand-in for Unix sockets";

test("one page holds twice a SOCKADDR_UN and the 16 bytes that AcceptEx adds", () => {
  // sizeof as a compiler for x86_64-w64-mingw32 computes it from afunix.h.
  assert.equal(ACCEPT_UNIX_SIZE, 110 + 16);
  assert.ok(2 * ACCEPT_UNIX_SIZE <= PAGE - 256);
  assert.equal(C.SIO_AF_UNIX_GETPEERPID, 1_476_395_264);
});

/** Runs `body` with TCP in the place of AF_UNIX; returns the calls that it made. */
function* standIn(body: () => Routine<void>): Routine<string[]> {
  const { ws2 } = winsock();
  const real = { ...ws2 };
  const ports = new Map<string, RawAddress>();
  const calls: string[] = [];
  const pathOf = (raw: ArrayBufferView) =>
    new TextDecoder().decode(SOCKADDR.decodeName(raw as Uint8Array));
  const writable = ws2 as { -readonly [K in keyof typeof ws2]: (typeof ws2)[K] };
  writable.WSASocketW = (family, type, protocol, ...rest) => {
    if (family !== C.AF_UNIX) return real.WSASocketW(family, type, protocol, ...rest);
    calls.push(`socket ${type} ${protocol}`);
    return real.WSASocketW(C.AF_INET, type, C.IPPROTO_TCP, ...rest);
  };
  writable.bind = (fd, raw, length) => {
    if ((raw as Uint8Array)[0] !== C.AF_UNIX) return real.bind(fd, raw, length);
    calls.push(`bind ${length}`);
    const any = SOCKADDR.encode({ ip: Uint8Array.of(127, 0, 0, 1), port: 0, scope: 0 });
    const done = real.bind(fd, any, any.length);
    ports.set(pathOf(raw), platform().sockets.localAddress(fd) as RawAddress);
    writeFileSync(pathOf(raw), "");
    return done;
  };
  writable.connect = (fd, raw, length) => {
    if ((raw as Uint8Array)[0] !== C.AF_UNIX) return real.connect(fd, raw, length);
    calls.push(`connect ${length}`);
    const to = ports.get(pathOf(raw))!;
    return real.connect(fd, to, to.length);
  };
  writable.WSAIoctl = (fd, code, ...rest) => {
    if (code !== C.SIO_AF_UNIX_GETPEERPID) return real.WSAIoctl(fd, code, ...rest);
    (rest[2] as Uint32Array)[0] = process.pid;
    return 0;
  };
  try {
    yield* body();
  } finally {
    Object.assign(writable, real);
  }
  return calls;
}

both(
  "a stream is bound, accepted by AcceptEx, connected without a port, and its file removed",
  function* () {
    const path = join(tmpdir(), `netpoll-${process.pid}.s`);
    const length = 2 + new TextEncoder().encode(path).length + 1;
    const calls = yield* standIn(function* () {
      const listener = yield* listen("unix", path);
      assert.equal(listener.addr.network, "unix");
      const accepting = go(() => listener.accept());
      using client = yield* dial("unix", path);
      using server = yield* accepting.join();
      assert.equal(String(client.remoteAddr), path);
      const sent = Uint8Array.from({ length: 100_000 }, (_, i) => i);
      const writing = go(() => client.write(sent));
      const got = new Uint8Array(sent.length);
      assert.equal(yield* server.readFull(got), sent.length);
      assert.deepEqual(got, sent);
      yield* writing.join();
      assert.deepEqual(client.peerCredentials(), { pid: process.pid, uid: -1, gid: -1 });
      client.closeWrite();
      assert.equal(yield* server.read(got), null);
      listener.close();
      assert.throws(() => rmSync(path), "the file is still there");
    });
    // The listener's, its spare for a shortage is of TCP, the one that AcceptEx is given, the client's.
    assert.ok(calls.filter((call) => call === "socket 1 0").length >= 3, String(calls));
    assert.ok(
      calls.includes(`bind ${length}`) && calls.includes(`connect ${length}`),
      String(calls),
    );
  },
  skip,
);

both("Unix socket types that Windows lacks are refused", function* () {
  const packets = yield* thrown(listen("unixpacket", "x")) as Routine<OpError>;
  const datagrams = yield* thrown(dial("unixgram", "x")) as Routine<OpError>;
  assert.deepEqual([packets.code, datagrams.code], ["ESOCKTNOSUPPORT", "ESOCKTNOSUPPORT"]);
  const abstract = yield* thrown(listen("unix", "@x")) as Routine<OpError>;
  assert.ok(abstract.cause instanceof AddrError);
}, !onWindows && "this is not Windows");
