// SPDX-License-Identifier: MIT
/**
 * TLS with the other implementations, each way, in both versions: OpenSSL, GnuTLS, Go, Node, Bun,
 * Deno, and nginx and HAProxy between two ends of ours. Then what is offered: every suite that both
 * have, and none that is weak. Needs openssl, gnutls-bin, golang-go, nginx and haproxy.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Conn,
  go,
  listen,
  readAll,
  type Routine,
  run,
  sleep,
  type TLSConn,
  type TLSListener,
  type TLSVersion,
  wait,
} from "../../mod.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { type Child, ROOT, start } from "../support/child.ts";
import { freePort } from "../support/free_port.ts";
import { by, engine, tlsDial, tlsListen } from "../support/tls_engines.ts";

const TIMEOUT_MS = 120_000;
const SERVER = certificate("server");
/** Signed by an authority: not every library accepts a self-signed certificate. */
const ISSUED = certificate("issued");
const CA = certificate("ca");
const PAYLOAD = new Uint8Array(200_000).map((_, i) => (i * 7) % 251);
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

const folder = mkdtempSync(join(tmpdir(), "netpoll-peers-"));
after(() => rmSync(folder, { recursive: true }));

function pem(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

function withEngines(name: string, main: () => Routine<void>): void {
  for (const each of ["openssl", "host"] as const) {
    test(`${each}: ${name}`, { timeout: TIMEOUT_MS }, () => run(by(each, main)));
  }
}

/** Echoes, to the end of every connection. */
function* echo(listener: TLSListener): Routine<void> {
  function* one(conn: TLSConn): Routine<void> {
    using _ = conn;
    using chunks = conn.chunks();
    try {
      for (let chunk; (chunk = yield* chunks.next()) !== null;) yield* conn.write(chunk);
    } catch {
      // A peer that goes without a word, or was refused.
    }
  }
  try {
    for (;;) go(one, yield* listener.accept());
  } catch {
    // The listener is closed.
  }
}

function portOf(listener: { readonly addr: unknown }): string {
  return String(listener.addr).split(":")[1];
}

/** Sends the payload to an echo server, and checks the reply. */
function* roundTrip(
  address: string,
  version: TLSVersion | null,
  ca: string,
): Routine<void> {
  const versions = version === null ? {} : { minVersion: version, maxVersion: version };
  using conn = yield* tlsDial("tcp", address, {
    ca,
    servername: "localhost",
    ...versions,
  });
  if (version !== null) assert.equal(conn.protocol, version);
  const writing = go(() => conn.write(PAYLOAD));
  const back = new Uint8Array(PAYLOAD.length);
  yield* conn.readFull(back);
  yield* writing.join();
  assert.deepEqual(back, PAYLOAD);
}

/** The program of Go, compiled at the first need. */
let compiled: Promise<string> | null = null;
function goPeer(): Promise<string> {
  return compiled ??= (async () => {
    const file = join(folder, "go_peer");
    const args = ["build", "-o", file, fixture("tls_peer_go/main.go")];
    await using go = start("go", args, { env: { GO111MODULE: "off" } });
    assert.deepEqual(await go.exit, { code: 0, signal: null }, go.stderr.text);
    return file;
  })();
}

function runtime(name: "bun" | "deno"): string {
  return join(ROOT, "node_modules", ".bin", name);
}

/** A program that can be either end: see fixtures/tls_peer.mjs. */
const PROGRAMS: Readonly<Record<string, () => Promise<string[]> | string[]>> = {
  Go: async () => [await goPeer()],
  "node:tls of Node": () => ["node", fixture("tls_peer.mjs")],
  "node:tls of Bun": () => [runtime("bun"), fixture("tls_peer.mjs")],
  "node:tls of Deno": () => [runtime("deno"), "run", "-A", fixture("tls_peer.mjs")],
  Deno: () => [runtime("deno"), "run", "-A", fixture("deno_tls_peer.mjs")],
};

/** The last argument of a client that ends its side first: the host's engine on Bun answers no more. */
const HALF_CLOSES = { openssl: ["half"], host: [] };

for (const [name, program] of Object.entries(PROGRAMS)) {
  withEngines(`${name} as client, and as server`, function* () {
    const [file, ...args] = yield* wait(Promise.resolve(program()));
    // Deno's own calls have no choice of the version.
    for (const version of name === "Deno" ? VERSIONS.slice(1) : VERSIONS) {
      using listener = yield* tlsListen("tcp", "127.0.0.1:0", {
        ...ISSUED,
        minVersion: version,
        maxVersion: version,
      });
      go(echo, listener);
      const its = [portOf(listener), version, pem("ca.cert"), ...HALF_CLOSES[engine()]];
      const client = start(file, [...args, "client", ...its]);
      const exit = yield* wait(client.exit);
      assert.deepEqual([exit.code, client.stdout.text], [0, "same\n"], client.stderr.text);
      const own = [version, pem("issued.cert"), pem("issued.key")];
      const server = start(file, [...args, "server", ...own]);
      const [, port] = yield* wait(server.stdout.match(/^listening on (\d+)$/m));
      yield* roundTrip(`127.0.0.1:${port}`, name === "Deno" ? null : version, CA.cert);
      yield* ended(server);
    }
  });
}

function* ended(child: Child): Routine<void> {
  child.kill("SIGKILL");
  yield* wait(child.exit);
}

/** Waits until `child` serves, which it does not report. */
function* serving(child: Child, address: string, version: TLSVersion): Routine<void> {
  for (;;) {
    assert.ok(!child.ended, child.stderr.text);
    try {
      const conn = yield* tlsDial("tcp", address, { ca: SERVER.cert, maxVersion: version });
      return conn.close();
    } catch {
      yield* sleep(20);
    }
  }
}

withEngines("gnutls-cli as client, gnutls-serv as server", function* () {
  for (const version of VERSIONS) {
    const priority = `NORMAL:-VERS-ALL:+VERS-${version.replace("v", "")}`;
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
    go(echo, listener);
    const trust = ["--x509cafile", pem("server.cert"), "--priority", priority];
    const client = start("gnutls-cli", [...trust, "-p", portOf(listener), "localhost"]);
    yield* wait(client.stdout.match(/Handshake was completed/));
    client.send("hello\n");
    yield* wait(client.stdout.match(/^hello$/m));
    assert.ok(client.stdout.text.includes(`(TLS${version.slice(4)}`), client.stdout.text);
    yield* ended(client);
    const port = yield* wait(freePort());
    const server = start("gnutls-serv", [
      ...["--echo", "--quiet", "--priority", priority, "-p", String(port)],
      ...["--x509certfile", pem("server.cert"), "--x509keyfile", pem("server.key")],
    ]);
    const address = `127.0.0.1:${port}`;
    yield* serving(server, address, version);
    using conn = yield* tlsDial("tcp", address, { ca: SERVER.cert });
    assert.equal(conn.protocol, version);
    yield* conn.write("hello\n");
    const back = new Uint8Array(6);
    yield* conn.readFull(back);
    assert.equal(new TextDecoder().decode(back), "hello\n");
    yield* ended(server);
  }
});

/** The certificate and the key in one file, as HAProxy wants them. */
function pemOfBoth(): string {
  const file = join(folder, "both.pem");
  writeFileSync(file, SERVER.cert + SERVER.key);
  return file;
}

withEngines("HAProxy between a client and our server", function* () {
  for (const version of VERSIONS) {
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
    go(echo, listener);
    const port = yield* wait(freePort());
    const file = join(folder, `haproxy-${port}.cfg`);
    const only = `ssl-min-ver ${version} ssl-max-ver ${version}`;
    const trust = `verify required ca-file ${pem("server.cert")} verifyhost localhost`;
    writeFileSync(
      file,
      `defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
listen all
  bind 127.0.0.1:${port} ssl crt ${pemOfBoth()} ${only}
  server ours 127.0.0.1:${portOf(listener)} ssl sni str(localhost) ${trust} ${only}
`,
    );
    const proxy = start("haproxy", ["-db", "-f", file]);
    yield* serving(proxy, `127.0.0.1:${port}`, version);
    yield* roundTrip(`127.0.0.1:${port}`, version, SERVER.cert);
    yield* ended(proxy);
  }
});

/** Answers one request of HTTP with the payload. */
function* answer(listener: TLSListener): Routine<void> {
  function* one(conn: Conn): Routine<void> {
    using _ = conn;
    try {
      const buf = new Uint8Array(10_000);
      if ((yield* conn.read(buf)) === null) return;
      yield* conn.write(`HTTP/1.0 200 OK\r\nContent-Length: ${PAYLOAD.length}\r\n\r\n`);
      yield* conn.write(PAYLOAD);
    } catch {
      // The proxy is gone.
    }
  }
  try {
    for (;;) go(one, yield* listener.accept());
  } catch {
    // The listener is closed.
  }
}

withEngines("nginx between a client and our server", function* () {
  for (const version of VERSIONS) {
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
    go(answer, listener);
    const port = yield* wait(freePort());
    const file = join(folder, `nginx-${port}.conf`);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${folder}/nginx-${kind};`).join("\n  ");
    writeFileSync(
      file,
      `daemon off;
master_process off;
pid ${folder}/nginx-${port}.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${pem("server.cert")};
    ssl_certificate_key ${pem("server.key")};
    ssl_protocols ${version};
    location / {
      proxy_pass https://127.0.0.1:${portOf(listener)};
      proxy_ssl_protocols ${version};
      proxy_ssl_server_name on;
      proxy_ssl_name localhost;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate ${pem("server.cert")};
    }
  }
}
`,
    );
    const proxy = start("nginx", ["-p", folder, "-c", file]);
    const address = `127.0.0.1:${port}`;
    yield* serving(proxy, address, version);
    using conn = yield* tlsDial("tcp", address, { ca: SERVER.cert });
    assert.equal(conn.protocol, version);
    yield* conn.write("GET / HTTP/1.0\r\n\r\n");
    const page = yield* readAll(conn);
    assert.ok(new TextDecoder().decode(page.subarray(0, 15)).startsWith("HTTP/1.1 200"));
    assert.deepEqual(page.subarray(page.length - PAYLOAD.length), PAYLOAD);
    yield* ended(proxy);
  }
});

const SUITES13 = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
];
const SUITES12 = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"];
const RSA = certificate("rsa");

/** Each suite that the library offers by default, with the certificate that it wants. */
const SUITES = [
  ...SUITES13.map((suite) => ({ suite, version: "TLSv1.3", kind: "server" as const })),
  ...SUITES12.flatMap((end) => [
    { suite: `ECDHE-ECDSA-${end}`, version: "TLSv1.2", kind: "server" as const },
    { suite: `ECDHE-RSA-${end}`, version: "TLSv1.2", kind: "rsa" as const },
  ]),
];

/** What `openssl s_client` with `args` prints and how it ends. */
function* sClient(listener: TLSListener, ...args: string[]): Routine<[number | null, string]> {
  const connect = ["-connect", String(listener.addr), "-servername", "localhost"];
  const client = start("openssl", ["s_client", ...connect, ...args]);
  client.send("Q\n");
  const { code } = yield* wait(client.exit);
  return [code, client.stdout.text + client.stderr.text];
}

test("openssl: every offered suite works with openssl s_client and s_server", {
  timeout: TIMEOUT_MS,
}, () =>
  run(by("openssl", function* () {
    for (const kind of ["server", "rsa"] as const) {
      const own = certificate(kind);
      using listener = yield* tlsListen("tcp", "127.0.0.1:0", own);
      go(echo, listener);
      const files = ["-cert", pem(`${kind}.cert`), "-key", pem(`${kind}.key`)];
      const server = start("openssl", ["s_server", "-accept", "127.0.0.1:0", "-rev", ...files]);
      const [, port] = yield* wait(server.stdout.match(/^ACCEPT .*:(\d+)$/m));
      for (const { suite, version } of SUITES.filter((each) => each.kind === kind)) {
        const only = version === "TLSv1.3" ? ["-tls1_3", "-ciphersuites"] : ["-tls1_2", "-cipher"];
        const [code, said] = yield* sClient(listener, ...only, suite);
        assert.equal(code, 0, said);
        assert.ok(said.includes(`Cipher is ${suite}`), said);
        const trust = { ca: own.cert, servername: "localhost", ciphers: suite };
        using conn = yield* tlsDial("tcp", `127.0.0.1:${port}`, trust);
        assert.equal(conn.protocol, version);
        yield* conn.write("stressed\n");
        const back = new Uint8Array(9);
        yield* conn.readFull(back);
        assert.equal(new TextDecoder().decode(back), "desserts\n");
      }
      yield* ended(server);
    }
  })));

withEngines("a server accepts no version before TLS 1.2", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  go(echo, listener);
  for (const version of ["-tls1", "-tls1_1"]) {
    const [code, said] = yield* sClient(listener, version, "-cipher", "ALL@SECLEVEL=0");
    assert.notEqual(code, 0, said);
    assert.match(said, /alert protocol version|Cipher is \(NONE\)/);
  }
});

test("openssl: a server accepts no other suite, with any certificate", {
  timeout: TIMEOUT_MS,
}, () =>
  run(by("openssl", function* () {
    const strong = SUITES.filter(({ version }) => version === "TLSv1.2").map(({ suite }) => suite);
    const others = ["ALL", "COMPLEMENTOFALL", ...strong.map((suite) => `!${suite}`), "@SECLEVEL=0"];
    for (const own of [SERVER, RSA]) {
      using listener = yield* tlsListen("tcp", "127.0.0.1:0", own);
      go(echo, listener);
      const [code, said] = yield* sClient(listener, "-tls1_2", "-cipher", others.join(":"));
      assert.notEqual(code, 0, said);
      assert.match(said, /alert handshake failure/);
    }
  })));

/** The two-byte numbers of the vector behind a length at `at`. */
function numbers(bytes: Uint8Array, at: number, sizeOfLength: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = sizeOfLength === 1 ? view.getUint8(at) : view.getUint16(at);
  return Array.from({ length: length / 2 }, (_, i) => view.getUint16(at + sizeOfLength + 2 * i));
}

test("openssl: a client offers TLS 1.2 and 1.3, and no other suite", {
  timeout: TIMEOUT_MS,
}, () =>
  run(by("openssl", function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const dialling = go(function* () {
      try {
        yield* tlsDial("tcp", String(listener.addr), { ca: SERVER.cert });
      } catch {
        // It is answered nothing.
      }
    });
    using conn = yield* listener.accept();
    const header = new Uint8Array(5);
    yield* conn.readFull(header);
    const hello = new Uint8Array(header[3] << 8 | header[4]);
    yield* conn.readFull(hello);
    conn.abort();
    yield* dialling.join();
    let at = 4 + 2 + 32;
    at += 1 + hello[at];
    const suites = numbers(hello, at, 2);
    // RFC 8446, 5288, 5289, 7905; and the signal of RFC 5746.
    const known = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff];
    assert.deepEqual(suites.filter((suite) => !known.includes(suite)), []);
    assert.ok(suites.length >= 9);
    at += 2 + 2 * suites.length;
    assert.deepEqual([hello[at], hello[at + 1]], [1, 0], "no compression");
    at += 2;
    const SUPPORTED_VERSIONS = 43;
    let versions: number[] = [];
    for (at += 2; at < hello.length;) {
      const [type, length] = [hello[at] << 8 | hello[at + 1], hello[at + 2] << 8 | hello[at + 3]];
      if (type === SUPPORTED_VERSIONS) versions = numbers(hello, at + 4, 1);
      at += 4 + length;
    }
    assert.deepEqual(versions, [0x0304, 0x0303]);
  })));
