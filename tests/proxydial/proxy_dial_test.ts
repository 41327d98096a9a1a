// SPDX-License-Identifier: MIT
/** Dials through SOCKS5 and HTTP proxies, the bad ones included. */
import assert from "node:assert/strict";
import {
  BufferedReader,
  byteCounters,
  type Conn,
  copy,
  dial,
  go,
  httpConnect,
  isCanceled,
  isTimeout,
  listen,
  OpError,
  ProxyConnectError,
  proxyDial,
  type ProxyDialOptions,
  type Routine,
  socks5Connect,
  tlsClient,
  UnexpectedEOFError,
} from "../../mod.ts";
import { SERVER } from "../support/tls_pair.ts";
import { engine, tlsListen, tlsTest } from "../support/tls_engines.ts";
import { both, onWindows, thrown } from "../support/harness.ts";
import { fakeProxy, floods, says, trickles } from "./fake_proxies.ts";

const TARGET = "example.org:443";
/** No address but that of the proxy is connected to. */
const OK = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

function* read(conn: Conn, n: number): Routine<Uint8Array> {
  const bytes = new Uint8Array(n);
  assert.equal(yield* conn.readFull(bytes), n);
  return bytes;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The cause of a dial through a proxy that fails. */
function* causeOf(call: Routine<unknown>): Routine<Error> {
  const error = yield* thrown(call);
  assert.ok(error instanceof OpError && error.op === "dial", String(error));
  return error.cause;
}

const requests: [address: string, bytes: number[]][] = [
  ["example.org:80", [5, 1, 0, 3, 11, ...new TextEncoder().encode("example.org"), 0, 80]],
  ["192.0.2.7:8080", [5, 1, 0, 1, 192, 0, 2, 7, 0x1f, 0x90]],
  // Mapped to IPv6: Go, too, sends it as one of IPv4.
  ["[::ffff:192.0.2.7]:8080", [5, 1, 0, 1, 192, 0, 2, 7, 0x1f, 0x90]],
  ["[2001:db8::1]:65535", [5, 1, 0, 4, 32, 1, 13, 184, ...Array(11).fill(0), 1, 255, 255]],
];
for (const [address, expected] of requests) {
  both(`SOCKS5: the request for ${address}`, function* () {
    let sent: Uint8Array | null = null;
    using proxy = yield* fakeProxy(function* (conn) {
      assert.deepEqual([...(yield* read(conn, 3))], [5, 1, 0]);
      yield* conn.write(Uint8Array.of(5, 0));
      sent = yield* read(conn, expected.length);
      // The bytes behind the reply are those of the server.
      yield* conn.write(
        Uint8Array.from([5, 0, 0, 3, 2, 97, 98, 1, 2, ...new TextEncoder().encode("hello")]),
      );
      yield* conn.read(new Uint8Array(1));
    });
    using conn = yield* proxyDial("tcp", address, { proxy: `socks5h://${proxy.address}` });
    assert.deepEqual([...sent!], expected);
    assert.equal(text(yield* read(conn, 5)), "hello");
    assert.equal(String(conn.remoteAddr), proxy.address);
  });
}

both("a network other than TCP is refused, with and without a proxy", function* () {
  for (const network of ["unix", "udp", "tcp5", "", undefined, 5]) {
    for (const proxy of [null, "socks5://127.0.0.1:1"]) {
      const cause = yield* causeOf(proxyDial(network as "tcp", "127.0.0.1:1", { proxy }));
      assert.match(cause.message, /^unknown network .*: a proxy connects by tcp, tcp4 or tcp6$/);
    }
  }
});

both("SOCKS5: user and password, right, wrong, and not requested", function* () {
  for (const status of [0, 1]) {
    using proxy = yield* fakeProxy(function* (conn) {
      assert.deepEqual([...(yield* read(conn, 4))], [5, 2, 0, 2]);
      yield* conn.write(Uint8Array.of(5, 2));
      assert.equal(text(yield* read(conn, 2 + 4 + 1 + 4)), "\x01\x04us:r\x04p@ss");
      yield* conn.write(Uint8Array.of(1, status));
      if (status === 0) yield* says(OK)(conn);
    });
    const call = proxyDial("tcp", TARGET, { proxy: `socks5://us%3Ar:p%40ss@${proxy.address}` });
    if (status === 0) {
      using _conn = yield* call;
      continue;
    }
    const cause = yield* causeOf(call);
    assert.ok(cause instanceof ProxyConnectError);
    assert.equal(cause.code, "ERR_PROXY_AUTHENTICATION");
  }
  using none = yield* fakeProxy(says([5, 0], OK));
  using _conn = yield* proxyDial("tcp", TARGET, { proxy: `socks5://u:p@${none.address}` });
  using wants = yield* fakeProxy(says([5, 255]));
  const cause = yield* causeOf(proxyDial("tcp", TARGET, { proxy: `socks5://${wants.address}` }));
  assert.equal((cause as ProxyConnectError).code, "ERR_PROXY_AUTHENTICATION");
});

const replies: [reply: number, code: string][] = [
  [1, "ERR_PROXY_REFUSED"],
  [2, "ERR_PROXY_REFUSED"],
  [3, "ENETUNREACH"],
  [4, "EHOSTUNREACH"],
  [5, "ECONNREFUSED"],
  [8, "ERR_PROXY_REFUSED"],
  [200, "ERR_PROXY_REFUSED"],
];
both("SOCKS5: each reply code has its error code", function* () {
  for (const [reply, code] of replies) {
    using proxy = yield* fakeProxy(says([5, 0], [5, reply, 0, 1]));
    const error = yield* thrown(
      proxyDial("tcp", TARGET, { proxy: `socks5://${proxy.address}` }),
    ) as Routine<OpError>;
    assert.ok(error.cause instanceof ProxyConnectError);
    assert.deepEqual([error.code, error.cause.status, error.cause.protocol], [
      code,
      reply,
      "socks5",
    ]);
    assert.ok(
      error.message.startsWith(`dial tcp ${proxy.address}->example.org:443: SOCKS5 proxy: `),
    );
  }
});

const garbage: [name: string, pieces: (string | number[])[]][] = [
  ["another version", [[4, 0]]],
  ["a method that was not offered", [[5, 2]]],
  ["HTTP", ["HTTP/1.1 400 Bad Request\r\n\r\n"]],
  ["another version of the reply", [[5, 0], [4, 0, 0, 1, 0, 0, 0, 0, 0, 0]]],
  ["an unknown type of address", [[5, 0], [5, 0, 0, 9, 0, 0, 0, 0, 0, 0]]],
];
both("SOCKS5: a malformed reply is refused", function* () {
  for (const [name, pieces] of garbage) {
    using proxy = yield* fakeProxy(says(...pieces));
    const cause = yield* causeOf(proxyDial("tcp", TARGET, { proxy: `socks5://${proxy.address}` }));
    assert.ok(cause instanceof ProxyConnectError, `${name}: ${cause}`);
    assert.equal(cause.code, "ERR_PROXY_PROTOCOL", name);
  }
});

const HEAD = "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n";
both("CONNECT: the request, with a password and extra headers, and early bytes", function* () {
  let sent = "";
  using proxy = yield* fakeProxy(function* (conn) {
    const expected = `${HEAD}Proxy-Authorization: Basic ${
      btoa("user:p:w")
    }\r\nUser-Agent: x\r\n\r\n`;
    sent = text(yield* read(conn, expected.length));
    assert.equal(sent, expected);
    yield* conn.write(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\nContent-Length: 5\r\nX: y\r\n\r\nearly",
    );
    assert.equal(text(yield* read(conn, 4)), "ping");
    yield* conn.write("pong");
  });
  using conn = yield* proxyDial("tcp", TARGET, {
    proxy: new URL(`http://user:p%3Aw@${proxy.address}`),
    headers: { "User-Agent": "x" },
  });
  const counters = byteCounters(conn);
  assert.equal(text(yield* read(conn, 5)), "early");
  yield* conn.write("ping");
  assert.equal(text(yield* read(conn, 4)), "pong");
  assert.deepEqual([counters.bytesRead, counters.bytesWritten], [4, 4]);
});

both("CONNECT: a refusal reports its status", function* () {
  const answers: [line: string, status: number, code: string][] = [
    ["HTTP/1.1 403 Forbidden\x07", 403, "ERR_PROXY_REFUSED"],
    ["HTTP/1.1 407 Proxy Authentication Required", 407, "ERR_PROXY_AUTHENTICATION"],
    ["HTTP/1.1 101 Switching Protocols", 101, "ERR_PROXY_REFUSED"],
    ["HTTP/1.0 502", 502, "ERR_PROXY_REFUSED"],
    ["HTTP/1.1 301 Moved", 301, "ERR_PROXY_REFUSED"],
  ];
  for (const [line, status, code] of answers) {
    using proxy = yield* fakeProxy(says(`${line}\r\nA: b\r\n\r\nbody`));
    const cause = yield* causeOf(proxyDial("tcp", TARGET, { proxy: `http://${proxy.address}` }));
    assert.ok(cause instanceof ProxyConnectError);
    assert.deepEqual([cause.status, cause.code, cause.protocol], [status, code, "http"]);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(cause.message, /[\x00-\x1f]/);
  }
});

both(
  "CONNECT: malformed responses, and endless headers, are refused within the limit",
  function* () {
    const scripts = [
      says("SSH-2.0-OpenSSH_9.2\r\n"),
      says("HTTP/2 200\r\n\r\n"),
      says("HTTP/1.1 2000 OK\r\n\r\n"),
      floods("x"),
      floods("HTTP/1.1 100 Continue\r\n\r\n"),
      function* (conn: Conn): Routine<void> {
        yield* conn.write("HTTP/1.1 200 OK\r\n");
        yield* floods("A: b\r\n")(conn);
      },
    ];
    for (const [i, script] of scripts.entries()) {
      using proxy = yield* fakeProxy(script);
      const cause = yield* causeOf(
        proxyDial("tcp", TARGET, { proxy: `http://${proxy.address}`, maxHeader: 4096 }),
      );
      assert.ok(cause instanceof ProxyConnectError, `script ${i}: ${cause}`);
      assert.equal(cause.code, "ERR_PROXY_PROTOCOL");
    }
  },
);

for (const scheme of ["socks5", "http"]) {
  both(`${scheme}: a silent, slow or closed proxy`, function* () {
    for (const bytes of ["", scheme === "http" ? "HTTP/1.1 200 " : ""]) {
      using proxy = yield* fakeProxy(trickles(bytes));
      const options = { proxy: `${scheme}://${proxy.address}`, proxyTimeout: 100 };
      const cause = yield* causeOf(proxyDial("tcp", TARGET, options));
      assert.ok(isTimeout(cause), String(cause));
      using other = yield* fakeProxy(trickles(bytes));
      const limits = { proxy: `${scheme}://${other.address}`, signal: AbortSignal.abort() };
      assert.ok(isCanceled(yield* causeOf(proxyDial("tcp", TARGET, limits))));
    }
    using gone = yield* fakeProxy(function* (conn) {
      yield* conn.read(new Uint8Array(9));
    });
    const cause = yield* causeOf(
      proxyDial("tcp", TARGET, { proxy: `${scheme}://${gone.address}` }),
    );
    assert.ok(
      cause instanceof UnexpectedEOFError || (cause as { code?: string }).code === "ECONNRESET",
    );
    const closed = yield* listen("tcp", "127.0.0.1:0");
    closed.close();
    const proxy = `${scheme}://${closed.addr}`;
    const error = yield* thrown(proxyDial("tcp", TARGET, { proxy })) as Routine<OpError>;
    assert.deepEqual([error.code, error.cause instanceof ProxyConnectError], [
      "ECONNREFUSED",
      false,
    ]);
  }, onWindows && "a refused connection takes two seconds");
}

/** Serves one CONNECT: connects to where it says, and moves the bytes of both. */
function* tunnel(client: Conn): Routine<void> {
  const reader = new BufferedReader(client);
  const line = yield* reader.line();
  while ((yield* reader.line()) !== "");
  using server = yield* dial("tcp", line!.split(" ")[1]);
  yield* client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  const back = go(function* () {
    yield* copy(client, server);
    client.closeWrite();
  });
  yield* copy(server, reader);
  server.closeWrite();
  yield* back.join();
}

function* echo(conn: Conn): Routine<void> {
  yield* copy(conn, conn);
  conn.closeWrite();
}

both("proxies are chained", function* () {
  using server = yield* fakeProxy(echo);
  using second = yield* fakeProxy(tunnel);
  using first = yield* fakeProxy(tunnel);
  const through = yield* proxyDial("tcp", second.address, { proxy: first.address });
  using conn = yield* httpConnect(through, server.address);
  yield* conn.write("hello");
  assert.equal(text(yield* read(conn, 5)), "hello");
  conn.closeWrite();
  assert.equal(yield* conn.read(new Uint8Array(1)), null);
});

tlsTest("TLS to the proxy, and TLS through it to the server", function* () {
  const listeners = [
    yield* tlsListen("tcp", "127.0.0.1:0", SERVER),
    yield* tlsListen("tcp", "127.0.0.1:0", SERVER),
  ];
  const serving = listeners.map((listener, i) =>
    go(function* () {
      using conn = yield* listener.accept();
      try {
        yield* (i === 0 ? tunnel : echo)(conn);
      } catch (error) {
        // How the end of one layer reaches the next depends on the engine.
        if (!(error instanceof OpError || error instanceof UnexpectedEOFError)) throw error;
      }
    })
  );
  const tls = { ca: SERVER.cert, engine: engine() };
  const address = String(listeners[1].addr);
  const between = yield* proxyDial("tcp", address, {
    proxy: `https://${listeners[0].addr}`,
    proxyTLS: tls,
  });
  {
    using conn = tlsClient(between, { ...tls, servername: "127.0.0.1" });
    yield* conn.handshake();
    yield* conn.write("hello");
    assert.equal(text(yield* read(conn, 5)), "hello");
  }
  for (const listener of listeners) listener.close();
  for (const each of serving) yield* each.join();
});

both("without a proxy it dials directly, and invalid options are refused", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  using conn = yield* proxyDial("tcp", String(listener.addr), { proxy: null });
  assert.equal(String(conn.remoteAddr), String(listener.addr));
  const wrong: ProxyDialOptions[] = [
    { proxy: "ftp://127.0.0.1" },
    { proxy: "http://" },
    { proxy: "http://u:%zz@127.0.0.1" },
    { proxy: 7 as unknown as string },
    { proxy: "http://127.0.0.1", headers: { "a b": "c" } },
    { proxy: "http://127.0.0.1", headers: { a: "b\r\nc: d" } },
    { proxy: "http://127.0.0.1", maxHeader: 1 },
    { proxy: "http://127.0.0.1", proxyTimeout: -1 },
    { proxy: "http://127.0.0.1", timeout: "1" as unknown as number },
  ];
  for (const options of wrong) {
    const error = yield* thrown(proxyDial("tcp", TARGET, options));
    assert.ok(error instanceof TypeError, JSON.stringify(options));
    assert.doesNotMatch(error.message, /zz/);
  }
  for (
    const address of [
      "example.org",
      "a b:1",
      "a\r\nb:1",
      "\u00e4.example:1",
      "host:0",
      "[fe80::1%lo]:1",
    ]
  ) {
    assert.ok(yield* causeOf(socks5Connect(conn, address)), address);
    assert.ok(yield* causeOf(httpConnect(conn, address)), address);
  }
  const long = { username: "u".repeat(256) };
  assert.ok((yield* thrown(socks5Connect(conn, TARGET, long))) instanceof TypeError);
  assert.ok((yield* thrown(httpConnect(conn, TARGET, { username: "a:b" }))) instanceof TypeError);
});
