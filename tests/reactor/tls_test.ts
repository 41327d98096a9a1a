// SPDX-License-Identifier: MIT
/** TLS whose handshakes the workers of a reactor perform; and under limits. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import {
  dial,
  go,
  listen,
  type Routine,
  sleep,
  type TLSConn,
  tlsDial,
  type TLSDialOptions,
  tlsListen,
  tlsListener,
} from "../../mod.ts";
import { limit, openReactor, type ReactorOptions } from "../../reactor.ts";
import { live } from "../../src/tls/openssl/live.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { both, noProc, thrown, until } from "../support/harness.ts";
import { bothWithWorkers, noSharing, withWorkers } from "../support/left.ts";
import { noOpenSSL } from "../support/tls_engines.ts";

const HANDLER = new URL("./handlers/tls.ts", import.meta.url);
const SERVER = certificate("server");
const OTHER = certificate("other");
const skip = noOpenSSL || noProc;

interface Said {
  readonly worker: number;
  readonly protocol: string;
  readonly resumed: boolean;
  readonly serverName: string;
  readonly engine: string;
}

/** Connects and asks who serves it. */
function* ask(address: string, options: TLSDialOptions = {}): Routine<Said> {
  const engine = noOpenSSL ? "host" : "openssl";
  using conn = yield* tlsDial("tcp", address, { ca: SERVER.cert, engine, ...options });
  return yield* askOn(conn);
}

function* askOn(conn: TLSConn): Routine<Said> {
  yield* conn.write("who");
  const buf = new Uint8Array(300);
  const n = yield* conn.read(buf);
  return JSON.parse(new TextDecoder().decode(buf.subarray(0, n!)));
}

/** Has a reactor of two workers serve a listener, while `body` uses its address. */
function* served(
  options: ReactorOptions,
  body: (
    address: string,
    reactor: { setCertificates(own: typeof SERVER): void },
  ) => Routine<void>,
): Routine<void> {
  const tls = { ...SERVER, engine: "openssl" as const, ...options.tls };
  const reactor = yield* openReactor(HANDLER, { workers: 2, ...options, tls });
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const serving = go(() => reactor.serve(listener));
  yield* body(String(listener.addr), reactor);
  yield* reactor.shutdown({ deadline: 10_000 });
  yield* serving.join();
}

bothWithWorkers("workers do handshakes, and resume each other's sessions", function* () {
  const before = live.connections;
  yield* served({}, function* (address) {
    const said: Said[] = [];
    for (let i = 0; i < 4; i++) {
      said.push(yield* ask(address, { servername: "localhost", resume: true }));
    }
    assert.deepEqual(said.map(({ worker }) => worker).sort(), [0, 0, 1, 1]);
    assert.deepEqual(said.map(({ resumed }) => resumed), [false, true, true, true]);
    for (const { protocol, serverName, engine } of said) {
      assert.deepEqual([protocol, serverName, engine], ["TLSv1.3", "localhost", "openssl"]);
    }
    assert.equal(live.connections, before, "no SSL object of a server is this thread's");
  });
}, skip);

withWorkers("run", "workers do handshakes with the host's engine", function* () {
  yield* served({ driver: "run", tls: { ...SERVER, engine: "host" } }, function* (address) {
    const said = yield* ask(address);
    assert.deepEqual([said.protocol, said.engine], ["TLSv1.3", "host"]);
  });
}, noProc);

bothWithWorkers("workers with their own listeners do handshakes too", function* () {
  const tls = { ...SERVER, engine: "openssl" as const };
  const reactor = yield* openReactor(HANDLER, { workers: 2, tls });
  const address = String(yield* reactor.listen("tcp", "127.0.0.1:0"));
  assert.equal((yield* ask(address)).protocol, "TLSv1.3");
  yield* reactor.shutdown({ deadline: 10_000 });
}, skip || noSharing);

