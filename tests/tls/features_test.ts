// SPDX-License-Identifier: MIT
// cspell:ignore cnonly dnsip
/**
 * What the engine over OpenSSL can do beyond the host's: resumption, key material, new
 * certificates.
 */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type Conn,
  dial,
  dump,
  go,
  listen,
  OpError,
  pipe,
  readAll,
  type Routine,
  sleep,
  tlsClient,
  type TLSClientOptions,
  type TLSConn,
  TLSError,
  tlsInfo,
  tlsListener,
  tlsServer,
  type TLSServerOptions,
  TLSUnsupportedError,
} from "../../mod.ts";
import { limit } from "../../reactor.ts";
import { certificate, encryptedKey, ocspResponse } from "../fixtures/tls/certificates.ts";
import { pair, parked, thrown, until } from "../support/harness.ts";
import {
  engine,
  hostTest,
  openSSLTest,
  tlsDial,
  tlsListen,
  tlsTest,
} from "../support/tls_engines.ts";
import { SERVER, tlsPair } from "../support/tls_pair.ts";

const OTHER = certificate("other");
const CLIENT = certificate("client");
const text = (s: string) => new TextEncoder().encode(s);
const TRUST: TLSClientOptions = { ca: SERVER.cert, servername: "localhost" };

function* echo(conn: Conn): Routine<void> {
  using _ = conn;
  try {
    const buf = new Uint8Array(4096);
    for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
  } catch (error) {
    assert.ok(error instanceof Error);
  }
}

function* roundTrip(conn: Conn): Routine<void> {
  const back = new Uint8Array(5);
  yield* conn.write(text("hello"));
  assert.equal(yield* conn.readFull(back), 5);
  assert.deepEqual(back, text("hello"));
}

/** A listener whose connections echo. */
function* echoing(options: Partial<TLSServerOptions> = {}): Routine<string> {
  const listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ...options });
  go(function* serve() {
    for (;;) go(echo, yield* listener.accept());
  });
  return String(listener.addr);
}

/** Both ends over a connection that is there, both secured. */
function* upgraded(
  a: Conn,
  b: Conn,
  client: TLSClientOptions = TRUST,
  server: Partial<TLSServerOptions> = {},
): Routine<[TLSConn, TLSConn]> {
  const own = { engine: engine() };
  const s = tlsServer(b, { ...SERVER, ...own, ...server });
  const c = tlsClient(a, { ...own, ...client });
  yield* c.handshake();
  yield* s.handshake();
  return [c, s];
}

tlsTest("a connection is upgraded after plaintext traffic", function* () {
  const [a, b] = yield* pair();
  yield* a.write(text("STARTTLS\r\n"));
  assert.equal(yield* b.readFull(new Uint8Array(10)), 10);
  yield* b.write(text("go ahead\r\n"));
  assert.equal(yield* a.readFull(new Uint8Array(10)), 10);
  const [client, server] = yield* upgraded(a, b);
  assert.equal(client.engine, engine());
  assert.equal(client.conn, a);
  assert.equal(server.serverName, "localhost");
  const echoed = go(echo, server as Conn);
  yield* roundTrip(client);
  client.close();
  yield* echoed.join();
});

tlsTest("plaintext buffered before the handshake is refused", function* () {
  const [a, b] = yield* pair();
  // What a reader with a buffer of its own looks like.
  const reader = Object.assign(Object.create(a) as Conn, { buffered: 3 });
  for (const start of [() => tlsClient(reader, TRUST), () => tlsServer(reader, SERVER)]) {
    assert.throws(start, (error) => {
      assert.ok(error instanceof OpError);
      assert.equal(error.op, "handshake");
      assert.equal(error.code, "ERR_TLS_PLAINTEXT");
      return true;
    });
  }
  a.close();
  b.close();
});

openSSLTest("TLS works over a pipe, and within another TLS connection", function* () {
  const [a, b] = yield* upgraded(...pipe());
  const [c, d] = yield* upgraded(a, b, { ...TRUST, ALPNProtocols: ["inner"] }, {
    ALPNProtocols: ["inner"],
  });
  assert.equal(c.alpnProtocol, "inner");
  assert.equal(String(c.localAddr), "pipe");
  const echoed = go(echo, d as Conn);
  yield* roundTrip(c);
  const want = new Uint8Array(300_000).fill(7);
  const reader = go(function* () {
    const got = new Uint8Array(want.length);
    yield* c.readFull(got);
    return got;
  });
  yield* c.write(want);
  assert.equal(Buffer.compare(yield* reader.join(), want), 0);
  c.close();
  yield* echoed.join();
});

