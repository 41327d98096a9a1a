// SPDX-License-Identifier: MIT
/** Prints the errors of connections when no `onError` receives them: the first of each kind. */
import type { Conn } from "../net/net.ts";
import { OpError } from "../net/errors.ts";

/** A client that is gone, which is no fault of the server's. */
const PEER_GONE = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
/** Kinds that are distinguished; any further one is not printed. */
const MOST_KINDS = 100;

/** See the top of this file. */
export class ErrorLog {
  readonly #printed = new Set<string>();

  /** Prints `error`, unless it is a peer's departure or of a kind that was printed before. */
  print(error: unknown, conn: Conn): void {
    if (error instanceof OpError && PEER_GONE.has(error.code)) return;
    const kind = kindOf(error);
    if (this.#printed.has(kind) || this.#printed.size >= MOST_KINDS) return;
    this.#printed.add(kind);
    console.error(`netpoll: the connection from ${conn.remoteAddr} ended with an error:`, error);
  }
}

/** An OpError's message has addresses; what it is of is its operation and its code. */
function kindOf(error: unknown): string {
  if (error instanceof OpError) return `${error.op} ${error.code}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(typeof error);
}
