// SPDX-License-Identifier: MIT
/** Listeners with `proxyProtocol`, and dials that send a header. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Conn,
  dial,
  fileListener,
  go,
  isTimeout,
  listen,
  type Listener,
  OpError,
  proxyHeader,
  type ProxyHeaderOptions,
  proxyInfo,
  type ProxyProtocolError,
  type ProxyProtocolOptions,
  type Routine,
  run,
  select,
  serve,
  sleep,
  TCPAddr,
  tlsDial,
  tlsListen,
} from "../../mod.ts";
import { limit, type Shed } from "../../reactor.ts";
import { both, onWindows, opError, thrown, until, wineGap } from "../support/harness.ts";
import { readFileSync } from "node:fs";

const source = new TCPAddr("192.0.2.1", 1111);
const destination = new TCPAddr("198.51.100.2", 80);
const CLIENT: ProxyHeaderOptions = { source, destination };
const LOOPBACK = ["127.0.0.0/8"];

function* listening(options: Partial<ProxyProtocolOptions> = {}): Routine<Listener> {
  return yield* listen("tcp", "127.0.0.1:0", {
    proxyProtocol: { trusted: LOOPBACK, ...options },
  });
}

/** Collects refusals. */
function refusals(): {
  reasons: string[];
  peers: string[];
  onRefused: (error: ProxyProtocolError, peer: { toString(): string }) => void;
} {
  const reasons: string[] = [];
  const peers: string[] = [];
  return {
    reasons,
    peers,
    onRefused: (error, peer) => {
      reasons.push(error.reason);
      peers.push(String(peer));
    },
  };
}

/** The first `length` bytes that `conn` reads, as text. */
function* text(conn: Conn, length: number): Routine<string> {
  const bytes = new Uint8Array(length);
  yield* conn.readFull(bytes);
  return new TextDecoder().decode(bytes);
}

for (const version of [1, 2] as const) {
  both(`version ${version}: the connection has the announced addresses`, function* () {
    using listener = yield* listening();
    const address = String(listener.addr);
    using client = yield* dial("tcp", address, { proxyProtocol: { version, ...CLIENT } });
    yield* client.write("hello");
    using conn = yield* listener.accept();
    assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
    assert.equal(String(conn.localAddr), "198.51.100.2:80");
    assert.equal(yield* text(conn, 5), "hello");
    const info = proxyInfo(conn)!;
    assert.equal(String(info.proxyAddr), String(client.localAddr));
    assert.deepEqual([info.version, info.local], [version, false]);
    conn.setReadDeadline(0);
    const error = yield* thrown(conn.read(new Uint8Array(1)));
    opError(error, "read tcp 198.51.100.2:80->192.0.2.1:1111: i/o timeout");
    assert.equal(proxyInfo(client), null);
  });
}

both("LOCAL and UNKNOWN keep the real addresses", function* () {
  using listener = yield* listening();
  for (const version of [1, 2] as const) {
    const options = { proxyProtocol: { version } };
    using client = yield* dial("tcp", String(listener.addr), options);
    using conn = yield* listener.accept();
    assert.equal(String(conn.remoteAddr), String(client.localAddr));
    assert.equal(String(conn.localAddr), String(listener.addr));
    assert.equal(proxyInfo(conn)?.local, true);
    assert.equal(proxyInfo(conn)?.source, null);
  }
});

both("a header arrives byte by byte, and its end in one segment with data", function* () {
  using listener = yield* listening();
  using client = yield* dial("tcp", String(listener.addr));
  const accepting = go(() => listener.accept());
  const header = proxyHeader({ version: 1, ...CLIENT });
  for (const byte of header.subarray(0, -1)) {
    yield* client.write(Uint8Array.of(byte));
    yield* sleep(0);
  }
  assert.notEqual(accepting.status, "dead");
  yield* client.write(new TextEncoder().encode("\ndata"));
  using conn = yield* accepting.join();
  assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
  assert.equal(yield* text(conn, 4), "data");
});

both("a health check sends a header and ends, is accepted, and reads the end", function* () {
  const { reasons, onRefused } = refusals();
  using listener = yield* listening({ onRefused });
  const client = yield* dial("tcp", String(listener.addr), { proxyProtocol: {} });
  client.close();
  using conn = yield* listener.accept();
  assert.equal(yield* conn.read(new Uint8Array(1)), null);
  assert.deepEqual(reasons, []);
});

