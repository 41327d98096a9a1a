// SPDX-License-Identifier: MIT
// cspell:ignore keyupdate sess
/**
 * TLS with `openssl s_client` and `openssl s_server`, of the system's OpenSSL and of each version
 * that scripts/openssl.sh has unpacked: both versions of TLS and every suite that both have, client
 * certificates, SNI, ALPN, resumption, new keys, and an end of one side before the other. The
 * library's own OpenSSL is the system's, or that of NETPOLL_LIBSSL. Needs openssl.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  go,
  type Routine,
  run,
  sleep,
  type TLSConn,
  type TLSDialOptions,
  type TLSListener,
  wait,
} from "../../mod.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { type Child, start } from "../support/child.ts";
import { type OpenSSLProgram, openSSLPrograms } from "../support/openssl_peers.ts";
import { by, noOpenSSL, tlsDial, tlsListen } from "../support/tls_engines.ts";

const TIMEOUT_MS = 120_000;
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
type Version = typeof VERSIONS[number];
const SERVER = certificate("server");
const OTHER = certificate("other");
const CLIENT = certificate("client");

const SUITES13 = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
];
const SUITES12 = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"];
const KINDS = { server: "ECDSA", rsa: "RSA" } as const;

const folder = mkdtempSync(join(tmpdir(), "netpoll-openssl-peers-"));
after(() => rmSync(folder, { recursive: true }));

function pem(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
}

/** What a listener has seen of a connection that it served to its end. */
interface Seen {
  serverName: string;
  alpn: string;
  authorized: boolean;
  resumed: boolean;
  /** Whether the peer ended its side by close_notify. */
  orderly: boolean;
}

/** Echoes, and after the peer's end sends one more line. */
function* serve(conn: TLSConn, seen: Seen[]): Routine<void> {
  using _ = conn;
  yield* conn.handshake();
  const { serverName, alpnProtocol: alpn, authorized, resumed } = conn;
  const own = { serverName, alpn, authorized, resumed, orderly: false };
  seen.push(own);
  const buffer = new Uint8Array(1000);
  for (let n; (n = yield* conn.read(buffer)) !== null;) yield* conn.write(buffer.slice(0, n));
  own.orderly = true;
  yield* conn.write("after the end\n");
}

function* accept(listener: TLSListener, seen: Seen[]): Routine<void> {
  try {
    for (;;) {
      const conn = yield* listener.accept();
      go(function* () {
        try {
          yield* serve(conn, seen);
        } catch {
          // The test looks at what was seen.
        }
      });
    }
  } catch {
    // The listener is closed.
  }
}

function flag(version: Version): string {
  return version === "TLSv1.2" ? "-tls1_2" : "-tls1_3";
}

function sClient(
  { file, args }: OpenSSLProgram,
  listener: TLSListener,
  ...rest: string[]
): Child {
  return start(file, [...args, "s_client", "-connect", String(listener.addr), ...rest]);
}

/** Sends a line to `client`, which gets it back. */
function* echoed(client: Child, line: string): Routine<void> {
  client.send(`${line}\n`);
  yield* wait(client.stdout.match(new RegExp(`^${line}$`, "m")));
}

/** Has `client` end the connection. Its output is returned. */
function* quit(client: Child): Routine<string> {
  client.send("Q\n");
  const { code } = yield* wait(client.exit);
  const output = client.stdout.text + client.stderr.text;
  assert.equal(code, 0, output);
  return output;
}

/** A client of one version, with everything, and again with the session of the first. */
function* clientOf(program: OpenSSLProgram, version: Version): Routine<void> {
  const seen: Seen[] = [];
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", {
    ...SERVER,
    sni: { "other.example": OTHER },
    ALPNProtocols: ["h2", "http/1.1"],
    requestCert: true,
    ca: CLIENT.cert,
  });
  go(accept, listener, seen);
  const session = join(folder, `session-${listener.addr}`);
  const own = ["-cert", pem("client.cert"), "-key", pem("client.key"), "-alpn", "http/1.1"];
  const all = [flag(version), "-servername", "other.example", ...own];
  const client = sClient(program, listener, ...all, "-sess_out", session);
  yield* echoed(client, "first");
  if (version === "TLSv1.3") {
    // New keys of both sides.
    client.send("K\n");
    yield* wait(client.stderr.match(/KEYUPDATE/));
    yield* echoed(client, "second");
  }
  const said = yield* quit(client);
  assert.ok(said.includes("CN=other.example") || said.includes("CN = other.example"), said);
  assert.ok(said.includes("ALPN protocol: http/1.1"), said);
  const again = sClient(program, listener, ...all, "-sess_in", session);
  yield* echoed(again, "third");
  assert.match(yield* quit(again), new RegExp(`Reused, ${version}`));
  const both = { serverName: "other.example", alpn: "http/1.1", authorized: true, orderly: true };
  assert.deepEqual(seen, [{ ...both, resumed: false }, { ...both, resumed: true }]);
}

/** A client that wants to negotiate anew in the midst of a connection, which TLS 1.3 has not. */
function* renegotiating(program: OpenSSLProgram): Routine<void> {
  const seen: Seen[] = [];
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  go(accept, listener, seen);
  const client = sClient(program, listener, "-tls1_2");
  yield* echoed(client, "first");
  client.send("R\n");
  const { code } = yield* wait(client.exit);
  const output = client.stdout.text + client.stderr.text;
  assert.notEqual(code, 0, output);
  assert.match(output, /no renegotiation/);
  assert.equal(seen.length, 1);
}

