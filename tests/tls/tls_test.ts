// SPDX-License-Identifier: MIT
/** TLS: trust, limits of the handshake, and that no byte is lost. Go: crypto/tls. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import {
  ClosedError,
  type Conn,
  DeadlineExceededError,
  dial,
  fromDuplex,
  go,
  listen,
  OpError,
  otherwise,
  PanicError,
  readAll,
  type Routine,
  run,
  runSync,
  select,
  sleep,
  type TLSConn,
  toDuplex,
  toWebStreams,
  UnexpectedEOFError,
  wait,
} from "../../mod.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { only, onWine, pair, thrown, until } from "../support/harness.ts";
import { engine, tlsDial, tlsListen, tlsTest } from "../support/tls_engines.ts";
import { SERVER, tlsPair } from "../support/tls_pair.ts";
import { pattern, readPattern } from "../support/pattern.ts";

const OTHER = certificate("other");
const CLIENT = certificate("client");
/** Whether the engine is that of Bun, which ends its side as soon as the peer has ended its own. */
const endsBoth = () => engine() === "host" && "Bun" in globalThis;
const text = (s: string) => new TextEncoder().encode(s);

/** Longer than a successful connect or handshake; under Wine both are slow. */
const PATIENCE_MS = onWine ? 2000 : 1000;

/** `error` as one of the handshake. */
function ofHandshake(error: unknown): OpError {
  assert.ok(error instanceof OpError, String(error));
  assert.equal(error.op, "handshake");
  assert.equal(error.net, "tcp");
  return error;
}

/** A listener whose connections echo. */
function* echoing(options = {}): Routine<string> {
  const listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ...options });
  go(function* serve() {
    for (;;) go(echo, yield* listener.accept());
  });
  return String(listener.addr);
}

function* echo(conn: Conn): Routine<void> {
  using _ = conn;
  try {
    using chunks = conn.chunks();
    for (let chunk; (chunk = yield* chunks.next()) !== null;) yield* conn.write(chunk);
  } catch (error) {
    assert.ok(error instanceof OpError || error instanceof UnexpectedEOFError, String(error));
  }
}

function* roundTrip(conn: Conn): Routine<void> {
  const back = new Uint8Array(5);
  yield* conn.write(text("hello"));
  assert.equal(yield* conn.readFull(back), 5);
  assert.deepEqual(back, text("hello"));
}

tlsTest("both ends report what was negotiated", function* () {
  const [client, server] = yield* tlsPair(
    { servername: "localhost", ALPNProtocols: ["http/1.1", "h2"] },
    { ALPNProtocols: ["h2", "http/1.1"] },
  );
  for (const end of [client, server]) {
    assert.equal(end.protocol, "TLSv1.3");
    assert.match(end.cipher, /^TLS_/);
    assert.equal(end.serverName, "localhost");
    assert.equal(end.fd, -1);
    assert.ok(end.conn.fd >= 0);
  }
  // Which of two that both like is chosen is up to the engine.
  assert.match(client.alpnProtocol, /^(h2|http\/1\.1)$/);
  assert.equal(server.alpnProtocol, client.alpnProtocol);
  assert.equal(String(client.localAddr), String(server.remoteAddr));
  assert.equal(client.authorized, true);
  assert.equal(client.peerCertificate!.subject.CN, "localhost");
  assert.equal(server.authorized, false);
  assert.equal(server.peerCertificate, null);
  client.close();
  server.close();
});

tlsTest("an older version can be requested", function* () {
  const [client, server] = yield* tlsPair({}, { maxVersion: "TLSv1.2" });
  assert.equal(client.protocol, "TLSv1.2");
  const echoed = go(echo, server as Conn);
  yield* roundTrip(client);
  client.close();
  yield* echoed.join();
});

tlsTest("an untrusted certificate, or one of another name, is refused", function* () {
  const address = yield* echoing();
  const port = address.split(":")[1];
  const strangers: [string, string, object][] = [
    [address, "DEPTH_ZERO_SELF_SIGNED_CERT", {}],
    [address, "ERR_TLS_CERT_ALTNAME_INVALID", { ca: SERVER.cert, servername: "wrong.example" }],
    [`127.0.0.2:${port}`, "ECONNREFUSED", { ca: SERVER.cert }],
  ];
  for (const [at, code, options] of strangers) {
    const error = (yield* thrown(tlsDial("tcp", at, options))) as OpError;
    assert.equal(error.code, code);
    if (code !== "ECONNREFUSED") ofHandshake(error);
  }
  // By name, by address, and by the user's own decision.
  for (const options of [{ ca: SERVER.cert }, { rejectUnauthorized: false }]) {
    using conn = yield* tlsDial("tcp", address, options);
    assert.equal(conn.authorized, "ca" in options);
    yield* roundTrip(conn);
  }
  using conn = yield* tlsDial("tcp", `localhost:${port}`, { ca: [SERVER.cert] });
  assert.equal(conn.serverName, "localhost");
  yield* roundTrip(conn);
});

