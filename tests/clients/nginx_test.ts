// SPDX-License-Identifier: MIT
/** The PROXY protocol of nginx 1.22, as a sender and as a receiver. Needs Debian's nginx. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Conn,
  dial,
  go,
  listen,
  proxyHeader,
  type ProxyHeaderOptions,
  proxyInfo,
  readAll,
  type Routine,
  run,
  TCPAddr,
  wait,
} from "../../mod.ts";
import { freePort } from "../support/free_port.ts";
import { until } from "../support/harness.ts";
import { Folder, nginx } from "./proxies.ts";

const TIMEOUT = { timeout: 120_000 };
const TRUSTED = { trusted: ["127.0.0.1", "::1", "unix"] };
const four = { source: new TCPAddr("192.0.2.1", 1111), destination: new TCPAddr("192.0.2.2", 80) };
const six = {
  source: new TCPAddr("2001:db8::1", 1111),
  destination: new TCPAddr("2001:db8::2", 80),
};

/** A stream block whose servers pass connections on to one backend. */
function stream(backend: string, servers: string[]): string {
  const blocks = servers.map((server) =>
    `  server { ${server} proxy_protocol on; proxy_pass ${backend}; }\n`
  );
  return `stream {\n${blocks.join("")}}\n`;
}

/** A server whose only purpose is to show that nginx listens. */
function readiness(port: number): string {
  return `http { access_log off; server { listen 127.0.0.1:${port}; } }\n`;
}

function* ports(count: number): Routine<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push(yield* wait(freePort()));
  return found;
}

function* ended(child: AsyncDisposable): Routine<void> {
  yield* wait(Promise.resolve(child[Symbol.asyncDispose]()));
}

test("headers that nginx stream sends for its clients", TIMEOUT, () =>
  run(function* () {
    using folder = new Folder();
    using listener = yield* listen("tcp", "127.0.0.1:0", { proxyProtocol: TRUSTED });
    const [plain, dual, six, ready] = yield* ports(4);
    const path = folder.file("front");
    const servers = [
      `listen 127.0.0.1:${plain};`,
      `listen [::]:${dual} ipv6only=off;`,
      `listen [::1]:${six};`,
      `listen unix:${path};`,
    ];
    const block = stream(String(listener.addr), servers) + readiness(ready);
    const proxy = yield* wait(nginx(folder, block, ready));
    const clients: [string, () => Routine<Conn>][] = [
      ["IPv4", () => dial("tcp", `127.0.0.1:${plain}`)],
      // nginx writes a mapped address, and here it is IPv4.
      ["IPv4 through a dual-stack listener", () => dial("tcp", `127.0.0.1:${dual}`)],
      ["IPv6 through a dual-stack listener", () => dial("tcp", `[::1]:${dual}`)],
      ["IPv6", () => dial("tcp", `[::1]:${six}`)],
    ];
    for (const [name, connect] of clients) {
      using client = yield* connect();
      using conn = yield* listener.accept();
      assert.equal(String(conn.remoteAddr), String(client.localAddr), name);
      assert.equal(String(conn.localAddr), String(client.remoteAddr), name);
      assert.deepEqual([proxyInfo(conn)?.version, proxyInfo(conn)?.local], [1, false], name);
      yield* client.write("ping");
      const buffer = new Uint8Array(4);
      yield* conn.readFull(buffer);
      assert.equal(new TextDecoder().decode(buffer), "ping", name);
    }
    using unix = yield* dial("unix", path);
    using conn = yield* listener.accept();
    assert.equal(proxyInfo(conn)?.local, true);
    assert.equal(String(conn.remoteAddr), String(proxyInfo(conn)?.proxyAddr));
    void unix;
    yield* ended(proxy);
  }));

test("headers that nginx stream sends to a Unix socket", TIMEOUT, () =>
  run(function* () {
    using folder = new Folder();
    const path = folder.file("back");
    using listener = yield* listen("unix", path, { proxyProtocol: TRUSTED });
    const [port, ready] = yield* ports(2);
    const block = stream(`unix:${path}`, [`listen 127.0.0.1:${port};`]) + readiness(ready);
    const proxy = yield* wait(nginx(folder, block, ready));
    using client = yield* dial("tcp", `127.0.0.1:${port}`);
    using conn = yield* listener.accept();
    assert.equal(String(conn.remoteAddr), String(client.localAddr));
    yield* ended(proxy);
  }));

