// SPDX-License-Identifier: MIT
/** A handler for connections under TLS: says who serves, and how it was secured. */
import type { Routine, TLSConn } from "../../../mod.ts";
import type { HandlerContext } from "../../../reactor.ts";

/** Answers each message with the number of the worker and what the handshake came to. */
export function* handle(conn: TLSConn, { worker }: HandlerContext): Routine<void> {
  const buf = new Uint8Array(100);
  while ((yield* conn.read(buf)) !== null) {
    const { protocol, resumed, serverName, engine } = conn;
    yield* conn.write(`${JSON.stringify({ worker, protocol, resumed, serverName, engine })}\n`);
  }
}

/** A table of callbacks, which has no TLS. */
export const table = { data: () => {} };