both("a peer that sends nothing blocks no others", function* () {
  using listener = yield* listening();
  using _silent = yield* dial("tcp", String(listener.addr));
  using _halfway = yield* dial("tcp", String(listener.addr));
  yield* _halfway.write("PROXY TCP4");
  using _client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  using conn = yield* listener.accept();
  assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
});

both("an incomplete header times out", function* () {
  const { reasons, peers, onRefused } = refusals();
  using listener = yield* listening({ timeout: 30, onRefused });
  using silent = yield* dial("tcp", String(listener.addr));
  const accepting = go(() => listener.accept());
  yield* until(() => reasons.length === 1);
  assert.deepEqual(reasons, ["timeout"]);
  assert.deepEqual(peers, [String(silent.localAddr)]);
  assert.equal(yield* silent.read(new Uint8Array(1)), null);
  // The listener goes on.
  using _client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  using _conn = yield* accepting.join();
});

both(
  "a header received in time is valid, even if it is accepted later",
  function* () {
    const { reasons, onRefused } = refusals();
    using listener = yield* listening({ timeout: 500, onRefused });
    using first = yield* dial("tcp", String(listener.addr));
    using _second = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
    using _conn = yield* listener.accept();
    // The first waits for its header, which comes while no goroutine accepts.
    yield* first.write(proxyHeader(CLIENT));
    yield* sleep(600);
    using conn = yield* listener.accept();
    assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
    assert.deepEqual(reasons, []);
  },
);

both("anything but a header is refused at once, with the reason", function* () {
  const { reasons, onRefused } = refusals();
  using listener = yield* listening({ maxBytes: 64, onRefused });
  const accepting = go(() => thrown(listener.accept()));
  const long = proxyHeader({ tlvs: [{ type: 4, value: new Uint8Array(60) }] });
  const starts = ["GET / HTTP/1.1\r\n", "S", "PROXY TCP6 ::1 127.0.0.1 1 2\r\n", long];
  for (const [i, start] of starts.entries()) {
    using client = yield* dial("tcp", String(listener.addr));
    yield* client.write(start);
    yield* until(() => reasons.length === i + 1);
  }
  assert.deepEqual(reasons, ["invalid", "invalid", "invalid", "tooLong"]);
  const client = yield* dial("tcp", String(listener.addr));
  yield* client.write("PROXY TCP4");
  client.close();
  yield* until(() => reasons.length === 5);
  assert.equal(reasons[4], "ended");
  listener.close();
  opError(yield* accepting.join(), /use of closed network connection/);
}, wineGap("a reset before the first receive"));

both("a connection that ends before its first byte is not reported", function* () {
  const { reasons, onRefused } = refusals();
  using listener = yield* listening({ onRefused });
  (yield* dial("tcp", String(listener.addr))).close();
  using _client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  using _conn = yield* listener.accept();
  assert.deepEqual(reasons, []);
});

both("untrusted peers are refused", function* () {
  const { reasons, peers, onRefused } = refusals();
  using listener = yield* listening({ trusted: ["10.0.0.0/8", "::1"], onRefused });
  const accepting = go(() => thrown(listener.accept()));
  using client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  yield* until(() => reasons.length === 1);
  assert.deepEqual(reasons, ["untrusted"]);
  assert.deepEqual(peers, [String(client.localAddr)]);
  listener.close();
  yield* accepting.join();
});

both("untrusted: direct accepts them with their own address, header included", function* () {
  using listener = yield* listening({ trusted: ["10.0.0.1"], untrusted: "direct" });
  using client = yield* dial("tcp", String(listener.addr), {
    proxyProtocol: { version: 1, ...CLIENT },
  });
  using conn = yield* listener.accept();
  assert.equal(String(conn.remoteAddr), String(client.localAddr));
  assert.equal(proxyInfo(conn), null);
  assert.equal(yield* text(conn, 11), "PROXY TCP4 ");
});

both(
  "at most maxPending connections wait for their header, and others queue in the kernel",
  function* () {
    using listener = yield* listening({ maxPending: 1, timeout: 60_000 });
    using first = yield* dial("tcp", String(listener.addr));
    using _second = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
    const accepting = go(() => listener.accept());
    yield* until(() => accepting.status === "waiting");
    yield* sleep(5);
    assert.equal(accepting.status, "waiting", "the second is not accepted");
    yield* first.write(proxyHeader({ source: new TCPAddr("192.0.2.7", 7), destination }));
    using conn = yield* accepting.join();
    assert.equal(String(conn.remoteAddr), "192.0.2.7:7");
    using other = yield* listener.accept();
    assert.equal(String(other.remoteAddr), "192.0.2.1:1111");
  },
);