test(
  "nginx stream as an intermediary: with realip it forwards the source, and mixes families",
  TIMEOUT,
  () =>
    run(function* () {
      using folder = new Folder();
      const refused: string[] = [];
      using listener = yield* listen("tcp", "127.0.0.1:0", {
        proxyProtocol: { ...TRUSTED, onRefused: ({ message }) => void refused.push(message) },
      });
      const [plain, realip, ready] = yield* ports(3);
      const servers = [
        `listen 127.0.0.1:${plain} proxy_protocol;`,
        `listen 127.0.0.1:${realip} proxy_protocol; set_real_ip_from 127.0.0.1;`,
      ];
      const block = stream(String(listener.addr), servers) +
        `http { access_log off; server { listen 127.0.0.1:${ready}; } }\n`;
      const proxy = yield* wait(nginx(folder, block, ready));
      const through = (port: number, proxyProtocol: ProxyHeaderOptions) =>
        dial("tcp", `127.0.0.1:${port}`, { proxyProtocol });
      {
        // Without realip what the header announced is lost.
        using client = yield* through(plain, four);
        using conn = yield* listener.accept();
        assert.equal(String(conn.remoteAddr), String(client.localAddr));
      }
      {
        // The source of the header, and the destination of the connection.
        using _client = yield* through(realip, four);
        using conn = yield* listener.accept();
        assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
        assert.equal(String(conn.localAddr), `127.0.0.1:${realip}`);
      }
      // Of IPv6 it writes a TCP6 line with that same IPv4 destination, which is no valid line.
      const accepting = go(() => listener.accept());
      using _mixed = yield* through(realip, six);
      yield* until(() => refused.length > 0);
      assert.match(refused[0], /TCP6 line with an address of the other family/);
      using _client = yield* through(realip, four);
      (yield* accepting.join()).close();
      yield* ended(proxy);
    }),
);

/** What nginx answers to a request behind `header`; "" if it closes the connection. */
function* answer(port: number, header: Uint8Array): Routine<string> {
  using conn = yield* dial("tcp", `127.0.0.1:${port}`);
  // nginx wants the whole header in its first read.
  yield* conn.writev([header, new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n")]);
  try {
    const response = new TextDecoder().decode(yield* readAll(conn));
    return response.split("\r\n\r\n")[1] ?? "";
  } catch {
    return "";
  }
}

test("headers that nginx http accepts from us", TIMEOUT, () =>
  run(function* () {
    using folder = new Folder();
    const [port, ready] = yield* ports(2);
    const fields = ["addr", "port", "server_addr", "server_port"].map((name) =>
      `$proxy_protocol_${name}`
    );
    const block = `http {
  access_log off;
  server { listen 127.0.0.1:${ready}; }
  server { listen 127.0.0.1:${port} proxy_protocol; return 200 "${fields.join(" ")}"; }
}
`;
    const proxy = yield* wait(nginx(folder, block, ready));
    const rows: [string, ProxyHeaderOptions, string][] = [
      ["v1 TCP4", { version: 1, ...four }, "192.0.2.1 1111 192.0.2.2 80"],
      ["v1 TCP6", { version: 1, ...six }, "2001:db8::1 1111 2001:db8::2 80"],
      ["v2 TCP4", four, "192.0.2.1 1111 192.0.2.2 80"],
      ["v2 TCP6", six, "2001:db8::1 1111 2001:db8::2 80"],
      ["v2 with a checksum", { ...four, crc32c: true }, "192.0.2.1 1111 192.0.2.2 80"],
      ["v1 UNKNOWN", { version: 1 }, "   "],
      ["v2 LOCAL", {}, "   "],
      ["v2 LOCAL with a field", { tlvs: [{ type: 0x20, value: new Uint8Array(5) }] }, "   "],
    ];
    for (const [name, options, expected] of rows) {
      assert.equal(yield* answer(port, proxyHeader(options)), expected, name);
    }
    // The header's room in nginx is 1024 bytes.
    const sized = (length: number) =>
      proxyHeader({ ...four, tlvs: [{ type: 0xe0, value: new Uint8Array(length - 31) }] });
    assert.equal(sized(1024).length, 1024);
    assert.equal(yield* answer(port, sized(1024)), "192.0.2.1 1111 192.0.2.2 80");
    assert.equal(yield* answer(port, sized(1025)), "");
    yield* ended(proxy);
  }));

test(
  "nginx stream accepts a header of 107 bytes, and no longer one",
  TIMEOUT,
  () =>
    run(function* () {
      using folder = new Folder();
      using listener = yield* listen("tcp", "127.0.0.1:0", { proxyProtocol: TRUSTED });
      const [port, ready] = yield* ports(2);
      const servers = [`listen 127.0.0.1:${port} proxy_protocol; set_real_ip_from 127.0.0.1;`];
      const block = stream(String(listener.addr), servers) +
        `http { access_log off; server { listen 127.0.0.1:${ready}; } }\n`;
      const proxy = yield* wait(nginx(folder, block, ready));
      const through = (value: Uint8Array) =>
        dial("tcp", `127.0.0.1:${port}`, {
          proxyProtocol: { ...four, tlvs: [{ type: 0xe0, value }] },
        });
      using _client = yield* through(new Uint8Array(107 - 31));
      using conn = yield* listener.accept();
      assert.equal(String(conn.remoteAddr), "192.0.2.1:1111");
      using longer = yield* through(new Uint8Array(108 - 31));
      assert.equal(yield* closed(longer), true);
      yield* ended(proxy);
    }),
);

/** Whether the peer ends the connection, in whatever way. */
function* closed(conn: Conn): Routine<boolean> {
  try {
    return (yield* conn.read(new Uint8Array(1))) === null;
  } catch {
    return true;
  }
}