openSSLTest(
  "an end of the connection below without close_notify is an error there too",
  function* () {
    const [a, b] = pipe();
    const [client, server] = yield* upgraded(a, b);
    const failing = go(() => thrown(client.read(new Uint8Array(1))));
    b.close();
    assert.equal(((yield* failing.join()) as Error).name, "UnexpectedEOFError");
    client.close();
    server[Symbol.dispose]();
  },
);

tlsTest("a TLS listener wraps another one, such as one with limits", function* () {
  const inner = limit(yield* listen("tcp", "127.0.0.1:0"), { connections: 10 });
  using listener = tlsListener(inner, { ...SERVER, engine: engine() });
  const accepting = go(() => listener.accept());
  using client = yield* tlsDial("tcp", String(listener.addr), TRUST);
  const echoed = go(echo, (yield* accepting.join()) as Conn);
  yield* roundTrip(client);
  assert.equal(inner.counters.accepted, 1);
  client.close();
  yield* echoed.join();
});

openSSLTest("a session is resumed if both sides allow it", function* () {
  const address = yield* echoing();
  for (const maxVersion of ["TLSv1.3", "TLSv1.2"] as const) {
    const resumed: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      using conn = yield* tlsDial("tcp", address, { ...TRUST, maxVersion, resume: true });
      yield* roundTrip(conn);
      resumed.push(conn.resumed);
      assert.equal(conn.authorized, true);
      assert.equal(conn.protocol, maxVersion);
    }
    assert.deepEqual(resumed, [false, true, true], maxVersion);
  }
  using fresh = yield* tlsDial("tcp", address, TRUST);
  yield* roundTrip(fresh);
  assert.equal(fresh.resumed, false, "nobody asked for it");
});

openSSLTest("a session is not resumed for another name or with other trust anchors", function* () {
  const address = yield* echoing();
  const first = yield* tlsDial("tcp", address, { ...TRUST, resume: true });
  yield* roundTrip(first);
  first.close();
  const others = [{ servername: "127.0.0.1" }, { ca: [SERVER.cert, OTHER.cert] }];
  for (const other of others) {
    using conn = yield* tlsDial("tcp", address, { ...TRUST, resume: true, ...other });
    yield* roundTrip(conn);
    assert.equal(conn.resumed, false);
  }
  assert.ok(yield* thrown(tlsDial("tcp", address, { servername: "localhost", resume: true })));
});

openSSLTest(
  "both ends derive the same keying material, and other connections do not",
  function* () {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const [client, server] = yield* tlsPair({ maxVersion });
      const label = "EXPORTER-netpoll-test";
      const key = client.exportKeyingMaterial(32, label, text("context"));
      assert.deepEqual(server.exportKeyingMaterial(32, label, text("context")), key);
      assert.notDeepEqual(server.exportKeyingMaterial(32, label), key);
      assert.equal(client.exportKeyingMaterial(100, "EXPORTER-other").length, 100);
      assert.throws(() => client.exportKeyingMaterial(0, label), RangeError);
      assert.throws(() => client.exportKeyingMaterial(1e6, label), RangeError);
      client.close();
      assert.throws(() => client.exportKeyingMaterial(32, label), { name: "OpError" });
      server.close();
    }
  },
);

openSSLTest(
  "the key log has the secrets of the connection, and only on request",
  function* () {
    const lines: string[] = [];
    const [client, server] = yield* tlsPair({ keyLog: (line) => void lines.push(line) });
    client.close();
    server.close();
    const names = lines.map((line) => line.split(" ")[0]);
    assert.ok(names.includes("CLIENT_TRAFFIC_SECRET_0"), names.join());
    assert.ok(names.includes("SERVER_TRAFFIC_SECRET_0"), names.join());
    for (const line of lines) assert.match(line, /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$/);
  },
);

openSSLTest("an error thrown by keyLog is the error of the handshake", function* () {
  const boom = new Error("disk full");
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  const keyLog = () => {
    throw boom;
  };
  const failing = thrown(tlsDial("tcp", String(listener.addr), { ...TRUST, keyLog }));
  const dialling = go(() => failing);
  using server = yield* listener.accept();
  const error = (yield* dialling.join()) as OpError;
  assert.equal(error.cause, boom);
  assert.ok(yield* thrown(server.handshake()));
});

