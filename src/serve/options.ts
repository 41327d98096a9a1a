// SPDX-License-Identifier: MIT
/** The options of `serve`, checked. */
import type { Conn } from "../net/net.ts";
import type { Cancel } from "../context/cancellable.ts";
import { contextOf } from "../context/cancellable.ts";
import type { Context } from "../context/context.ts";
import type { Limits } from "../limit/limit_options.ts";
import { needFunction, needObject, wrongArgument } from "../validate/argument.ts";
import { unknownOption } from "../validate/unknown_option.ts";

/** Options of {@linkcode serve}. Times are in milliseconds. */
export interface ServeOptions {
  /**
   * Called for each error that ends a connection: thrown by its handler, or by the connection and
   * not caught there. The default ignores the peer's departure (ECONNRESET, EPIPE, ECONNABORTED)
   * and prints any other error by `console.error`, once for each kind of error. An error that
   * `onError` throws ends the server and is thrown by `serve`.
   *
   * @param error the value that was thrown
   * @param conn the connection, which is closed afterwards
   */
  onError?: (error: unknown, conn: Conn) => void;
  /**
   * Context or AbortSignal that shuts the server down gracefully: the listener is closed, and open
   * connections have `grace` to finish. See {@linkcode notify} for a context of signals.
   */
  context?: Cancel;
  /**
   * Idle timeout: a connection is closed if its handler waits for the peer, and no byte is
   * transferred in either direction for that long; 0, the default, disables it.
   */
  idleTimeout?: number;
  /**
   * How long a shutdown waits for open connections; 5,000 by default, and Infinity for as long as
   * they take. Then their goroutines are ended, and the connections are reset.
   */
  grace?: number;
  /** Limits of connections, see `limit` of `./reactor`. The listener must be one of `listen`. */
  limits?: Limits;
}

/** Settings with defaults. */
export interface CheckedServeOptions {
  readonly onError: ((error: unknown, conn: Conn) => void) | null;
  readonly context: Context | null;
  readonly idleTimeout: number;
  readonly grace: number;
  readonly limits: Limits | null;
}

const NAMES = ["onError", "context", "idleTimeout", "grace", "limits"];
/** Same as the closeTimeout of an event server. */
const GRACE_MS = 5_000;

/** Checks the options. Throws a TypeError that names the invalid field. */
export function checkServeOptions(options: ServeOptions): CheckedServeOptions {
  needObject("serve", "options", options);
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw unknownOption("serve", unknown, NAMES);
  const { onError, context, limits } = options;
  if (onError !== undefined) needFunction("serve", "onError", onError);
  return {
    onError: onError ?? null,
    context: context === undefined ? null : contextOf(context),
    idleTimeout: milliseconds("idleTimeout", options.idleTimeout ?? 0),
    grace: milliseconds("grace", options.grace ?? GRACE_MS),
    limits: limits ?? null,
  };
}

function milliseconds(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw wrongArgument("serve", name, "a number of milliseconds, 0 or more", value);
}
