// SPDX-License-Identifier: MIT
/** DNS over TLS (RFC 7858) and over HTTPS (RFC 8484, with HTTP/1.1), as docs/names.md has them. */
import {
  BufferedReader,
  type Conn,
  go,
  LengthPrefixed,
  pipe,
  type ResolverDial,
  type Routine,
  tlsDial,
  type TLSDialOptions,
} from "../../mod.ts";

/** Connects by TLS, whatever the network. */
export function overTLS(options: TLSDialOptions): ResolverDial {
  return (_network, address) => tlsDial("tcp", address, options);
}

/** Each query is a POST to `url` at the server's address. */
export function overHTTPS(url: URL, options: TLSDialOptions): ResolverDial {
  return function* (_network, address) {
    const server = yield* tlsDial("tcp", address, { servername: url.hostname, ...options });
    const [near, far] = pipe();
    go(forward, far, server, url);
    return near;
  };
}

function* forward(far: Conn, server: Conn, url: URL): Routine<void> {
  using _far = far;
  using _server = server;
  const frames = new LengthPrefixed("u16");
  const queries = new BufferedReader(far);
  const responses = new BufferedReader(server);
  try {
    for (let query; (query = yield* frames.read(queries)) !== null;) {
      yield* server.write(
        `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n` +
          "Content-Type: application/dns-message\r\nAccept: application/dns-message\r\n" +
          `Content-Length: ${query.length}\r\n\r\n`,
      );
      yield* server.write(query);
      yield* frames.write(far, yield* readBody(responses));
    }
  } catch {
    // The resolver sees that the connection has ended, and asks the next server.
  }
}

function* readBody(reader: BufferedReader<Conn>): Routine<Uint8Array> {
  const status = yield* reader.line();
  if (!status?.startsWith("HTTP/1.1 200 ")) throw new Error(`status: ${status}`);
  let length = 0;
  for (let line; (line = yield* reader.line()) !== "";) {
    const [, value] = /^content-length: *(\d+)$/i.exec(line ?? "") ?? [];
    if (value !== undefined) length = Number(value);
  }
  return (yield* reader.bytes(length))!;
}