openSSLTest(
  "an error thrown by keyLog does not hide OpenSSL's until another connection",
  function* () {
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
    const accepting = go(() => listener.accept());
    using client = yield* tlsDial("tcp", String(listener.addr), TRUST);
    using server = yield* accepting.join();
    // With that come the tickets, whose processing clears the errors.
    yield* server.write("text");
    assert.equal(yield* client.read(new Uint8Array(4)), 4);
    server.closeWrite();
    const keyLog = () => {
      throw new Error("disk full");
    };
    // The certificate is not trusted either, which OpenSSL finds in the same step.
    const failing = thrown(tlsDial("tcp", String(listener.addr), { servername: "x", keyLog }));
    const dialling = go(() => failing);
    using _refused = yield* listener.accept();
    yield* dialling.join();
    assert.equal(yield* client.read(new Uint8Array(4)), null);
  },
);

openSSLTest("keyLog can close the connection whose handshake it is called for", function* () {
  for (const how of ["close", "abort"] as const) {
    const [a, b] = yield* pair();
    const keyLog = () => server[how]();
    const server = tlsServer(b, { ...SERVER, keyLog, engine: "openssl" });
    using client = tlsClient(a, { ...TRUST, engine: "openssl" });
    assert.ok((yield* thrown(server.handshake())) instanceof OpError);
    assert.ok((yield* thrown(client.handshake())) instanceof OpError);
  }
});

openSSLTest("a stapled OCSP response arrives on request", function* () {
  const response = ocspResponse();
  const trust = { ca: certificate("ca").cert };
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const staple = { ...certificate("issued"), ocspResponse: response, maxVersion };
    const [client, server] = yield* tlsPair({ ...trust, requestOCSP: true }, staple);
    assert.deepEqual(client.ocspResponse, response);
    client.close();
    server.close();
    const [other, host] = yield* tlsPair(trust, staple);
    assert.equal(other.ocspResponse, null);
    other.close();
    host.close();
  }
});

tlsTest("certificates are replaced while the listener keeps running", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  go(function* () {
    try {
      for (;;) go(echo, (yield* listener.accept()) as Conn);
    } catch {
      // The listener is closed.
    }
  });
  const ca = [SERVER.cert, OTHER.cert];
  const dialled = function* (servername: string): Routine<TLSConn> {
    return yield* tlsDial("tcp", String(listener.addr), { ca, servername });
  };
  using before = yield* dialled("localhost");
  listener.setCertificates({ ...OTHER, sni: { localhost: SERVER } });
  using after = yield* dialled("other.example");
  assert.equal(after.peerCertificate!.subject.CN, "other.example");
  using byName = yield* dialled("localhost");
  assert.equal(byName.peerCertificate!.subject.CN, "localhost");
  for (const conn of [before, after, byName]) yield* roundTrip(conn);
  const wrong = [{ ...OTHER, key: SERVER.key }, { ...OTHER, nonsense: 1 }, {
    cert: "none",
    key: "none",
  }];
  for (const each of wrong) assert.throws(() => listener.setCertificates(each), TypeError);
  using still = yield* dialled("other.example");
  yield* roundTrip(still);
});

openSSLTest("sessions survive a change of certificates", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  go(function* () {
    for (let i = 0; i < 2; i++) go(echo, (yield* listener.accept()) as Conn);
  });
  const options = { ...TRUST, resume: true };
  for (const resumed of [false, true]) {
    using conn = yield* tlsDial("tcp", String(listener.addr), options);
    yield* roundTrip(conn);
    assert.equal(conn.resumed, resumed);
    listener.setCertificates(SERVER);
  }
});

tlsTest("an encrypted key requires its password", function* () {
  const own = { cert: SERVER.cert, key: encryptedKey() };
  const [client, server] = yield* tlsPair({}, { ...own, passphrase: "secret" });
  client.close();
  server.close();
  for (const passphrase of ["wrong", undefined]) {
    const error = yield* thrown(tlsListen("tcp", "127.0.0.1:0", { ...own, passphrase }));
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /key/);
  }
});