bothWithWorkers(
  "setCertificates reaches every worker, and invalid certificates reach none",
  function* () {
    yield* served({}, function* (address, reactor) {
      yield* ask(address);
      assert.throws(() => reactor.setCertificates({ ...OTHER, key: SERVER.key }), TypeError);
      yield* ask(address);
      reactor.setCertificates(OTHER);
      const options = { ca: OTHER.cert, servername: "other.example" };
      // A worker looks at its messages before the connections that come after them.
      for (let i = 0; i < 4; i++) yield* ask(address, options);
      assert.ok((yield* thrown(ask(address))) instanceof Error);
    });
  },
  skip,
);

bothWithWorkers("a client that speaks no TLS ends its connection, and no worker", function* () {
  const ends: unknown[] = [];
  yield* served({ onWorkerEnd: (end) => ends.push(end) }, function* (address) {
    for (let i = 0; i < 4; i++) {
      using conn = yield* dial("tcp", address);
      yield* conn.write("GET / HTTP/1.0\r\n\r\n");
      try {
        while ((yield* conn.read(new Uint8Array(100))) !== null);
      } catch {
        // A reset instead of the end, behind the alert.
      }
    }
    assert.equal((yield* ask(address)).protocol, "TLSv1.3");
  });
  assert.deepEqual(ends, []);
}, skip);

bothWithWorkers("a reactor's limits apply to TLS connections", function* () {
  const limits = { connections: { most: 1, policy: "refuse" as const } };
  yield* served({ limits }, function* (address) {
    using first = yield* tlsDial("tcp", address, { ca: SERVER.cert, engine: "openssl" });
    yield* askOn(first);
    assert.ok((yield* thrown(ask(address))) instanceof Error, "the second is refused");
    first.close();
    // The worker tells when it is closed there.
    for (let said: Said | null = null; said === null;) {
      try {
        said = yield* ask(address);
      } catch {
        yield* sleep(5);
      }
    }
  });
}, skip);

bothWithWorkers("invalid options are explained", function* () {
  const open = (options: object, url = HANDLER) =>
    thrown(openReactor(url, { workers: 1, ...options } as ReactorOptions));
  const message = function* (failing: Routine<unknown>): Routine<string> {
    const error = yield* failing;
    assert.ok(error instanceof TypeError, String(error));
    return error.message;
  };
  const tls = { ...SERVER, engine: "openssl" };
  assert.match(
    yield* message(open({ tls: { ...tls, key: OTHER.key } })),
    /^Cannot open a reactor with TLS as key must match cert/,
  );
  assert.match(yield* message(open({ tls: { ...tls, keyLog: () => {} } })), /keyLog is a function/);
  assert.match(yield* message(open({ tls, name: "table" })), /TLS with a table of callbacks/);
  const reactor = yield* openReactor(HANDLER, { workers: 1 });
  assert.throws(() => reactor.setCertificates(SERVER), /without the option tls/);
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, engine: "openssl" });
  assert.match(yield* message(thrown(reactor.serve(listener))), /TLS, which are options of the/);
  assert.throws(() => limit(listener, {}), /with TLS: tlsListener\(limit\(listener/);
  yield* reactor.shutdown();
}, skip);

both(
  "TLS over a listener with limits: refused, admitted and released connections",
  function* () {
    const limited = limit(yield* listen("tcp", "127.0.0.1:0"), {
      connections: { most: 2, policy: "refuse" },
    });
    using listener = tlsListener(limited, { ...SERVER, engine: "openssl" });
    const servers: TLSConn[] = [];
    const accepting = go(function* () {
      try {
        for (;;) servers.push(yield* listener.accept());
      } catch {
        // The listener is closed.
      }
    });
    const address = String(listener.addr);
    const connect = () => tlsDial("tcp", address, { ca: SERVER.cert, engine: "openssl" });
    const [a, b] = [yield* connect(), yield* connect()];
    assert.ok((yield* thrown(connect())) instanceof Error);
    assert.equal(limited.counters.open, 2);
    a.close();
    servers[0].close();
    yield* until(() => limited.counters.open === 1);
    using c = yield* connect();
    yield* c.write("x");
    yield* until(() => servers.length === 3);
    const buf = new Uint8Array(1);
    assert.equal(yield* servers[2].read(buf), 1);
    for (const each of [b, ...servers]) each[Symbol.dispose]();
    listener.close();
    yield* accepting.join();
  },
  skip,
);
