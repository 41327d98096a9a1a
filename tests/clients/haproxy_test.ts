// SPDX-License-Identifier: MIT
/** The PROXY protocol of HAProxy 2.6, as a sender and as a receiver. Needs Debian's HAProxy. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  type Conn,
  dial,
  go,
  listen,
  type Listener,
  type ProxyInfo,
  proxyInfo,
  type Routine,
  run,
  TCPAddr,
  tlsDial,
  type TLSDialOptions,
  wait,
} from "../../mod.ts";
import { freePort } from "../support/free_port.ts";
import { until } from "../support/harness.ts";
import { Folder, haproxy } from "./proxies.ts";

const TIMEOUT = { timeout: 120_000 };
const TRUSTED = { trusted: ["127.0.0.1", "unix"] };

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8");
}

const CLIENT = { cert: fixture("client.cert"), key: fixture("client.key") };

/** A backend of HAProxy. */
interface Backend {
  readonly name: string;
  /** Options of its server line. */
  readonly server: string;
  /** Whether it listens on a Unix socket. */
  readonly unix?: boolean;
}

/** The fields of a header that a row has. */
interface Expected {
  readonly version: 1 | 2;
  readonly local?: boolean;
  /** Bytes after the fixed part of version 2. */
  readonly length?: number;
  /** Types of the fields, in their order. */
  readonly types?: number[];
  readonly check?: (info: ProxyInfo) => void;
}

function matches(name: string, info: ProxyInfo | null, expected: Expected): void {
  assert.ok(info !== null, name);
  assert.equal(info.version, expected.version, name);
  assert.equal(info.local, expected.local ?? false, name);
  if (expected.length !== undefined) assert.equal(info.length - 16, expected.length, name);
  const types = info.tlvs.map(({ type }) => type);
  if (expected.types !== undefined) assert.deepEqual(types, expected.types, name);
  expected.check?.(info);
}

function* open(folder: Folder, { name, unix }: Backend): Routine<Listener> {
  const proxyProtocol = {
    ...TRUSTED,
    onRefused: (error: Error) => assert.fail(`${name}: ${error.message}`),
  };
  if (unix) return yield* listen("unix", folder.file(name), { proxyProtocol });
  return yield* listen("tcp", "127.0.0.1:0", { proxyProtocol });
}

function target(listener: Listener): string {
  const address = String(listener.addr);
  return address.startsWith("/") ? `unix@${address}` : address;
}

const CHECKS: (Backend & { readonly expected: Expected })[] = [
  {
    name: "v1-check",
    server: "send-proxy check-send-proxy",
    // Its own addresses, and not UNKNOWN.
    expected: { version: 1, check: (info) => assert.equal(info.source?.ip, "127.0.0.1") },
  },
  {
    name: "v1-check-unix",
    unix: true,
    server: "send-proxy check-send-proxy",
    expected: { version: 1, local: true },
  },
  {
    name: "v2-check",
    server: "send-proxy-v2 check-send-proxy",
    expected: { version: 2, local: true, length: 0 },
  },
  {
    name: "v2-check-unix",
    unix: true,
    server: "send-proxy-v2 check-send-proxy",
    expected: { version: 2, local: true, length: 0 },
  },
  {
    name: "v2-ssl-check",
    server: "send-proxy-v2-ssl check-send-proxy",
    expected: {
      version: 2,
      local: true,
      length: 8,
      types: [0x20],
      check: ({ ssl }) => assert.deepEqual([ssl?.secure, ssl?.verified], [false, false]),
    },
  },
  {
    name: "v2-options-check",
    server: "send-proxy-v2 proxy-v2-options crc32c,ssl,unique-id,authority check-send-proxy",
    // The checksum comes first, and covers a LOCAL header as well.
    expected: { version: 2, local: true, length: 15, types: [0x03, 0x20] },
  },
  {
    name: "no-check-send-proxy",
    server: "send-proxy-v2",
    expected: { version: 2, local: true, length: 0 },
  },
  {
    name: "check-send-proxy-alone",
    server: "check-send-proxy",
    expected: { version: 1, check: (info) => assert.equal(info.source?.ip, "127.0.0.1") },
  },
];