openSSLTest("one list selects cipher suites of TLS 1.2 and TLS 1.3", function* () {
  const [tls12, tls13] = ["ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
  const rows: [string, string, string][] = [
    [`${tls12}:${tls13}`, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"],
    [tls12, "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
    [tls13, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"],
  ];
  for (const [ciphers, protocol, cipher] of rows) {
    const [client, server] = yield* tlsPair({ ciphers });
    assert.equal(client.protocol, protocol);
    assert.equal(server.cipher, cipher);
    client.close();
    server.close();
  }
  for (const ciphers of ["", "NONSENSE", "TLS_NONSENSE"]) {
    const error = yield* thrown(tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ciphers }));
    assert.ok(error instanceof TypeError, ciphers);
    assert.match(error.message, /ciphers/);
  }
});

openSSLTest(
  "versions before TLS 1.2 and weak suites are neither offered nor accepted",
  function* () {
    // A hello of TLS 1.1 and one that offers nothing but RSA key exchange with CBC.
    const hello = (version: number, suite: number[]) =>
      Uint8Array.from([
        ...[22, 3, 1, 0, 45, 1, 0, 0, 41, 3, version],
        ...new Array(32).fill(9),
        ...[0, 0, 2, ...suite, 1, 0],
      ]);
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
    const rows: [Uint8Array, RegExp][] = [
      [hello(2, [0xc0, 0x2b]), /UNSUPPORTED_PROTOCOL|VERSION/],
      [hello(3, [0x00, 0x2f]), /NO_SHARED_CIPHER|NO_SUITABLE/],
      [hello(3, [0x00, 0x9c]), /NO_SHARED_CIPHER|NO_SUITABLE/],
    ];
    for (const [bytes, code] of rows) {
      const client = yield* dial("tcp", String(listener.addr));
      using server = yield* listener.accept();
      yield* client.write(bytes);
      const error = (yield* thrown(server.handshake())) as OpError;
      assert.match(error.code, code);
      assert.ok(error.cause instanceof TLSError);
      // The client receives an alert.
      assert.equal((yield* readAll(client))[0], 21);
      client.close();
    }
  },
);

/** The server's certificate, the name that is wanted, and whether it fits. */
const NAMES: [Parameters<typeof certificate>[0], string, boolean][] = [
  ["server", "localhost", true],
  ["server", "LOCALHOST", true],
  ["server", "localhost.", true],
  ["server", "127.0.0.1", true],
  ["server", "::1", true],
  ["server", "127.0.0.2", false],
  ["cnonly", "localhost", false],
  ["dnsip", "127.0.0.1", false],
  ["wildcards", "www.example.test", true],
  ["wildcards", "a.b.example.test", false],
  ["wildcards", "example.test", false],
  ["wildcards", "foo.part.test", false],
  ["wildcards", "localhost", false],
];

openSSLTest("a certificate matches the names in it, by the rules of RFC 9525", function* () {
  for (const [name, servername, fits] of NAMES) {
    const own = certificate(name);
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", own);
    const accepting = go(() => listener.accept());
    const options = { ca: own.cert, servername };
    const dialling = tlsDial("tcp", String(listener.addr), options);
    if (fits) {
      using conn = yield* dialling;
      const sent = /^[\d:.]+$/.test(servername) ? "" : servername.replace(/\.$/, "");
      assert.equal(conn.serverName, sent);
      const server = yield* accepting.join();
      yield* server.handshake();
      assert.equal(server.serverName, sent.toLowerCase());
      server.close();
    } else {
      const error = (yield* thrown(dialling)) as OpError;
      assert.equal(error.code, "ERR_TLS_CERT_ALTNAME_INVALID", `${name} for ${servername}`);
      (yield* accepting.join())[Symbol.dispose]();
    }
  }
});

hostTest(
  "the host's engine does not match a common name, nor a DNS name against an address, either",
  function* () {
    for (const [name, servername] of [["cnonly", "localhost"], ["dnsip", "127.0.0.1"]] as const) {
      const own = certificate(name);
      using listener = yield* tlsListen("tcp", "127.0.0.1:0", own);
      const accepting = go(() => listener.accept());
      const options = { ca: own.cert, servername };
      assert.ok((yield* thrown(tlsDial("tcp", String(listener.addr), options))) instanceof OpError);
      (yield* accepting.join())[Symbol.dispose]();
    }
  },
);

openSSLTest(
  "a client without required verification is accepted, and its verification error is known",
  function* () {
    const loose = { requestCert: true, ca: OTHER.cert, rejectUnauthorized: false };
    const [client, server] = yield* tlsPair(CLIENT, loose);
    assert.equal(server.authorized, false);
    assert.equal(server.peerCertificate!.subject.CN, "client");
    client.close();
    server.close();
  },
);

openSSLTest("handshakes above the limit wait for a free slot", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, maxHandshakes: 1 });
  // It begins its handshake and stops.
  using stopped = yield* dial("tcp", String(listener.addr));
  const first = yield* listener.accept();
  const [a, b] = yield* pair();
  const begun = tlsClient(a, { ...TRUST, engine: "openssl" });
  const buf = new Uint8Array(4096);
  yield* stopped.write(buf.subarray(0, (yield* b.read(buf))!));
  yield* stopped.readable();
  const dialling = go(() => tlsDial("tcp", String(listener.addr), TRUST));
  using second = yield* listener.accept();
  const waiting = go(() => second.handshake());
  yield* sleep(50);
  assert.deepEqual([dialling.status, waiting.status], ["waiting", "waiting"]);
  first.abort();
  yield* waiting.join();
  using client = yield* dialling.join();
  assert.equal(client.protocol, "TLSv1.3");
  begun.abort();
  b.close();
});