function* clientOfEachSuite(program: OpenSSLProgram): Routine<void> {
  for (const [kind, algorithm] of Object.entries(KINDS) as ["server" | "rsa", string][]) {
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", certificate(kind));
    go(accept, listener, []);
    const suites = SUITES12.map((end) => ["-tls1_2", "-cipher", `ECDHE-${algorithm}-${end}`]);
    if (kind === "server") suites.push(...SUITES13.map((s) => ["-tls1_3", "-ciphersuites", s]));
    const clients = suites.map((suite) => sClient(program, listener, ...suite));
    for (const [i, client] of clients.entries()) {
      yield* echoed(client, "hello");
      assert.ok((yield* quit(client)).includes(`Cipher is ${suites[i][2]}`));
    }
  }
}

function* started(program: OpenSSLProgram, ...rest: string[]): Routine<[Child, string]> {
  const accepts = ["-accept", "127.0.0.1:0", ...rest];
  const server = start(program.file, [...program.args, "s_server", ...accepts]);
  const [, port] = yield* wait(server.stdout.match(/^ACCEPT .*:(\d+)$/m));
  return [server, `127.0.0.1:${port}`];
}

function* ended(child: Child): Routine<void> {
  child.kill("SIGKILL");
  yield* wait(child.exit);
}

function* line(conn: TLSConn): Routine<string> {
  let text = "";
  for (const byte = new Uint8Array(1); !text.endsWith("\n");) {
    if ((yield* conn.read(byte)) === null) break;
    text += String.fromCharCode(byte[0]);
  }
  return text;
}

/** A server that sends lines back in reverse: the end of our side first, ALPN and resumption. */
function* reverser(program: OpenSSLProgram, version: Version): Routine<void> {
  const own = ["-cert", pem("server.cert"), "-key", pem("server.key"), "-alpn", "h2"];
  const [server, address] = yield* started(program, "-rev", flag(version), ...own);
  const options: TLSDialOptions = {
    ca: SERVER.cert,
    servername: "localhost",
    ALPNProtocols: ["h2"],
    resume: true,
  };
  for (const resumed of [false, true]) {
    using conn = yield* tlsDial("tcp", address, options);
    assert.deepEqual([conn.protocol, conn.alpnProtocol], [version, "h2"]);
    assert.equal(conn.resumed, resumed);
    yield* conn.write("stressed\n");
    assert.equal(yield* line(conn), "desserts\n");
    conn.closeWrite();
    assert.equal(yield* line(conn), "", "the server's end is orderly");
  }
  yield* ended(server);
}

/** A server that wants a certificate, chooses its own by name, and asks for new keys. */
function* asker(program: OpenSSLProgram, version: Version): Routine<void> {
  const own = ["-cert", pem("server.cert"), "-key", pem("server.key")];
  const other = ["-cert2", pem("other.cert"), "-key2", pem("other.key")];
  const names = ["-servername", "other.example", ...other];
  const verifies = ["-Verify", "1", "-verify_return_error", "-CAfile", pem("client.cert")];
  const [server, address] = yield* started(program, flag(version), ...own, ...names, ...verifies);
  const trust = { ca: OTHER.cert, servername: "other.example" };
  using conn = yield* tlsDial("tcp", address, { ...trust, ...CLIENT });
  yield* conn.write("first\n");
  yield* wait(server.stdout.match(/^first$/m));
  if (version === "TLSv1.3") {
    server.send("K\n");
    // It shows what it has done with the next line that it receives.
    while (!server.stdout.text.includes("SSL_do_handshake -> 1")) {
      assert.ok(!server.ended, server.stderr.text);
      yield* conn.write("is it done?\n");
      yield* sleep(20);
    }
  }
  server.send("second\n");
  assert.equal(yield* line(conn), "second\n");
  yield* conn.write("third\n");
  yield* wait(server.stdout.match(/^third$/m));
  assert.match(server.stdout.text, /Hostname in TLS extension: "other.example"/);
  assert.match(server.stdout.text + server.stderr.text, /subject=CN ?= ?client/);
  yield* ended(server);
}

function* serverOfEachSuite(program: OpenSSLProgram): Routine<void> {
  for (const [kind, algorithm] of Object.entries(KINDS) as ["server" | "rsa", string][]) {
    const own = ["-cert", pem(`${kind}.cert`), "-key", pem(`${kind}.key`)];
    const [server, address] = yield* started(program, "-rev", ...own);
    const suites = SUITES12.map((end) => `ECDHE-${algorithm}-${end}`);
    if (kind === "server") suites.push(...SUITES13);
    for (const ciphers of suites) {
      const options = { ca: certificate(kind).cert, servername: "localhost", ciphers };
      using conn = yield* tlsDial("tcp", address, options);
      assert.equal(conn.protocol, ciphers.startsWith("TLS") ? "TLSv1.3" : "TLSv1.2");
      yield* conn.write("stressed\n");
      assert.equal(yield* line(conn), "desserts\n");
    }
    yield* ended(server);
  }
}

function peerTest(name: string, main: () => Routine<void>): void {
  test(name, { skip: noOpenSSL, timeout: TIMEOUT_MS }, () => run(by("openssl", main)));
}

for (const program of openSSLPrograms()) {
  peerTest(`${program.title}: s_client`, function* () {
    for (const version of VERSIONS) yield* clientOf(program, version);
    yield* renegotiating(program);
    yield* clientOfEachSuite(program);
  });
  peerTest(`${program.title}: s_server`, function* () {
    for (const version of VERSIONS) {
      yield* reverser(program, version);
      yield* asker(program, version);
    }
    yield* serverOfEachSuite(program);
  });
}
