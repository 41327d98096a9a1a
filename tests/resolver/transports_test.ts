// SPDX-License-Identifier: MIT
/** Transports of a program's own, by the option `dial`. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import packet from "dns-packet";
import {
  BufferedReader,
  type Conn,
  dial,
  DNSError,
  go,
  LengthPrefixed,
  OpError,
  pipe,
  Resolver,
  type ResolverDial,
  type Routine,
} from "../../mod.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { addresses, dnsServer, encode, zone } from "../support/dns_server.ts";
import { both, thrown } from "../support/harness.ts";
import { engine, tlsListen, tlsTest } from "../support/tls_engines.ts";
import { SERVER } from "../support/tls_pair.ts";
import { overHTTPS, overTLS } from "./transports.ts";

function resolverOf(servers: readonly string[], dial: ResolverDial): Resolver {
  const files = { hosts: { text: "" }, nsswitch: { text: "" } };
  return new Resolver({
    ...files,
    resolvConf: { text: "options timeout:5 attempts:1" },
    servers,
    dial,
  });
}

/** The response to a query: every name is 192.0.2.1. */
function respond(query: Uint8Array): Uint8Array {
  const { id, questions } = packet.decode(Buffer.from(query));
  const [question] = questions!;
  const answers = question.type === "A" ? addresses(question.name, "192.0.2.1") : [];
  return encode(id!, question, { answers });
}

/** A listener under TLS whose connections are served by `serve`. */
function* listening(serve: (conn: Conn) => Routine<void>): Routine<string> {
  const listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  go(function* accepting() {
    for (;;) {
      const conn = yield* listener.accept();
      go(function* serving() {
        using _closed = conn;
        try {
          yield* serve(conn);
        } catch (error) {
          assert.ok(error instanceof OpError, String(error));
        }
      });
    }
  });
  return String(listener.addr);
}

function* serveFrames(conn: Conn): Routine<void> {
  const frames = new LengthPrefixed("u16");
  const reader = new BufferedReader(conn);
  for (let query; (query = yield* frames.read(reader)) !== null;) {
    yield* frames.write(conn, respond(query));
  }
}

function* serveHTTP(conn: Conn): Routine<void> {
  const reader = new BufferedReader(conn);
  for (let line; (line = yield* reader.line()) !== null;) {
    const known = line === "POST /dns-query HTTP/1.1";
    let length = 0;
    while ((line = yield* reader.line()) !== "") {
      const [, value] = /^Content-Length: (\d+)$/.exec(line!) ?? [];
      if (value !== undefined) length = Number(value);
    }
    const response = respond((yield* reader.bytes(length))!);
    const status = known ? "200 OK" : "404 Not Found";
    yield* conn.write(`HTTP/1.1 ${status}\r\ncontent-length: ${response.length}\r\n\r\n`);
    yield* conn.write(response);
  }
}

const trusting = () => ({ ca: SERVER.cert, servername: "localhost", engine: engine() });

tlsTest("names are resolved over TLS", function* () {
  const server = yield* listening(serveFrames);
  const resolver = resolverOf([server], overTLS(trusting()));
  assert.deepEqual(yield* resolver.lookupHost("x.test"), ["192.0.2.1"]);
  const distrusting = resolverOf(
    [server],
    overTLS({ ...trusting(), ca: certificate("other").cert }),
  );
  const error = yield* thrown(distrusting.lookupHost("x.test"));
  assert.ok(error instanceof DNSError && !error.isNotFound, String(error));
});

tlsTest("names are resolved over HTTPS", function* () {
  const server = yield* listening(serveHTTP);
  const resolver = resolverOf(
    [server],
    overHTTPS(new URL("https://localhost/dns-query"), trusting()),
  );
  assert.deepEqual(yield* resolver.lookupHost("x.test"), ["192.0.2.1"]);
  const lost = resolverOf([server], overHTTPS(new URL("https://localhost/other"), trusting()));
  const error = yield* thrown(lost.lookupHost("x.test"));
  assert.ok(error instanceof DNSError && !error.isNotFound, String(error));
});

both("a transport that fails, or never connects, costs its timeout", function* () {
  using server = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
  const asked: string[] = [];
  const dialer: ResolverDial = function* (network, address) {
    asked.push(`${network} ${address}`);
    if (address === "192.0.2.1:53") throw new TypeError("out of order");
    if (address === "192.0.2.2:53") yield* pipe()[0].read(new Uint8Array(1));
    return yield* dial(network, server.address);
  };
  const servers = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
  const files = { hosts: { text: "" }, nsswitch: { text: "" } };
  const resolvConf = { text: "options timeout:2 no-aaaa" };
  const resolver = new Resolver({ ...files, resolvConf, servers, dial: dialer });
  assert.deepEqual(yield* resolver.lookupHost("x.test"), ["192.0.2.1"]);
  assert.deepEqual(asked, ["udp 192.0.2.1:53", "udp 192.0.2.2:53", "udp 192.0.2.3:53"]);
});