both("closing the listener closes connections that wait for their header", function* () {
  const listener = yield* listening();
  using silent = yield* dial("tcp", String(listener.addr));
  using _client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  using _conn = yield* listener.accept();
  listener.close();
  const left = yield* silent.read(new Uint8Array(1));
  assert.equal(left, null);
});

test("the end of a run closes the listener and connections that wait for their header", async () => {
  for (const _ of [1, 2]) {
    await run(function* () {
      const listener = yield* listening();
      yield* dial("tcp", String(listener.addr));
      yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
      yield* listener.accept();
    });
  }
});

both("select, deadlines and cancellation work as without headers", function* () {
  using listener = yield* listening();
  using client = yield* dial("tcp", String(listener.addr));
  const choosing = go(() => select(listener.onAccept()));
  yield* until(() => choosing.status === "waiting");
  yield* client.write(proxyHeader(CLIENT));
  const { value } = yield* choosing.join();
  assert.equal(String(value.remoteAddr), "192.0.2.1:1111");
  value.close();
  listener.setDeadline(Date.now() - 1);
  assert.ok(isTimeout(yield* thrown(listener.accept())));
  listener.setDeadline(null);
  using _client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  using _conn = yield* listener.accept();
});

both("limits apply to the announced address, after the header", function* () {
  const shed: Shed[] = [];
  using listener = limit(yield* listening(), { perAddress: 1, onShed: (one) => shed.push(one) });
  using _silent = yield* dial("tcp", String(listener.addr));
  using _one = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  using _first = yield* listener.accept();
  assert.equal(listener.counters.accepted, 1, "one without a header does not count");
  using same = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  const other: ProxyHeaderOptions = { source: new TCPAddr("192.0.2.9", 1), destination };
  using _other = yield* dial("tcp", String(listener.addr), { proxyProtocol: other });
  using second = yield* listener.accept();
  assert.equal(String(second.remoteAddr), "192.0.2.9:1");
  assert.deepEqual(shed.map(({ limit, remote }) => `${limit} ${remote}`), [
    "perAddress 192.0.2.1:1111",
  ]);
  void same;
});

both("firstBytes does not count the header", function* () {
  const shed: string[] = [];
  using listener = limit(yield* listening(), {
    firstBytes: { within: 30 },
    onShed: ({ limit }) => shed.push(limit),
  });
  using _client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  using conn = yield* listener.accept();
  yield* until(() => shed.length === 1);
  assert.equal(shed[0], "firstBytes");
  assert.equal(conn.fd, -1);
}, wineGap("SIO_TCP_INFO"));

both("serve: the handler and onError receive the announced address", function* () {
  const seen: string[] = [];
  const listener = yield* listening();
  const serving = go(() =>
    serve(listener, function* handler(conn) {
      seen.push(`handler ${conn.remoteAddr}`);
      yield* conn.read(new Uint8Array(1));
      throw new Error("of the handler");
    }, {
      onError: (_error, conn) => void seen.push(`onError ${conn.remoteAddr}`),
      limits: { perAddress: 4 },
    })
  );
  using client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  yield* client.write("x");
  yield* until(() => seen.length === 2);
  assert.deepEqual(seen, ["handler 192.0.2.1:1111", "onError 192.0.2.1:1111"]);
  listener.close();
  yield* serving.join();
});

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8");

for (const version of [1, 2] as const) {
  test(`version ${version}: the header precedes TLS`, () =>
    run(function* () {
      const [cert, key] = [fixture("server.cert"), fixture("server.key")];
      using listener = yield* tlsListen("tcp", "127.0.0.1:0", {
        cert,
        key,
        proxyProtocol: { trusted: LOOPBACK },
      });
      const accepting = go(() => listener.accept());
      using client = yield* tlsDial("tcp", String(listener.addr), {
        rejectUnauthorized: false,
        proxyProtocol: { version, ...CLIENT },
      });
      using conn = yield* accepting.join();
      yield* client.write("secret");
      assert.equal(yield* text(conn, 6), "secret");
      assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
      assert.equal(proxyInfo(conn)?.version, version);
    }));
}