test(
  "health checks of HAProxy start with a header, and end without data",
  TIMEOUT,
  () =>
    run(function* () {
      using folder = new Folder();
      const listeners: Listener[] = [];
      let config = "";
      for (const backend of CHECKS) {
        const listener = yield* open(folder, backend);
        listeners.push(listener);
        const server = `server s ${target(listener)} ${backend.server} check inter 200ms`;
        config += `backend ${backend.name}\n  ${server}\n`;
      }
      const port = yield* wait(freePort());
      const proxy = yield* wait(haproxy(folder, config, port));
      try {
        for (const [i, { name, expected }] of CHECKS.entries()) {
          using conn = yield* listeners[i].accept();
          const info = proxyInfo(conn);
          matches(name, info, expected);
          // An address of its own is announced as the client's; with LOCAL the real one stays.
          if (info?.source) assert.equal(String(info.source), String(info.proxyAddr), name);
          assert.equal(String(conn.remoteAddr), String(info?.proxyAddr), name);
          assert.equal(yield* endOf(conn), 0, name);
        }
      } finally {
        for (const listener of listeners) listener.close();
        yield* wait(Promise.resolve(proxy[Symbol.asyncDispose]()));
      }
    }),
);

/** Bytes that come before the end, which may be a reset. */
function* endOf(conn: Conn): Routine<number> {
  const buffer = new Uint8Array(64);
  let bytes = 0;
  try {
    for (let n; (n = yield* conn.read(buffer)) !== null;) bytes += n;
  } catch {
    // HAProxy resets a check once it knows what it wanted to know.
  }
  return bytes;
}

test(
  "a check of another port has no header, and is refused",
  TIMEOUT,
  () =>
    run(function* () {
      using folder = new Folder();
      const reasons: string[] = [];
      using main = yield* open(folder, { name: "main", server: "" });
      using other = yield* listen("tcp", "127.0.0.1:0", {
        proxyProtocol: { ...TRUSTED, onRefused: ({ reason }) => void reasons.push(reason) },
      });
      const { port } = other.addr as TCPAddr;
      const config = `
backend b
  option httpchk GET /
  server s ${main.addr} send-proxy-v2 check port ${port} inter 200ms
`;
      const ready = yield* wait(freePort());
      const proxy = yield* wait(haproxy(folder, config, ready));
      const accepting = go(() => other.accept());
      yield* until(() => reasons.length > 0);
      assert.equal(reasons[0], "invalid");
      assert.equal(accepting.status, "waiting");
      yield* wait(Promise.resolve(proxy[Symbol.asyncDispose]()));
      const conn = yield* dial("tcp", String(other.addr), { proxyProtocol: {} });
      (yield* accepting.join()).close();
      conn.close();
    }),
);

/** Traffic: through which frontend, how the client comes, and the header of it. */
interface Traffic extends Backend {
  /** "tcp", "unix", or the options of a bind line with TLS. */
  readonly bind: string;
  readonly tls?: TLSDialOptions;
  readonly expected: Expected;
}

const TLS = "ssl crt {pem}";
const MUTUAL = `${TLS} ca-file {ca} verify optional`;
const NO_CERTIFICATE = ({ ssl }: ProxyInfo) =>
  assert.deepEqual([ssl?.secure, ssl?.verified, ssl?.version], [true, false, "TLSv1.3"]);
const ALPN = { ALPNProtocols: ["http/1.1"] };

