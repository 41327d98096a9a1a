// SPDX-License-Identifier: MIT
/** The handshake of a connection, step by step, until it is over, has failed or was ended. */
import { ClosedError, UnexpectedEOFError } from "../../fd/errors.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { type ClientHello, ClientHelloReader } from "../client_hello.ts";
import type { OpenSSLConn } from "./conn.ts";
import type { SSLHandle } from "./ssl_handle.ts";
import { NOTHING_YET } from "./transport.ts";
import { TransportHalf } from "./transport_half.ts";
import { wire } from "./wire.ts";

/**
 * Makes the handshake with `handle`, which belongs to the connection from now on. Parks. Throws the
 * cause of a failure; the alert that tells the peer of it is in `handle.out` then.
 */
export function* shakeHands(conn: OpenSSLConn, handle: SSLHandle): Routine<void> {
  if (conn.gone) {
    handle.free();
    throw new ClosedError();
  }
  conn.handle = handle;
  const incoming = new TransportHalf(conn.transport, "read");
  for (;;) {
    const done = handle.handshake();
    yield* sendAll(conn, handle);
    if (done) return conn.nowSecured();
    const { input } = handle.wire;
    const n = yield* receive(conn, incoming, input);
    if (n === 0) throw new UnexpectedEOFError(0);
    handle.feed(input, n);
  }
}

/**
 * Reads the client's first message, without an engine, and with no buffer before a byte has come.
 * Parks.
 */
export function* readHello(conn: OpenSSLConn): Routine<ClientHello> {
  const incoming = new TransportHalf(conn.transport, "read");
  const { input } = wire();
  let reader: ClientHelloReader | null = null;
  for (;;) {
    const n = yield* receive(conn, incoming, input);
    if (n === 0) throw new UnexpectedEOFError(0);
    const hello = (reader ??= new ClientHelloReader()).push(input, n);
    if (hello !== null) return hello;
  }
}

/** Receives into the shared buffer. What came must be dealt with before anything else. */
function* receive(
  conn: OpenSSLConn,
  incoming: TransportHalf,
  into: Uint8Array,
): Routine<number> {
  for (;;) {
    if (conn.gone) throw new ClosedError();
    const n = conn.transport.receive(into);
    if (n !== NOTHING_YET) return n;
    yield* incoming.wait();
  }
}

function* sendAll(conn: OpenSSLConn, handle: SSLHandle): Routine<void> {
  if (handle.out === null) return;
  const outgoing = new TransportHalf(conn.transport, "write");
  while (handle.out !== null) {
    if (conn.gone) throw new ClosedError();
    const n = conn.transport.send(handle.out, handle.out.length);
    if (n > 0) handle.sent(n);
    else yield* outgoing.wait();
  }
}