tlsTest("a certificate for another address is refused", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.2:0", SERVER);
  go(function* () {
    for (;;) go(echo, (yield* listener.accept()) as Conn);
  });
  const error = yield* thrown(tlsDial("tcp", String(listener.addr), { ca: SERVER.cert }));
  assert.equal(ofHandshake(error).code, "ERR_TLS_CERT_ALTNAME_INVALID");
});

tlsTest("the certificate is selected by the requested server name", function* () {
  const address = yield* echoing({ sni: { "other.example": OTHER, "*.other.example": OTHER } });
  const ca = [SERVER.cert, OTHER.cert];
  const names = [
    ["other.example", "other.example"],
    ["www.other.example", "other.example"],
    ["localhost", "localhost"],
  ];
  for (const [servername, subject] of names) {
    using conn = yield* tlsDial("tcp", address, { ca, servername });
    assert.equal(conn.peerCertificate!.subject.CN, subject);
    yield* roundTrip(conn);
  }
  // Without a name there is the first.
  using conn = yield* tlsDial("tcp", address, { ca });
  assert.equal(conn.peerCertificate!.subject.CN, "localhost");
});

tlsTest("a client without the required certificate is refused", function* () {
  const wanted = { requestCert: true, ca: CLIENT.cert };
  const [client, server] = yield* tlsPair(CLIENT, wanted);
  assert.equal(server.authorized, true);
  assert.equal(server.peerCertificate!.subject.CN, "client");
  client.close();
  server.close();

  for (const shown of [{}, OTHER]) {
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ...wanted });
    const accepting = go(() => listener.accept());
    const dialling = go(function* () {
      // With TLS 1.3 the client is done before the server has looked at its certificate.
      try {
        using conn = yield* tlsDial("tcp", String(listener.addr), { ca: SERVER.cert, ...shown });
        yield* conn.read(new Uint8Array(1));
        return null;
      } catch (error) {
        return error;
      }
    });
    const accepted = yield* accepting.join();
    ofHandshake(yield* thrown(accepted.handshake()));
    ofHandshake(yield* thrown(accepted.read(new Uint8Array(1))));
    assert.ok((yield* dialling.join()) instanceof Error);
    accepted.close();
  }

  const [stranger, host] = yield* tlsPair({}, { ...wanted, rejectUnauthorized: false });
  assert.equal(host.authorized, false);
  stranger.close();
  host.close();
});

tlsTest("no common protocol is an error on the server's side", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ALPNProtocols: ["h2"] });
  const accepting = go(() => listener.accept());
  const options = { ca: SERVER.cert, ALPNProtocols: ["other"] };
  const dialling = go(() => thrown(tlsDial("tcp", String(listener.addr), options)));
  using accepted = yield* accepting.join();
  ofHandshake(yield* thrown(accepted.handshake()));
  ofHandshake(yield* dialling.join());
});

tlsTest("a client that never sends blocks no other, and is closed", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", {
    ...SERVER,
    handshakeTimeout: PATIENCE_MS,
  });
  using silent = yield* dial("tcp", String(listener.addr));
  const quiet = yield* listener.accept();
  const first = go(() => thrown(quiet.read(new Uint8Array(1))));
  const serving = go(function* () {
    yield* echo(yield* listener.accept());
  });
  using conn = yield* tlsDial("tcp", String(listener.addr), { ca: SERVER.cert });
  yield* roundTrip(conn);
  conn.close();
  yield* serving.join();
  const error = ofHandshake(yield* first.join());
  assert.ok(error.cause instanceof DeadlineExceededError);
  assert.equal(error.timeout, true);
  assert.equal(yield* silent.read(new Uint8Array(1)), null);
  quiet.close();
});

tlsTest(
  "a client that stops in the middle of its ClientHello blocks no other, and is closed",
  function* () {
    const sni = { "other.example": OTHER };
    const options = { ...SERVER, sni, handshakeTimeout: 100 };
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", options);
    using silent = yield* dial("tcp", String(listener.addr));
    yield* silent.write(Uint8Array.of(22, 3, 1, 1, 0, 1));
    using quiet = yield* listener.accept();
    assert.equal(ofHandshake(yield* thrown(quiet.handshake())).timeout, true);
    assert.equal(yield* silent.read(new Uint8Array(1)), null);
  },
);

