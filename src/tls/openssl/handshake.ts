// SPDX-License-Identifier: MIT
/** Drives the handshake of a connection, until it completes, fails or is ended. */
import { ClosedError, UnexpectedEOFError } from "../../fd/errors.ts";
import { DeadlineExceededError } from "../../context/errors.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { type ClientHello, ClientHelloReader } from "../client_hello.ts";
import type { OpenSSLConn } from "./conn.ts";
import { handOver } from "./kernel_tls.ts";
import type { SSLHandle } from "./ssl_handle.ts";
import { NOTHING_YET, type Way } from "./transport.ts";
import { TransportHalf } from "./transport_half.ts";
import { wire } from "./wire.ts";

/**
 * Performs the handshake with `handle`, which the connection owns from now on, until the time
 * `until`. Parks. Throws the cause of a failure; the alert for the peer is then in `handle.out`.
 */
export function* shakeHands(conn: OpenSSLConn, handle: SSLHandle, until: number): Routine<void> {
  if (conn.gone) {
    handle.free();
    throw new ClosedError();
  }
  conn.handle = handle;
  const incoming = half(conn, "read", until);
  for (;;) {
    const done = handle.handshake(conn.transport);
    if (done && handle.mayDefer && conn.socket !== null) return yield* conn.securedWithRest();
    yield* sendAll(conn, handle, until);
    if (done) {
      if (conn.socket !== null && !conn.gone) handOver(handle, conn.socket);
      return conn.nowSecured();
    }
    const n = yield* receive(conn, incoming);
    if (n === 0) throw new UnexpectedEOFError(0);
    handle.feedHandshake(n);
  }
}

/**
 * Reads the ClientHello until the time `until`, without an engine, and without a buffer before the
 * first byte. Parks.
 */
export function* readHello(conn: OpenSSLConn, until: number): Routine<ClientHello> {
  const incoming = half(conn, "read", until);
  const { bytes } = wire().incoming;
  let reader: ClientHelloReader | null = null;
  for (;;) {
    const n = yield* receive(conn, incoming);
    if (n === 0) throw new UnexpectedEOFError(0);
    const hello = (reader ??= new ClientHelloReader()).push(bytes, n);
    if (hello !== null) return hello;
  }
}

/** Returns a wait queue for a direction with the deadline `until`. */
function half(conn: OpenSSLConn, way: Way, until: number): TransportHalf {
  const made = new TransportHalf(conn.transport, way);
  made.setDeadline(until);
  return made;
}

/** Receives into the shared buffer: see {@linkcode Wire.room}. */
function* receive(conn: OpenSSLConn, incoming: TransportHalf): Routine<number> {
  const shared = wire();
  for (;;) {
    if (conn.gone) throw new ClosedError();
    const n = conn.transport.receive(shared.room());
    if (n !== NOTHING_YET) return n;
    if (incoming.expired) throw new DeadlineExceededError();
    yield* incoming.wait();
  }
}

function* sendAll(conn: OpenSSLConn, handle: SSLHandle, until: number): Routine<void> {
  let outgoing: TransportHalf | null = null;
  while (handle.out !== null) {
    if (conn.gone) throw new ClosedError();
    const n = conn.transport.send(handle.out, handle.out.length);
    if (n > 0) {
      handle.sent(n);
      continue;
    }
    outgoing ??= half(conn, "write", until);
    if (outgoing.expired) throw new DeadlineExceededError();
    yield* outgoing.wait();
  }
}