openSSLTest("a read whose handshake waits for a slot ends as the socket is closed", function* () {
  const [a, b] = yield* pair();
  using begun = tlsClient(a, { ...TRUST, engine: "openssl" });
  const buf = new Uint8Array(4096);
  const hello = buf.subarray(0, (yield* b.read(buf))!);
  const limits = { maxHandshakes: 1, handshakeTimeout: 3000 };
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ...limits });
  using stopped = yield* dial("tcp", String(listener.addr));
  using first = yield* listener.accept();
  yield* stopped.write(hello);
  // The answer: the only slot is taken.
  yield* stopped.readable();
  using queued = yield* dial("tcp", String(listener.addr));
  using second = yield* listener.accept();
  yield* queued.write(hello);
  const reading = go(() => thrown(second.read(new Uint8Array(8))));
  yield* parked(reading, "IO wait");
  yield* until(() => /\[semaphore.*TLS handshake/.test(dump()));
  second.conn.close();
  assert.equal(((yield* reading.join()) as OpError).op, "read");
  b.close();
  first.abort();
  begun.abort();
});

hostTest("the host's engine reports the features it lacks", function* () {
  const lacking: [string, TLSClientOptions][] = [
    ["keyLog", { keyLog: () => {} }],
    ["resume", { resume: true }],
    ["requestOCSP", { requestOCSP: true }],
  ];
  using listener = yield* listen("tcp", "127.0.0.1:0");
  for (const [feature, options] of lacking) {
    const error = yield* thrown(tlsDial("tcp", String(listener.addr), options));
    assert.ok(error instanceof TLSUnsupportedError);
    assert.equal(error.feature, feature);
  }
  const [client, server] = yield* tlsPair();
  assert.throws(() => client.exportKeyingMaterial(32, "label"), TLSUnsupportedError);
  client.close();
  server.close();
});

openSSLTest("invalid settings of these features are errors that name the setting", function* () {
  const wrong: [object, RegExp][] = [
    [{ engine: "nss" }, /engine/],
    [{ keyLog: "file" }, /keyLog/],
    [{ maxHandshakes: 0 }, /maxHandshakes/],
    [{ ocspResponse: "text" }, /ocspResponse/],
    [{ libssl: "libssl.so.3" }, /absolute|another one/],
    [{ minVersion: "TLSv1.3", maxVersion: "TLSv1.2" }, /minVersion/],
    [{ ca: "none", requestCert: true }, /ca must be certificates in PEM/],
  ];
  for (const [options, message] of wrong) {
    const error = yield* thrown(tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ...options }));
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, message);
  }
});

openSSLTest("the buffers of a writev arrive in order, short and long ones", function* () {
  const [a, b] = yield* tlsPair();
  const pieces = [3, 0, 500, 20_000, 1].map((n, i) => new Uint8Array(n).fill(i + 1));
  const want = Buffer.concat(pieces);
  for (const all of [pieces, [...pieces, new Uint8Array(100_000).fill(9)]]) {
    const length = all.reduce((sum, piece) => sum + piece.length, 0);
    const got = new Uint8Array(length);
    const reading = go(() => b.readFull(got));
    assert.equal(yield* a.writev(all), length);
    yield* reading.join();
    assert.equal(Buffer.compare(got.subarray(0, want.length), want), 0);
  }
  a.close();
  b.close();
});

openSSLTest("tlsInfo reports the engine", function* () {
  const info = tlsInfo();
  assert.equal(info.engine, "openssl");
  assert.match(info.version, /^OpenSSL [34]\.\d/);
  assert.match(info.libssl, /libssl/);
});
