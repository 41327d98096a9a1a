// SPDX-License-Identifier: MIT
/**
 * A SOCKS5 proxy (RFC 1928): CONNECT by IPv4, IPv6 and name. With SOCKS_USER and SOCKS_PASSWORD in
 * the environment it asks for them (RFC 1929). HOST and PORT come from the environment too.
 *
 *   curl --socks5-hostname localhost:1080 http://example.org/
 */
import process from "node:process";
import {
  type Conn,
  copy,
  dial,
  DNSError,
  go,
  joinHostPort,
  OpError,
  type Routine,
  UnexpectedEOFError,
} from "../mod.ts";
import { serveUntilStopped } from "./serving.ts";

const { SOCKS_USER, SOCKS_PASSWORD = "" } = process.env;

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;
/** The version of the sub-negotiation that takes a user and a password. */
const PASSWORD_VERSION = 1;
const CONNECT = 1;
const [IPV4, NAME, IPV6] = [1, 3, 4];
/** What a reply says. */
const SUCCEEDED = 0;
const FAILED = 1;
const NETWORK_UNREACHABLE = 3;
const HOST_UNREACHABLE = 4;
const REFUSED = 5;
const NO_SUCH_COMMAND = 7;
const NO_SUCH_ADDRESS_TYPE = 8;

/** A client that has not said what it wants by then is given up. */
const HANDSHAKE_MS = 10_000;
const DIAL_MS = 10_000;

/** The client does not speak the protocol, or not with us: it has been told what there is to tell. */
class Rejected extends Error {}

function* serve(client: Conn): Routine<void> {
  let server: Conn;
  try {
    client.setDeadline(Date.now() + HANDSHAKE_MS);
    yield* greet(client);
    const address = yield* request(client);
    client.setDeadline(null);
    server = yield* connect(client, address);
  } catch (error) {
    if (error instanceof Rejected || error instanceof UnexpectedEOFError) return;
    throw error;
  }
  using _ = server;
  yield* relay(client, server);
}

/** Agrees upon how the client is to show who it is. */
function* greet(client: Conn): Routine<void> {
  const [version, count] = yield* read(client, 2);
  if (version !== VERSION) throw new Rejected();
  const methods = yield* read(client, count);
  const wanted = SOCKS_USER === undefined ? NO_AUTHENTICATION : USER_AND_PASSWORD;
  const agreed = methods.includes(wanted);
  yield* client.write(Uint8Array.of(VERSION, agreed ? wanted : NONE_ACCEPTABLE));
  if (!agreed) throw new Rejected();
  if (wanted === USER_AND_PASSWORD) yield* authenticate(client);
}

function* authenticate(client: Conn): Routine<void> {
  const [version, length] = yield* read(client, 2);
  if (version !== PASSWORD_VERSION) throw new Rejected();
  const user = text(yield* read(client, length));
  const password = text(yield* read(client, (yield* read(client, 1))[0]));
  const right = user === SOCKS_USER && password === SOCKS_PASSWORD;
  yield* client.write(Uint8Array.of(PASSWORD_VERSION, right ? SUCCEEDED : FAILED));
  if (!right) throw new Rejected();
}

/** What the client wants to be connected to. */
function* request(client: Conn): Routine<string> {
  const [version, command, , type] = yield* read(client, 4);
  if (version !== VERSION) throw new Rejected();
  const host = yield* readHost(client, type);
  const [high, low] = yield* read(client, 2);
  if (command !== CONNECT) yield* reject(client, NO_SUCH_COMMAND);
  return joinHostPort(host, String(high * 256 + low));
}

function* readHost(client: Conn, type: number): Routine<string> {
  switch (type) {
    case IPV4:
      return (yield* read(client, 4)).join(".");
    case IPV6: {
      const view = new DataView((yield* read(client, 16)).buffer);
      return Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i).toString(16)).join(":");
    }
    case NAME:
      return text(yield* read(client, (yield* read(client, 1))[0]));
    default:
      return yield* reject(client, NO_SUCH_ADDRESS_TYPE);
  }
}

function* connect(client: Conn, address: string): Routine<Conn> {
  let server: Conn;
  try {
    server = yield* dial("tcp", address, { timeout: DIAL_MS });
  } catch (error) {
    return yield* reject(client, reasonOf(error));
  }
  try {
    yield* reply(client, SUCCEEDED);
  } catch (error) {
    server.close();
    throw error;
  }
  return server;
}

function reasonOf(error: unknown): number {
  if (!(error instanceof OpError)) return FAILED;
  if (error.code === "ECONNREFUSED") return REFUSED;
  if (error.code === "ENETUNREACH") return NETWORK_UNREACHABLE;
  const unreachable = error.timeout || error.cause instanceof DNSError;
  return unreachable || error.code === "EHOSTUNREACH" ? HOST_UNREACHABLE : FAILED;
}

/** Both directions, each to its end, which is passed on. One that breaks takes the other with it. */
function* relay(client: Conn, server: Conn): Routine<void> {
  const back = go(oneWay, client, server);
  yield* oneWay(server, client);
  yield* back.join();
}

function* oneWay(to: Conn, from: Conn): Routine<void> {
  try {
    yield* copy(to, from);
    to.closeWrite();
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
    for (const conn of [to, from]) if (conn.fd !== -1) conn.abort();
  }
}

function* reject(client: Conn, reason: number): Routine<never> {
  yield* reply(client, reason);
  throw new Rejected();
}

/** Tells no address of ours: clients have no use for one after CONNECT. */
function* reply(client: Conn, code: number): Routine<void> {
  yield* client.write(Uint8Array.of(VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0));
}

function* read(client: Conn, length: number): Routine<Uint8Array> {
  const bytes = new Uint8Array(length);
  if ((yield* client.readFull(bytes)) === null) throw new Rejected();
  return bytes;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

await serveUntilStopped({ name: "socks5", port: 1080, serve });
