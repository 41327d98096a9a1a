// SPDX-License-Identifier: MIT
/**
 * What Wine lacks and Windows has, each shown by the one call that fails. Tests that need it are
 * skipped under Wine; when one of these fails, Wine has caught up and they can run.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { listenPacket } from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import { only, onWine, pair, type WineGap } from "../support/harness.ts";

const [SOCK_STREAM, OVERLAPPED] = [1, 1];
const [AF_UNIX, AF_INET, AF_INET6] = [1, 2, 23];
const [IPPROTO_TCP, IPPROTO_IPV6] = [6, 41];
const [ENOPROTOOPT, EOPNOTSUPP, EAFNOSUPPORT] = [10042, 10045, 10047];

function socket(family: number): number {
  const { WSASocketW } = winsock().ws2;
  return WSASocketW(family, SOCK_STREAM, 0, null, 0, OVERLAPPED);
}

/** The errno of an option's setting to 1; 0 if it was set. */
function set(family: number, level: number, name: number): number {
  const { ws2, errno } = winsock();
  const fd = socket(family);
  const failed = ws2.setsockopt(fd, level, name, Int32Array.of(1), 4) === 0 ? 0 : errno();
  ws2.closesocket(fd);
  return failed;
}

function gap(name: WineGap, shows: () => void): void {
  test(`Wine has no ${name}`, { skip: !onWine && "this is not Wine" }, shows);
}

gap("AF_UNIX", () => {
  const { errno } = winsock();
  assert.equal(socket(AF_UNIX) === -1 ? errno() : 0, EAFNOSUPPORT);
});

gap("SIO_TCP_INFO", () => {
  const { ws2, errno } = winsock();
  const fd = socket(AF_INET);
  const [version, info, length] = [Int32Array.of(0), new Uint8Array(88), new Int32Array(1)];
  const done = ws2.WSAIoctl(fd, 0xd8000027, version, 4, info, 88, length, null, null);
  assert.equal(done === 0 ? 0 : errno(), EOPNOTSUPP);
  ws2.closesocket(fd);
});

gap("TCP_MAXRT", () => assert.equal(set(AF_INET, IPPROTO_TCP, 5), ENOPROTOOPT));

gap("TCP_FASTOPEN", () => assert.equal(set(AF_INET, IPPROTO_TCP, 15), ENOPROTOOPT));

gap("IPV6_TCLASS", () => assert.equal(set(AF_INET6, IPPROTO_IPV6, 39), ENOPROTOOPT));

only(
  "runSync",
  "Wine reports no reset before the first receive on a socket from AcceptEx",
  function* () {
    const { ws2 } = winsock();
    const [dialled, accepted] = yield* pair();
    using _ = accepted;
    dialled.abort();
    // Windows would fail, with WSAECONNRESET.
    const n = ws2.recv(accepted.fd, new Uint8Array(8), 8, 0);
    assert.equal(n, 0, "it reads as the end of the stream");
  },
  !onWine && "this is not Wine",
);

only("runSync", "Wine ignores the source address of a datagram", function* () {
  using server = yield* listenPacket("udp4", "127.0.0.1:0");
  using client = yield* listenPacket("udp4", ":0");
  yield* client.writeMsg(new Uint8Array(3), server.localAddr, { source: "127.0.0.9" });
  // WSASendMsg accepts the control message, and ignores it.
  assert.equal((yield* server.readFrom(new Uint8Array(9))).addr.ip, "127.0.0.1");
}, !onWine && "this is not Wine");

gap("interfaces of multicast by index", () => {
  const { ws2, errno } = winsock();
  const [SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_IF] = [2, 0, 9];
  const fd = ws2.WSASocketW(AF_INET, SOCK_DGRAM, 0, null, 0, OVERLAPPED);
  // An address of 0.0.0.0/8 is an index; 1 is the loopback's on every Windows.
  const set = ws2.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, Uint8Array.of(0, 0, 0, 1), 4);
  const failed = set === 0 ? 0 : errno();
  assert.notEqual(failed, 0);
  ws2.closesocket(fd);
});

gap("names of interfaces", () => {
  // Index 1 is the loopback's on every Windows.
  assert.equal(platform().interfaces.nameOf(1), null);
});

if ("Bun" in globalThis) {
  // Not without its device drivers, which are left out for the sake of speed: see scripts/wine.sh.
  gap("folders for Bun to read", () => {
    const { stderr } = spawnSync(process.execPath, ["-e", "1"], { encoding: "utf8" });
    assert.match(stderr, /Cannot read file ".*": EBADFD/);
  });
}
