// SPDX-License-Identifier: MIT
/**
 * TLS with peers that are not ours: openssl's server and client, and curl. Needs openssl and curl.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import {
  type Conn,
  go,
  type Listener,
  readAll,
  type Routine,
  run,
  sleep,
  type TLSConn,
  type TLSListenOptions,
  UnexpectedEOFError,
  wait,
} from "../../mod.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { by, tlsDial, tlsListen } from "../support/tls_engines.ts";
import { type Child, start } from "../support/child.ts";
import { Kernel, withKernelTLS } from "../fixtures/kernel_tls_fixture.ts";

const TIMEOUT_MS = 60_000;
const SERVER = certificate("server");
const CLIENT = certificate("client");
const text = (s: string) => new TextEncoder().encode(s);

/** The path of a fixture's part. */
function pem(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
}

/** A test under `run`, in which tools may be started, with each engine. */
function withTools(name: string, main: () => Routine<void>): void {
  for (const engine of ["openssl", "host"] as const) {
    test(`${engine}: ${name}`, { timeout: TIMEOUT_MS }, () => run(by(engine, main)));
  }
}

/** Runs a tool that must succeed. Returns its output. */
function* succeed(file: string, args: string[], input?: string): Routine<string> {
  const tool = start(file, args);
  if (input !== undefined) tool.send(input);
  const exit = yield* wait(tool.exit);
  assert.deepEqual(exit, { code: 0, signal: null }, `${file}: ${tool.stderr.text}`);
  return tool.stdout.text;
}

/** A server of HTTP/1.0 in a few lines: answers every request with `length` bytes that count. */
function* serveHTTP(options: Partial<TLSListenOptions>, length: number): Routine<Listener> {
  const listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ...options });
  const body = Uint8Array.from({ length }, (_, i) => 97 + i % 26);
  go(function* () {
    for (;;) go(answer, yield* listener.accept());
  });
  function* answer(conn: TLSConn): Routine<void> {
    try {
      const buf = new Uint8Array(10_000);
      let got = "";
      while (!got.includes("\r\n\r\n")) {
        const n = yield* conn.read(buf);
        if (n === null) return;
        got += new TextDecoder().decode(buf.subarray(0, n));
      }
      const who = `X-Client: ${conn.peerCertificate?.subject.CN ?? "nobody"}`;
      const protocol = `X-Protocol: ${conn.alpnProtocol}`;
      const head = `HTTP/1.0 200 OK\r\nContent-Length: ${length}\r\n${who}\r\n${protocol}\r\n\r\n`;
      yield* conn.writev([text(head), body]);
    } catch {
      // Of a client that was refused.
    } finally {
      conn[Symbol.dispose]();
    }
  }
  return listener;
}

/** Arguments with which curl trusts the server of the tests. */
function curl(listener: Listener, ...more: string[]): string[] {
  const port = String(listener.addr).split(":")[1];
  return ["-sS", "--cacert", pem("server.cert"), ...more, `https://localhost:${port}/`];
}

for (const version of ["1.2", "1.3"]) {
  withTools(`curl receives all of 8 MiB over TLS ${version}`, function* () {
    using listener = yield* serveHTTP({ ALPNProtocols: ["http/1.1", "http/1.0"] }, 8 << 20);
    const limits = [`--tlsv${version}`, "--tls-max", version, "--http1.1", "-4"];
    const out = yield* succeed("curl", curl(listener, ...limits, "-i"));
    assert.match(out, /X-Protocol: http\/1\.1/);
    const body = out.slice(out.indexOf("\r\n\r\n") + 4);
    assert.equal(body.length, 8 << 20);
    assert.match(body, /^(abcdefghijklmnopqrstuvwxyz)*[a-z]*$/);
  });
}

withTools("curl rejects an untrusted certificate, and the next client is served", function* () {
  using listener = yield* serveHTTP({}, 10);
  const port = String(listener.addr).split(":")[1];
  const stranger = start("curl", ["-sS", "-4", `https://localhost:${port}/`]);
  assert.equal((yield* wait(stranger.exit)).code, 60);
  assert.equal(yield* succeed("curl", curl(listener, "-4")), "abcdefghij");
});

withTools("curl presents a client certificate, or is refused", function* () {
  using listener = yield* serveHTTP({ requestCert: true, ca: CLIENT.cert }, 10);
  const shown = ["--cert", pem("client.cert"), "--key", pem("client.key"), "-i", "-4"];
  assert.match(yield* succeed("curl", curl(listener, ...shown)), /X-Client: client/);
  const refused = start("curl", curl(listener, "-4"));
  assert.notEqual((yield* wait(refused.exit)).code, 0);
});

withTools("openssl s_client exchanges data, and receives close_notify", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  const trust = ["-CAfile", pem("server.cert"), "-verify_return_error", "-servername", "localhost"];
  const client = start("openssl", [
    ...["s_client", "-connect", String(listener.addr), "-quiet", ...trust],
  ]);
  using conn = yield* listener.accept();
  client.send("hello\n");
  const buf = new Uint8Array(100);
  assert.equal(new TextDecoder().decode(buf.subarray(0, (yield* conn.read(buf))!)), "hello\n");
  assert.equal(conn.serverName, "localhost");
  yield* conn.write(text("and goodbye\n"));
  conn.close();
  assert.deepEqual(yield* wait(client.exit), { code: 0, signal: null });
  assert.equal(client.stdout.text, "and goodbye\n");
  // It complains of an end without close_notify.
  assert.doesNotMatch(client.stderr.text, /unexpected eof/i);
});