tlsTest("a handshake with a silent server times out", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  const limits = [
    () => ({ handshakeTimeout: PATIENCE_MS }),
    () => ({ timeout: PATIENCE_MS }),
    () => ({ deadline: Date.now() + PATIENCE_MS }),
  ];
  for (const limit of limits) {
    const error = yield* thrown(tlsDial("tcp", address, { ca: SERVER.cert, ...limit() }));
    assert.equal(ofHandshake(error).timeout, true);
    (yield* listener.accept()).close();
  }
  const controller = new AbortController();
  const dialling = go(() => thrown(tlsDial("tcp", address, { signal: controller.signal })));
  using accepted = yield* listener.accept();
  yield* accepted.readable();
  controller.abort();
  assert.equal(ofHandshake(yield* dialling.join()).code, "ABORT_ERR");
});

tlsTest("a goroutine ended during the handshake leaks nothing", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  go(() => tlsDial("tcp", String(listener.addr), { ca: SERVER.cert }));
  using accepted = yield* listener.accept();
  yield* accepted.readable();
  // The harness looks for what is left.
});

/** What arrives at servers that speak TLS. */
const GARBAGE: Record<string, Uint8Array> = {
  "a request in the clear": text("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  "zeros": new Uint8Array(1000),
  "ones": new Uint8Array(1000).fill(0xff),
  "a record of no length": Uint8Array.of(22, 3, 1, 0, 0),
  "a hello that is too short": Uint8Array.of(22, 3, 1, 0, 5, 1, 0, 0, 1, 0),
  "a hello of zeros": Uint8Array.of(22, 3, 1, 0, 44, 1, 0, 0, 40, ...new Uint8Array(40)),
  "an alert": Uint8Array.of(21, 3, 3, 0, 2, 2, 40),
  "data before the handshake": Uint8Array.of(23, 3, 3, 0, 4, 1, 2, 3, 4),
  "the end": new Uint8Array(0),
};

for (const sni of [undefined, { "other.example": OTHER }]) {
  const name = `nonsense is an error of its own connection${sni ? ", also where names count" : ""}`;
  tlsTest(name, function* () {
    const options = { ...SERVER, sni, handshakeTimeout: 2000 };
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", options);
    for (const [what, bytes] of Object.entries(GARBAGE)) {
      const client = yield* dial("tcp", String(listener.addr));
      using server = yield* listener.accept();
      yield* client.write(bytes);
      client.closeWrite();
      const error = yield* thrown(server.read(new Uint8Array(1)));
      assert.equal((error as OpError).op, "handshake", what);
      client.close();
    }
    const accepting = go(() => listener.accept());
    using conn = yield* tlsDial("tcp", String(listener.addr), { ca: SERVER.cert });
    go(echo, (yield* accepting.join()) as Conn);
    yield* roundTrip(conn);
  });
}

tlsTest("corrupted data is an error, and ends only its own connection", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  const accepting = go(() => listener.accept());
  const client = yield* tlsDial("tcp", String(listener.addr), { ca: SERVER.cert });
  const server = yield* accepting.join();
  yield* server.handshake();
  // A record that is not of this connection.
  yield* client.conn.write(Uint8Array.of(23, 3, 3, 0, 32, ...new Uint8Array(32)));
  assert.ok((yield* thrown(readAll(server))) instanceof OpError);
  client.close();
  server.close();
});

tlsTest("close() loses nothing and sends close_notify, whichever side closes", function* () {
  const want = pattern(2 << 20);
  for (let round = 0; round < 10; round++) {
    const ends = yield* tlsPair();
    const [a, b] = round % 2 === 0 ? ends : [ends[1], ends[0]];
    // Bytes that are never read: a plain close would cause a reset.
    yield* b.write(new Uint8Array(10_000));
    const reader = go(readPattern, b as Conn, 16 * 1024);
    assert.equal(yield* a.write(want), want.length);
    a.close();
    assert.equal(yield* reader.join(), want.length);
    b.close();
  }
});

tlsTest("close() without any data is an orderly end as well", function* () {
  for (let round = 0; round < 20; round++) {
    const [a, b] = yield* tlsPair();
    a.close();
    assert.equal(yield* b.read(new Uint8Array(1)), null);
    b.close();
  }
});

test("run() returns after the last write has arrived", async () => {
  const received = Promise.withResolvers<number>();
  let client: TLSConn | null = null;
  await run(function* () {
    const [a, b] = yield* tlsPair();
    client = a;
    go(function* () {
      received.resolve((yield* readAll(a)).length);
      a.close();
    });
    yield* b.write(new Uint8Array(3 << 20));
    b.close();
    yield* wait(received.promise);
  });
  assert.equal(await received.promise, 3 << 20);
  assert.ok(client);
});

