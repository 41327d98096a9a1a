// SPDX-License-Identifier: MIT
/** Dials through real proxies: microsocks for SOCKS5, Tinyproxy for CONNECT. Of Debian. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  type Conn,
  copy,
  go,
  httpConnect,
  listen,
  OpError,
  ProxyConnectError,
  proxyDial,
  type Routine,
  run,
  tlsClient,
  tlsListen,
} from "../../mod.ts";
import { eventually, start } from "../support/child.ts";
import { freePort } from "../support/free_port.ts";
import { thrown } from "../support/harness.ts";
import { SERVER } from "../support/tls_pair.ts";
import { Folder } from "./proxies.ts";
import { accepts, LIFETIME_MS } from "./real_server.ts";

const TIMEOUT = { timeout: 120_000 };
const BIG = 1 << 20;

/** Starts a proxy that listens on `port`. */
async function started(port: number, file: string, args: string[]): Promise<AsyncDisposable> {
  const child = start(file, args, { lifetime: LIFETIME_MS });
  await Promise.race([
    eventually(`${file} listens`, () => accepts(port), 30_000),
    child.exit.then(() => {
      throw new Error(`${file} ended: ${child.stderr.text}`);
    }),
  ]);
  return child;
}

function microsocks(port: number, ...args: string[]): Promise<AsyncDisposable> {
  return started(port, "microsocks", ["-i", "127.0.0.1", "-p", String(port), ...args]);
}

function tinyproxy(port: number, folder: Folder, more = ""): Promise<AsyncDisposable> {
  const file = folder.file("tinyproxy.conf");
  writeFileSync(file, `Port ${port}\nListen 127.0.0.1\nTimeout 30\nLogLevel Error\n${more}`);
  return started(port, "tinyproxy", ["-d", "-c", file]);
}

/** A server that sends back, and, for a connection that says nothing, greets first. */
function* echo(conn: Conn): Routine<void> {
  yield* conn.write("hello ");
  yield* copy(conn, conn);
  conn.closeWrite();
}

/** Sends a MiB through `conn` and reads it back behind the greeting. */
function* trip(conn: Conn): Routine<void> {
  const sent = Uint8Array.from({ length: BIG }, (_, i) => i * 7 % 251);
  const writing = go(() => conn.write(sent));
  const greeting = new Uint8Array(6);
  yield* conn.readFull(greeting);
  assert.equal(new TextDecoder().decode(greeting), "hello ");
  const got = new Uint8Array(BIG);
  yield* conn.readFull(got);
  yield* writing.join();
  assert.deepEqual(got, sent);
}

/** Goes through `proxy` to a server by address and by name, and to a port where none is. */
async function tryProxy(proxy: string, refused: string[]): Promise<void> {
  await run(function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const port = String(listener.addr).split(":")[1];
    for (const host of ["127.0.0.1", "localhost"]) {
      const serving = go(function* () {
        using conn = yield* listener.accept();
        yield* echo(conn);
      });
      {
        using conn = yield* proxyDial("tcp4", `${host}:${port}`, { proxy });
        yield* trip(conn);
        conn.closeWrite();
        assert.equal(yield* conn.read(new Uint8Array(1)), null);
      }
      yield* serving.join();
    }
    listener.close();
    const error = (yield* thrown(proxyDial("tcp4", `127.0.0.1:${port}`, { proxy }))) as OpError;
    assert.ok(error instanceof OpError && error.cause instanceof ProxyConnectError, String(error));
    assert.ok(refused.includes(error.code), `${error}`);
  });
}

async function refuses(proxy: string, code: string): Promise<void> {
  await run(function* () {
    const error = (yield* thrown(proxyDial("tcp4", "127.0.0.1:1", { proxy }))) as OpError;
    assert.ok(error.cause instanceof ProxyConnectError, String(error));
    assert.equal(error.code, code);
  });
}

test("SOCKS5 through microsocks, with and without a password", TIMEOUT, async () => {
  const [open, closed] = [await freePort(), await freePort()];
  await using _open = await microsocks(open);
  await tryProxy(`socks5://127.0.0.1:${open}`, ["ECONNREFUSED"]);
  await using _closed = await microsocks(closed, "-u", "user", "-P", "p@ss");
  await tryProxy(`socks5h://user:p%40ss@127.0.0.1:${closed}`, ["ECONNREFUSED"]);
  for (const user of ["", "user:wrong@"]) {
    await refuses(`socks5://${user}127.0.0.1:${closed}`, "ERR_PROXY_AUTHENTICATION");
  }
});

test("CONNECT through Tinyproxy, with and without a password", TIMEOUT, async () => {
  const [open, closed] = [await freePort(), await freePort()];
  using folder = new Folder();
  using other = new Folder();
  await using _open = await tinyproxy(open, folder);
  await tryProxy(`http://127.0.0.1:${open}`, ["ERR_PROXY_REFUSED"]);
  await using _closed = await tinyproxy(closed, other, "BasicAuth user secret\n");
  await tryProxy(`http://user:secret@127.0.0.1:${closed}`, ["ERR_PROXY_REFUSED"]);
  await refuses(`http://127.0.0.1:${closed}`, "ERR_PROXY_AUTHENTICATION");
});

test("TLS through SOCKS5 and then CONNECT", TIMEOUT, async () => {
  const [socks, http] = [await freePort(), await freePort()];
  using folder = new Folder();
  await using _socks = await microsocks(socks);
  await using _http = await tinyproxy(http, folder);
  await run(function* () {
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
    const serving = go(function* () {
      using conn = yield* listener.accept();
      yield* echo(conn);
    });
    const proxy = `socks5://127.0.0.1:${socks}`;
    const first = yield* proxyDial("tcp", `127.0.0.1:${http}`, { proxy });
    const second = yield* httpConnect(first, String(listener.addr));
    using conn = tlsClient(second, { servername: "127.0.0.1", ca: SERVER.cert });
    yield* trip(conn);
    conn.closeWrite();
    yield* serving.join();
  });
});