/** A server of openssl's on a free port, and that port. */
function* sServer(...args: string[]): Routine<[Child, string]> {
  const own = ["-cert", pem("server.cert"), "-key", pem("server.key")];
  const server = start("openssl", ["s_server", "-accept", "127.0.0.1:0", ...own, ...args]);
  const [, port] = yield* wait(server.stdout.match(/^ACCEPT .*:(\d+)$/m));
  return [server, `127.0.0.1:${port}`];
}

/** Ends a tool. */
function* ended(child: Child): Routine<void> {
  child.kill("SIGTERM");
  yield* wait(child.exit);
}

withTools("a page of openssl s_server is read to its orderly end", function* () {
  const [server, address] = yield* sServer("-www");
  using conn = yield* tlsDial("tcp", address, { ca: SERVER.cert });
  yield* conn.write(text("GET / HTTP/1.0\r\n\r\n"));
  const page = new TextDecoder().decode(yield* readAll(conn));
  assert.match(page, /^HTTP\/1\.0 200/i);
  assert.match(page, new RegExp(`Protocol *: ${conn.protocol}`));
  yield* ended(server);
});

withTools("openssl s_server reports the client's certificate and protocol", function* () {
  const wants = ["-Verify", "1", "-CAfile", pem("client.cert"), "-alpn", "echo"];
  const [server, address] = yield* sServer("-rev", ...wants);
  const options = { ...CLIENT, ca: SERVER.cert, ALPNProtocols: ["other", "echo"] };
  using conn = yield* tlsDial("tcp", address, options);
  assert.equal(conn.alpnProtocol, "echo");
  yield* conn.write(text("stressed\n"));
  const back = new Uint8Array(9);
  yield* conn.readFull(back);
  assert.equal(new TextDecoder().decode(back), "desserts\n");
  conn.close();
  yield* ended(server);
  const stranger = yield* sServer("-rev", ...wants);
  const refused = go(function* () {
    using nobody = yield* tlsDial("tcp", stranger[1], { ca: SERVER.cert });
    yield* nobody.read(back);
  });
  let error: unknown;
  try {
    yield* refused.join();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error instanceof Error);
  yield* ended(stranger[0]);
});

withTools("a killed server ends its connections without close_notify", function* () {
  const [server, address] = yield* sServer();
  using conn = yield* tlsDial("tcp", address, { ca: SERVER.cert });
  const reading = go(function* (): Routine<unknown> {
    try {
      return yield* (conn as Conn).read(new Uint8Array(100));
    } catch (error) {
      return error;
    }
  });
  yield* sleep(50);
  server.kill("SIGKILL");
  assert.ok((yield* reading.join()) instanceof UnexpectedEOFError);
  yield* wait(server.exit);
});

for (
  const suite of [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
  ]
) {
  test(`openssl s_client and s_server decrypt kernel TLS with ${suite}`, {
    timeout: TIMEOUT_MS,
  }, () =>
    run(by("openssl", function* () {
      const kernel = new Kernel();
      yield* withKernelTLS(kernel, () => withOpenSSL(suite));
      assert.equal(kernel.keys.length, 2);
      assert.equal(kernel.lost, 0);
    })));
}

/** Lines of text to `openssl s_client`, and back through `openssl s_server`. */
function* withOpenSSL(suite: string): Routine<void> {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} of the answer\n`).join("");
  const own = { ...SERVER, kTLS: true, ciphers: suite };
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", own);
  const serving = go(function* serve() {
    using conn = yield* listener.accept();
    yield* conn.write(lines);
    assert.equal(conn.kernelTLS, true);
  });
  const connect = ["-connect", String(listener.addr), "-quiet", "-servername", "localhost"];
  const client = start("openssl", ["s_client", ...connect]);
  assert.equal((yield* wait(client.exit)).code, 0, client.stderr.text);
  yield* serving.join();
  assert.ok(client.stdout.text === lines, `${client.stdout.text.length} characters`);
  const files = ["-cert", pem("server.cert"), "-key", pem("server.key")];
  const server = start("openssl", ["s_server", "-accept", "127.0.0.1:0", "-rev", ...files]);
  const [, port] = yield* wait(server.stdout.match(/^ACCEPT .*:(\d+)$/m));
  const trust = { ca: SERVER.cert, servername: "localhost", ciphers: suite, kTLS: true };
  using conn = yield* tlsDial("tcp", `127.0.0.1:${port}`, trust);
  assert.equal(conn.kernelTLS, true);
  for (let i = 0; i < 3; i++) {
    yield* conn.write("stressed\n");
    const back = new Uint8Array(9);
    yield* conn.readFull(back);
    assert.equal(new TextDecoder().decode(back), "desserts\n");
  }
  conn.close();
  server.kill("SIGKILL");
  yield* wait(server.exit);
}
