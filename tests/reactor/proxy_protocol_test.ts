// SPDX-License-Identifier: MIT
/** The PROXY protocol before connections that workers serve. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Conn, dial, go, listen, type Routine, TCPAddr } from "../../mod.ts";
import { openReactor, type Shed } from "../../reactor.ts";
import { onWindows, thrown, until, wineGap } from "../support/harness.ts";
import { bothWithWorkers, noSharing } from "../support/left.ts";

const HANDLER = new URL("./handlers/echo.ts", import.meta.url);
const EVENTS = new URL("./handlers/events.ts", import.meta.url);
const TRUSTED = { trusted: ["127.0.0.1"] };
const destination = new TCPAddr("198.51.100.2", 80);

function* through(address: string, ip: string): Routine<Conn> {
  const source = new TCPAddr(ip, 1111);
  return yield* dial("tcp", address, { proxyProtocol: { source, destination } });
}

/** The remote address that the worker has for `conn`. */
function* who(conn: Conn): Routine<string> {
  yield* conn.write("who");
  const buf = new Uint8Array(256);
  const n = yield* conn.read(buf);
  return new TextDecoder().decode(buf.subarray(0, n!)).split(" ").at(-1)!;
}

bothWithWorkers(
  "the main thread reads the header, and the worker receives the address",
  function* () {
    const shed: Shed[] = [];
    const reactor = yield* openReactor(HANDLER, {
      workers: 1,
      limits: { perAddress: 1, onShed: (one) => void shed.push(one) },
    });
    using listener = yield* listen("tcp", "127.0.0.1:0", { proxyProtocol: TRUSTED });
    const serving = go(() => reactor.serve(listener));
    const address = String(listener.addr);
    using first = yield* through(address, "192.0.2.1");
    assert.equal(yield* who(first), "192.0.2.1:1111");
    using _refused = yield* through(address, "192.0.2.1");
    using other = yield* through(address, "2001:db8::9");
    assert.equal(yield* who(other), "[2001:db8::9]:1111");
    yield* until(() => shed.length === 1);
    assert.equal(String(shed[0].remote), "192.0.2.1:1111");
    yield* reactor.shutdown({ deadline: 0 });
    yield* serving.join();
  },
  onWindows && "a socket that has been read belongs to the completion port of its thread",
);

bothWithWorkers("workers with their own listeners read the header", function* () {
  const reactor = yield* openReactor(HANDLER, { workers: 2 });
  const addr = yield* reactor.listen("tcp", "127.0.0.1:0", { proxyProtocol: TRUSTED });
  for (const ip of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
    using conn = yield* through(String(addr), ip);
    assert.equal(yield* who(conn), `${ip}:1111`);
  }
  const proxyProtocol = { ...TRUSTED, onRefused: () => {} };
  const error = yield* thrown(reactor.listen("tcp", "127.0.0.1:0", { proxyProtocol }));
  assert.match(String(error), /Cannot listen in each worker as proxyProtocol\.onRefused is a func/);
  yield* reactor.shutdown({ deadline: 0 });
}, noSharing);

bothWithWorkers("options that do not combine with the header are refused", function* () {
  const message = /Cannot serve a listener with proxyProtocol in a reactor/;
  const dir = mkdtempSync(join(tmpdir(), "netpoll-"));
  const tcp = yield* listen("tcp", "127.0.0.1:0", { proxyProtocol: TRUSTED });
  const unix = yield* listen("unix", join(dir, "s"), { proxyProtocol: { trusted: ["unix"] } });
  try {
    const events = yield* openReactor(EVENTS, { workers: 1 });
    assert.match(String(yield* thrown(events.serve(tcp))), message);
    yield* events.shutdown({ deadline: 0 });
    const limits = { firstBytes: { within: 1000 } };
    const goroutines = yield* openReactor(HANDLER, { workers: 1, limits });
    assert.match(String(yield* thrown(goroutines.serve(unix))), message);
    assert.match(String(yield* thrown(goroutines.serve(tcp))), /Cannot limit firstBytes in a rea/);
    yield* goroutines.shutdown({ deadline: 0 });
  } finally {
    tcp.close();
    unix.close();
    rmSync(dir, { recursive: true });
  }
}, wineGap("AF_UNIX"));
