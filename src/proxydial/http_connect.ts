// SPDX-License-Identifier: MIT
/** Connecting through an HTTP proxy. RFC 9110, 9.3.6 (CONNECT); Go: net/http, Transport.dialConn. */
import { nodeBuffer } from "../../platforms/contract/host.ts";
import { BufferedReader } from "../bufio/buffered_reader.ts";
import { TooLongError } from "../bufio/errors.ts";
import { UnexpectedEOFError } from "../fd/errors.ts";
import { asError } from "../net/errors.ts";
import type { Conn } from "../net/net.ts";
import { CallDeadline } from "../net/options/call_options.ts";
import { noted } from "../sched/calls.ts";
import type { Routine } from "../sched/goroutine.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { needMethods } from "../validate/argument.ts";
import { AUTHENTICATION, PROTOCOL, ProxyConnectError, REFUSED } from "./errors.ts";
import {
  checkHTTPConnectOptions,
  type HTTPConnectOptions,
  MAX_HEADER,
  TIMEOUT_MS,
} from "./options.ts";
import { parseTarget, proxyFailure, type Target } from "./target.ts";

const SWITCHING_PROTOCOLS = 101;
const PROXY_AUTHENTICATION_REQUIRED = 407;
/** Letters of a reason phrase that an error shows. */
const MOST_REASON = 100;

/**
 * Asks the HTTP proxy at the other end of `conn` by CONNECT to connect to `address`, and returns the
 * connection to `address`: `conn`, with the bytes in front that came right behind the proxy's
 * response. Parks. Names are sent to the proxy and are not looked up here. `conn` may be any
 * connection: under TLS, or through another proxy. Close it if the call fails.
 *
 * @param conn a connection to the proxy that was not used before
 * @param address "host:port"; the port may be a service name
 * @param options see {@linkcode HTTPConnectOptions}
 * @throws {OpError} of "dial", with a {@linkcode ProxyConnectError} if the proxy refuses or does not
 * speak HTTP, or with what ended `conn` or the call; {@linkcode TypeError} for an invalid option
 * @example TLS to the server, through a proxy that is itself reached by TLS.
 * ```ts
 * const proxy = yield* tlsDial("tcp", "proxy.example.net:443");
 * const tunnel = yield* httpConnect(proxy, "example.org:443");
 * using conn = tlsClient(tunnel, { servername: "example.org" });
 * ```
 */
export function httpConnect(
  conn: Conn,
  address: string,
  options: HTTPConnectOptions = {},
): Routine<Conn> {
  return noted("httpConnect", connecting(conn, address, options));
}

function* connecting(conn: Conn, address: string, options: HTTPConnectOptions): Routine<Conn> {
  const call = "connect through an HTTP proxy";
  needMethods(call, "conn", "a Conn", conn, "read", "readable", "write", "close");
  const target = parseTarget(call, address);
  const { username, password, headers, maxHeader = MAX_HEADER, ...limits } =
    checkHTTPConnectOptions(options);
  const fail = (cause: Error) => proxyFailure(conn, target, cause);
  const reader = new BufferedReader(conn, { maxLine: maxHeader });
  const asking = function* (): Routine<void> {
    yield* conn.write(request(target, { username, password, headers }));
    yield* readResponse(reader, maxHeader);
  };
  try {
    yield* new CallDeadline({ timeout: TIMEOUT_MS, ...limits }).enforce(asking(), fail);
  } catch (error) {
    throw fail(asError(error));
  }
  return reader.detachConn();
}

function request(
  { address }: Target,
  { username, password = "", headers = {} }: HTTPConnectOptions,
): string {
  const fields: [name: string, value: string][] = [["Host", address]];
  if (username !== undefined) {
    const secret = nodeBuffer().from(`${username}:${password}`).toString("base64");
    fields.push(["Proxy-Authorization", `Basic ${secret}`]);
  }
  const own = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const all = [
    ...fields.filter(([name]) => !own.has(name.toLowerCase())),
    ...Object.entries(headers),
  ];
  return [`CONNECT ${address} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`), "", ""]
    .join("\r\n");
}

/** Reads to the end of the header of the final response, and throws unless that is a success. */
function* readResponse(reader: BufferedReader<Conn>, maxHeader: number): Routine<void> {
  let left = maxHeader;
  const line = function* (): Routine<string> {
    try {
      const bytes = yield* reader.lineBytes({ max: Math.max(1, left), whole: true });
      if (bytes === null) throw new UnexpectedEOFError(0);
      left -= bytes.length + 2;
      if (left < 0) throw tooLong(maxHeader);
      return nodeBuffer().from(bytes).toString("latin1");
    } catch (error) {
      throw error instanceof TooLongError ? tooLong(maxHeader) : error;
    }
  };
  for (;;) {
    const status = parseStatus(yield* line());
    // The fields of a success say nothing of a body: there is none. RFC 9110, 9.3.6.
    while ((yield* line()) !== "");
    // An interim response, such as 100, comes before the final one. After 101 there is no other.
    if (status.code >= 200 || status.code === SWITCHING_PROTOCOLS) return checkStatus(status);
  }
}

interface Status {
  readonly code: number;
  readonly reason: string;
}

function parseStatus(line: string): Status {
  const match = /^HTTP\/1\.\d ([1-9]\d\d)(?: (.*))?$/.exec(line);
  if (match === null) {
    throw new ProxyConnectError("http", PROTOCOL, "its response is not HTTP/1.1");
  }
  return { code: Number(match[1]), reason: printable(match[2] ?? "") };
}

function checkStatus({ code, reason }: Status): void {
  if (code >= 200 && code < 300) return;
  const kind = code === PROXY_AUTHENTICATION_REQUIRED ? AUTHENTICATION : REFUSED;
  throw new ProxyConnectError("http", kind, `${code} ${reason}`.trimEnd(), code);
}

/** What a proxy chose goes into an error: without control characters, and short. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, MOST_REASON);
}

function tooLong(maxHeader: number): ProxyConnectError {
  return new ProxyConnectError("http", PROTOCOL, `its response header exceeds ${maxHeader} bytes`);
}

refuseAwait(connecting.prototype, "httpConnect");
