// SPDX-License-Identifier: MIT
/** Prints connection errors if there is no `onError`: the first of each kind. */
import { UnexpectedEOFError } from "../fd/errors.ts";
import type { Conn } from "../net/net.ts";
import { OpError } from "../net/errors.ts";

/** Codes of a client's disconnect, which is not a server error. */
const PEER_GONE = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
/** Maximum number of distinct kinds; further ones are not printed. */
const MOST_KINDS = 100;

/** See the top of this file. */
export class ErrorLog {
  readonly #printed = new Set<string>();

  /** Prints `error`, unless it is a disconnect or of a kind that was printed before. */
  print(error: unknown, conn: Conn): void {
    if (error instanceof UnexpectedEOFError) return;
    if (error instanceof OpError && PEER_GONE.has(error.code)) return;
    const kind = kindOf(error);
    if (this.#printed.has(kind) || this.#printed.size >= MOST_KINDS) return;
    this.#printed.add(kind);
    console.error(`netpoll: the connection from ${conn.remoteAddr} ended with an error:`, error);
  }
}

/**
 * Returns an error's kind: for an OpError its operation and code, because its message has
 * addresses.
 */
function kindOf(error: unknown): string {
  if (error instanceof OpError) return `${error.op} ${error.code}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(typeof error);
}