const TRAFFIC: Traffic[] = [
  { name: "v1", bind: "tcp", server: "send-proxy", expected: { version: 1 } },
  {
    name: "v1-of-a-unix-client",
    bind: "unix",
    server: "send-proxy",
    expected: { version: 1, local: true },
  },
  {
    name: "v2-of-a-unix-client",
    bind: "unix",
    server: "send-proxy-v2",
    expected: { version: 2, local: true, length: 0 },
  },
  {
    name: "v2-ssl-of-a-unix-client",
    bind: "unix",
    server: "send-proxy-v2-ssl",
    expected: { version: 2, local: true, length: 8, types: [0x20] },
  },
  { name: "v1-to-unix", bind: "tcp", unix: true, server: "send-proxy", expected: { version: 1 } },
  {
    name: "v2-to-unix",
    bind: "tcp",
    unix: true,
    server: "send-proxy-v2",
    expected: { version: 2, length: 12 },
  },
  {
    name: "v2",
    bind: "tcp",
    server: "send-proxy-v2",
    expected: { version: 2, length: 12, types: [] },
  },
  {
    name: "v2-ssl-plaintext",
    bind: "tcp",
    server: "send-proxy-v2-ssl",
    // "verify 0" is there without TLS.
    expected: {
      version: 2,
      length: 20,
      types: [0x20],
      check: ({ ssl }) => assert.deepEqual([ssl?.secure, ssl?.verified], [false, false]),
    },
  },
  {
    name: "v2-ssl-cn-plaintext",
    bind: "tcp",
    server: "send-proxy-v2-ssl-cn",
    expected: { version: 2, length: 20, types: [0x20] },
  },
  {
    name: "v2-tls",
    bind: TLS,
    tls: {},
    server: "send-proxy-v2",
    expected: { version: 2, length: 12, types: [] },
  },
  {
    name: "v2-tls-alpn",
    bind: `${TLS} alpn http/1.1`,
    tls: ALPN,
    server: "send-proxy-v2",
    // No option asks for it.
    expected: {
      version: 2,
      length: 23,
      types: [0x01],
      check: ({ alpn }) => assert.equal(alpn, "http/1.1"),
    },
  },
  {
    name: "v2-ssl-tls",
    bind: MUTUAL,
    tls: {},
    server: "send-proxy-v2-ssl",
    expected: { version: 2, length: 30, types: [0x20], check: NO_CERTIFICATE },
  },
  {
    name: "v2-ssl-cn-alpn",
    bind: `${MUTUAL} alpn http/1.1`,
    tls: ALPN,
    server: "send-proxy-v2-ssl-cn",
    expected: {
      version: 2,
      length: 41,
      types: [0x01, 0x20],
      check: (info) => {
        NO_CERTIFICATE(info);
        assert.equal(info.ssl?.commonName, "");
      },
    },
  },
  {
    name: "v2-ssl-cn-certificate",
    bind: `${MUTUAL} alpn http/1.1`,
    tls: { ...ALPN, ...CLIENT },
    server: "send-proxy-v2-ssl-cn",
    expected: {
      version: 2,
      length: 50,
      types: [0x01, 0x20],
      check: ({ ssl }) => {
        assert.deepEqual([ssl?.verified, ssl?.commonName], [true, "client"]);
        assert.equal(ssl?.version, "TLSv1.3");
      },
    },
  },
  {
    name: "v2-all-options",
    bind: `${MUTUAL} alpn http/1.1`,
    tls: { ...ALPN, ...CLIENT, servername: "localhost" },
    server: "send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id,authority,ssl,cert-cn," +
      "cert-key,cert-sig,ssl-cipher",
    expected: {
      version: 2,
      // No order by number: the checksum, ALPN, authority, unique ID, TLS.
      types: [0x03, 0x01, 0x02, 0x05, 0x20],
      check: ({ authority, alpn, uniqueId, ssl }) => {
        assert.deepEqual([authority, alpn], ["localhost", "http/1.1"]);
        assert.equal(Buffer.from(uniqueId!).toString(), "an-id");
        assert.deepEqual([ssl?.verified, ssl?.commonName], [true, "client"]);
        assert.match(ssl!.cipher, /^TLS_AES/);
        assert.match(ssl!.keyAlgorithm, /^(RSA|EC)/);
        assert.match(ssl!.signatureAlgorithm, /SHA256/);
      },
    },
  },
];

function* connect(row: Traffic, address: string): Routine<Conn> {
  if (row.bind === "unix") return yield* dial("unix", address);
  if (row.tls === undefined) return yield* dial("tcp", address);
  return yield* tlsDial("tcp", address, { ca: fixture("server.cert"), ...row.tls });
}

test("headers that HAProxy sends for its clients", TIMEOUT, () =>
  run(function* () {
    using folder = new Folder();
    const [pem, ca] = [folder.file("server.pem"), folder.file("ca.pem")];
    writeFileSync(pem, fixture("server.cert") + fixture("server.key"));
    writeFileSync(ca, CLIENT.cert);
    const rows: { row: Traffic; listener: Listener; address: string }[] = [];
    let config = "";
    for (const row of TRAFFIC) {
      const listener = yield* open(folder, row);
      const path = folder.file(`${row.name}.front`);
      const address = row.bind === "unix" ? path : `127.0.0.1:${yield* wait(freePort())}`;
      const options = row.tls === undefined ? "" : row.bind;
      const at = row.bind === "unix" ? `unix@${path}` : address;
      const bind = `${at} ${options.replace("{pem}", pem).replace("{ca}", ca)}`;
      config += `listen ${row.name}\n  bind ${bind}\n  unique-id-format an-id\n` +
        `  server s ${target(listener)} ${row.server}\n`;
      rows.push({ row, listener, address });
    }
    const proxy = yield* wait(haproxy(folder, config, yield* wait(freePort())));
    try {
      for (const { row, listener, address } of rows) {
        using client = yield* connect(row, address);
        using conn = yield* listener.accept();
        const info = proxyInfo(conn);
        matches(row.name, info, row.expected);
        if (!info!.local) {
          assert.equal(String(conn.remoteAddr), String(client.localAddr), row.name);
          assert.equal(String(conn.localAddr), String(client.remoteAddr), row.name);
        }
        yield* client.write("ping");
        const buffer = new Uint8Array(4);
        yield* conn.readFull(buffer);
        assert.equal(new TextDecoder().decode(buffer), "ping", row.name);
        yield* conn.write("pong");
        yield* client.readFull(buffer);
        assert.equal(new TextDecoder().decode(buffer), "pong", row.name);
      }
      // A silent client: the header comes alone, and then the end.
      const [{ listener, address }] = rows;
      (yield* dial("tcp", address)).close();
      using silent = yield* listener.accept();
      assert.equal(yield* endOf(silent), 0);
    } finally {
      for (const { listener } of rows) listener.close();
      yield* wait(Promise.resolve(proxy[Symbol.asyncDispose]()));
    }
  }));