tlsTest("an end without close_notify is an error, after all received data", function* () {
  for (let round = 0; round < 10; round++) {
    const [a, b] = yield* tlsPair();
    const want = pattern(300_000);
    const reader = go(function* () {
      const got = new Uint8Array(want.length);
      yield* b.readFull(got);
      return [got, yield* thrown(b.read(new Uint8Array(1)))] as const;
    });
    yield* a.write(want);
    // What was written must be out before the connection is cut.
    yield* until(() => a.conn.fd === -1 || reader.status === "waiting");
    yield* sleep(20);
    a.conn.close();
    const [got, error] = yield* reader.join();
    assert.equal(Buffer.compare(got, want), 0);
    assert.ok(error instanceof UnexpectedEOFError, String(error));
    a.abort();
    b.close();
  }
});

tlsTest("a reset of the connection below is reported as such", function* () {
  const [a, b] = yield* tlsPair();
  const reader = go(() => thrown(b.read(new Uint8Array(1))));
  yield* until(() => reader.status === "waiting");
  a.abort();
  assert.equal(((yield* reader.join()) as OpError).code, "ECONNRESET");
  b.close();
});

tlsTest("the peer of closeWrite() reads the end, and may continue to write", function* () {
  const [a, b] = yield* tlsPair();
  yield* a.write(text("question"));
  a.closeWrite();
  assert.equal(new TextDecoder().decode(yield* readAll(b)), "question");
  if (endsBoth()) {
    assert.equal(((yield* thrown(b.write(text("answer")))) as OpError).code, "EPIPE");
  } else {
    yield* b.write(text("answer"));
    b.closeWrite();
    assert.equal(new TextDecoder().decode(yield* readAll(a)), "answer");
  }
  assert.equal(((yield* thrown(a.write(text("more")))) as OpError).code, "EPIPE");
  a.close();
  b.close();
});

tlsTest("a peer that does not read blocks the writer, and costs no memory", function* () {
  const [a, b] = yield* tlsPair();
  let accepted = 0;
  const writer = go(function* () {
    const piece = new Uint8Array(64 * 1024);
    for (;;) accepted += yield* a.write(piece);
  });
  // Until nothing has moved for a while.
  for (let last = -1; last !== accepted;) {
    last = accepted;
    yield* sleep(100);
  }
  assert.equal(writer.status, "waiting");
  // What the kernel's buffers hold, and a little.
  assert.ok(accepted < 16 << 20, `${accepted} bytes were taken`);
  a.abort();
  assert.ok(((yield* thrown(writer.join())) as OpError).cause instanceof ClosedError);
  b.abort();
});

tlsTest("a deadline fails waiting calls, and reports the bytes written", function* () {
  const [a, b] = yield* tlsPair();
  a.setReadDeadline(Date.now() + 20);
  assert.ok(((yield* thrown(a.read(new Uint8Array(1)))) as OpError).timeout);
  a.setDeadline(Date.now() + 200);
  const error = (yield* thrown(a.write(new Uint8Array(64 << 20)))) as OpError;
  assert.ok(error.timeout);
  a.setDeadline(null);
  a.close();
  assert.equal((yield* readAll(b)).length, error.bytesWritten);
  b.close();
});

tlsTest("calls end by a signal, and after close(), as on any connection", function* () {
  const [a, b] = yield* tlsPair();
  const controller = new AbortController();
  const reader = go(() => thrown(a.read(new Uint8Array(1), controller.signal)));
  yield* until(() => reader.status === "waiting");
  controller.abort();
  assert.equal(((yield* reader.join()) as OpError).code, "ABORT_ERR");
  a.close();
  const name = `tcp ${a.localAddr}->${a.remoteAddr}: use of closed network connection`;
  assert.equal(((yield* thrown(a.read(new Uint8Array(1)))) as Error).message, `read ${name}`);
  assert.equal(((yield* thrown(a.write(new Uint8Array(1)))) as Error).message, `write ${name}`);
  a.close();
  a.closeWrite();
  a[Symbol.dispose]();
  b.close();
});

tlsTest("TLS connections and listeners are cases of a select", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  const dialling = go(() => tlsDial("tcp", String(listener.addr), { ca: SERVER.cert }));
  const first = yield* select(listener.onAccept());
  using server = first.value;
  using client = yield* dialling.join();
  const writing = go(function* () {
    yield* sleep(5);
    yield* client.write(text("x"));
  });
  assert.equal((yield* select(server.onReadable(), null)).index, 0);
  assert.equal(yield* server.read(new Uint8Array(8)), 1);
  assert.equal((yield* select(null, server.onWritable())).index, 1);
  yield* writing.join();
});