both("on a Unix socket the announced addresses are those of TCP", function* () {
  const dir = mkdtempSync(join(tmpdir(), "netpoll-"));
  try {
    const path = join(dir, "socket");
    using listener = yield* listen("unix", path, { proxyProtocol: { trusted: ["unix"] } });
    using client = yield* dial("unix", path, { proxyProtocol: CLIENT });
    yield* client.write("hello");
    using conn = yield* listener.accept();
    assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
    assert.equal(proxyInfo(conn)?.proxyAddr.network, "unix");
    assert.equal(yield* text(conn, 5), "hello");
    using other = yield* dial("unix", path, { proxyProtocol: {} });
    using local = yield* listener.accept();
    assert.equal(local.remoteAddr.network, "unix");
    void other;
  } finally {
    rmSync(dir, { recursive: true });
  }
}, wineGap("AF_UNIX"));

both("fileListener takes the same option", function* () {
  using opened = yield* listen("tcp", "127.0.0.1:0");
  const proxyProtocol = { trusted: LOOPBACK };
  using listener = fileListener(opened.detach(), { own: true, proxyProtocol });
  using _client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
  using conn = yield* listener.accept();
  assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
}, onWindows && "a socket that has belonged to a completion port stays with it");

both("trusted networks are matched by prefix", function* () {
  const cases: [string[], boolean][] = [
    [["127.0.0.1"], true],
    [["127.0.0.0/31"], true],
    [["127.0.0.2/31"], false],
    [["0.0.0.0/0"], true],
    [["::ffff:127.0.0.0/104"], true],
    [["::/0"], false],
    [["::1", "unix"], false],
  ];
  for (const [trusted, expected] of cases) {
    using listener = yield* listening({ trusted, untrusted: "direct" });
    using _client = yield* dial("tcp", String(listener.addr), { proxyProtocol: CLIENT });
    using conn = yield* listener.accept();
    assert.equal(proxyInfo(conn) !== null, expected, trusted.join());
  }
});

both("invalid options are refused before a socket is opened", function* () {
  const bad: [unknown, RegExp][] = [
    [{}, /trusted/],
    [{ trusted: [] }, /trusted: must name at least one peer/],
    [{ trusted: ["10.0.0.0/33"] }, /trusted must be an IP address, a network .*10\.0\.0\.0\/33/],
    [{ trusted: ["localhost"] }, /trusted must be an IP address/],
    [{ trusted: ["::ffff:10.0.0.0/64"] }, /trusted must be an IP address/],
    [{ trusted: LOOPBACK, untrusted: "accept" }, /untrusted/],
    [{ trusted: LOOPBACK, timeout: 0 }, /timeout/],
    [{ trusted: LOOPBACK, maxBytes: 70_000 }, /maxBytes/],
    [{ trusted: LOOPBACK, maxPending: 0 }, /maxPending/],
    [{ trusted: LOOPBACK, onRefused: 1 }, /onRefused: must be a function/],
    [{ trusted: LOOPBACK, trust: 1 }, /Unrecognized key: "trust"/],
    [true, /proxyProtocol/],
  ];
  for (const [proxyProtocol, message] of bad) {
    const options = { proxyProtocol } as { proxyProtocol: ProxyProtocolOptions };
    const error = yield* thrown(listen("tcp", "127.0.0.1:0", options));
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, message);
  }
  const options = { proxyProtocol: { trusted: ["unix"] } };
  const error = yield* thrown(listen("unixpacket", "@x", options));
  assert.match(String(error), /Cannot listen on unixpacket with proxyProtocol/);
  const udp = yield* thrown(dial("udp", "127.0.0.1:9", { proxyProtocol: {} }));
  assert.match(String(udp), /Cannot dial udp with proxyProtocol/);
  const one = yield* thrown(dial("tcp", "127.0.0.1:9", { proxyProtocol: { source } }));
  assert.match(String(one), /source and destination must be given together/);
});

both("a dial whose header cannot be sent in time leaks no connection", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0", { readBuffer: 4096 });
  const tlvs = [{ type: 4, value: new Uint8Array(65_000) }];
  const error = yield* thrown(dial("tcp", String(listener.addr), {
    proxyProtocol: { tlvs },
    writeBuffer: 4096,
    timeout: 100,
  }));
  assert.ok(error instanceof OpError && error.timeout, String(error));
  assert.equal(error.op, "dial");
}, onWindows && "Windows takes a send of any length at once");