test("the certificate of a resumed session is reported", TIMEOUT, () =>
  run(function* () {
    using folder = new Folder();
    const [pem, ca] = [folder.file("server.pem"), folder.file("ca.pem")];
    writeFileSync(pem, fixture("server.cert") + fixture("server.key"));
    writeFileSync(ca, CLIENT.cert);
    using listener = yield* open(folder, { name: "resumed", server: "" });
    const address = `127.0.0.1:${yield* wait(freePort())}`;
    const config = `
listen resumed
  bind ${address} ssl crt ${pem} ca-file ${ca} verify optional ssl-max-ver TLSv1.2
  server s ${listener.addr} send-proxy-v2-ssl-cn
`;
    const proxy = yield* wait(haproxy(folder, config, yield* wait(freePort())));
    for (const resumed of [false, true]) {
      const options = { ca: fixture("server.cert"), ...CLIENT, resume: true };
      using conn = yield* tlsDial("tcp", address, options);
      using accepted = yield* listener.accept();
      const info = proxyInfo(accepted)!;
      const bits = info.tlvs.find(({ type }) => type === 0x20)!.value[0];
      // 0x02 is a certificate on this connection, 0x04 one of the session's beginning.
      assert.equal(bits, resumed ? 0x05 : 0x07);
      assert.deepEqual([info.ssl?.verified, info.ssl?.commonName], [true, "client"]);
      yield* conn.write("x");
      yield* accepted.read(new Uint8Array(1));
    }
    yield* wait(Promise.resolve(proxy[Symbol.asyncDispose]()));
  }));

test(
  "HAProxy accepts our headers, and forwards their contents",
  TIMEOUT,
  () =>
    run(function* () {
      using folder = new Folder();
      using listener = yield* open(folder, { name: "behind", server: "" });
      const address = `127.0.0.1:${yield* wait(freePort())}`;
      const config = `
listen chain
  bind ${address} accept-proxy
  server s ${listener.addr} send-proxy
`;
      const proxy = yield* wait(haproxy(folder, config, yield* wait(freePort())));
      const four = {
        source: new TCPAddr("192.0.2.1", 1),
        destination: new TCPAddr("192.0.2.2", 80),
      };
      const six = { source: new TCPAddr("2001:db8::1", 1), destination: new TCPAddr("::1", 80) };
      const tlvs = [{ type: 0xe0, value: new Uint8Array(500) }];
      for (const ends of [four, six]) {
        for (
          const options of [{ version: 1 as const }, {}, { crc32c: true }, { tlvs, crc32c: true }]
        ) {
          using client = yield* dial("tcp", address, { proxyProtocol: { ...ends, ...options } });
          yield* client.write("x");
          using conn = yield* listener.accept();
          assert.equal(String(conn.remoteAddr), String(ends.source));
          assert.equal(String(conn.localAddr), String(ends.destination));
          // Fields are not passed on.
          assert.deepEqual(proxyInfo(conn)?.tlvs, []);
        }
      }
      for (const version of [1, 2] as const) {
        using client = yield* dial("tcp", address, { proxyProtocol: { version } });
        yield* client.write("x");
        using conn = yield* listener.accept();
        assert.equal(String(conn.remoteAddr), String(client.localAddr), "UNKNOWN, LOCAL");
      }
      yield* wait(Promise.resolve(proxy[Symbol.asyncDispose]()));
    }),
);