tlsTest("decrypted unread data is readable, although nothing more arrives", function* () {
  const [a, b] = yield* tlsPair();
  using _a = a, _b = b;
  yield* a.write(text("some"));
  const byte = new Uint8Array(1);
  let read = "";
  for (let i = 0; i < 4; i++) {
    // The socket below is drained by the first of these; what is left lies in the engine.
    yield* b.readable();
    assert.equal((yield* select(b.onReadable(), otherwise)).index, 0);
    assert.equal(yield* b.read(byte), 1);
    read += String.fromCharCode(byte[0]);
  }
  assert.equal(read, "some");
  assert.equal((yield* select(b.onReadable(), otherwise)).index, 1, "now there is nothing");
});

tlsTest("many concurrent handshakes, some of them failing", function* () {
  const address = yield* echoing();
  const dialling = Array.from({ length: 60 }, (_, i) =>
    go(function* () {
      if (i % 3 === 0) {
        ofHandshake(yield* thrown(tlsDial("tcp", address)));
        return;
      }
      using conn = yield* tlsDial("tcp", address, { ca: SERVER.cert });
      yield* roundTrip(conn);
    }));
  for (const each of dialling) yield* each.join();
});

test("a TLS connection returned by main is the caller's", async () => {
  const [a, b] = await run(() => tlsPair());
  await run(function* () {
    const echoed = go(echo, b as Conn);
    yield* roundTrip(a);
    a.close();
    yield* echoed.join();
  });
});

tlsTest("invalid settings are errors that name the setting", function* () {
  const wrong: [object, RegExp][] = [
    [
      { ...SERVER, ALPNProtocols: "h2" },
      /^Cannot listen with TLS with these options: ALPNProtocols/,
    ],
    [
      { cert: SERVER.cert },
      /^Cannot listen with TLS with these options: key: must be text or bytes in PEM format$/,
    ],
    [{ ...SERVER, cert: "./server.pem" }, /: cert: must be the contents of the file, not its path/],
    [
      { ...SERVER, key: "/etc/ssl/private/key" },
      /: key: must be the contents of the file, not its/,
    ],
    [{ ...SERVER, ca: ["C:\\ca\\root.crt"] }, /: ca.0: must be the contents of the file, not its/],
    [{ ...SERVER, cert: "none" }, /^Cannot listen with TLS as cert must be a certificate in PEM: /],
    [{ ...SERVER, key: "none" }, /^Cannot listen with TLS as key must be a private key in PEM: /],
    [{ ...SERVER, key: OTHER.key }, /^Cannot listen with TLS as key must match cert/],
    [{ ...SERVER, sni: { x: { ...OTHER, key: SERVER.key } } }, /as key must match cert/],
    [{ ...SERVER, nonsense: 1 }, /^Cannot listen with these options: .*nonsense/],
  ];
  for (const [options, message] of wrong) {
    const error = yield* thrown(tlsListen("tcp", "127.0.0.1:0", options as typeof SERVER));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, message);
  }
  const unknown = { ca: SERVER.cert, nonsense: 1 } as object;
  assert.ok((yield* thrown(tlsDial("tcp", "127.0.0.1:1", unknown))) instanceof TypeError);
});

only("runSync", "bridges to the host throw under runSync, and name the reason", function* () {
  const [a, b] = yield* pair();
  const calls: [string, () => unknown][] = [
    ["toDuplex", () => toDuplex(a)],
    ["toWebStreams", () => toWebStreams(a)],
    ["fromDuplex", () => fromDuplex(null as never)],
  ];
  for (const [name, call] of calls) {
    assert.throws(call, {
      name: "PanicError",
      message: `${name} under runSync: the host's event loop does not run; use run`,
    });
  }
  const host = { engine: "host" } as const;
  const listening = thrown(tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ...host }));
  assert.ok((yield* listening) instanceof PanicError);
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const dialling = thrown(tlsDial("tcp", String(listener.addr), host));
  assert.ok((yield* dialling) instanceof PanicError);
  a.close();
  b.close();
});

test("a connection of the host's engine carried into runSync throws", async () => {
  const host = { engine: "host" } as const;
  const ends = await run(() => tlsPair(host, host));
  assert.throws(() => runSync(() => ends[0].read(new Uint8Array(1))), { name: "PanicError" });
  await run(function* () {
    for (const end of ends) end.abort();
  });
});
