// SPDX-License-Identifier: MIT
/** Options of a connection pool, checked. */
import type { Routine } from "../sched/goroutine.ts";
import { needFunction, needObject, wrongArgument } from "../validate/argument.ts";
import { unknownOption } from "../validate/unknown_option.ts";

/** Options of {@linkcode ConnPool}. Times are in milliseconds. */
export interface ConnPoolOptions<T extends Disposable> {
  /**
   * Opens a connection: a `Conn`, or a client object around one. It is closed by its
   * `[Symbol.dispose]` method. If the call that needs it is canceled, `open` is ended.
   */
  open: () => Routine<T>;
  /**
   * Maximum number of open connections, in use and idle; 10 by default, Infinity for no limit. Go:
   * `DB.SetMaxOpenConns`, which has no limit by default.
   */
  maxOpen?: number;
  /**
   * Maximum number of idle connections; `maxOpen` by default. A connection that is released beyond
   * it is closed. Go: `DB.SetMaxIdleConns`, where it is 2 by default.
   */
  maxIdle?: number;
  /**
   * How long a connection may be idle before it is closed; 30,000 by default, Infinity for no
   * limit. It should be shorter than the server's own. Go: `DB.SetConnMaxIdleTime`.
   */
  idleTimeout?: number;
  /**
   * How long after it was opened a connection may be used again; Infinity by default. One in use is
   * closed when it is released. Go: `DB.SetConnMaxLifetime`.
   */
  maxLifetime?: number;
  /**
   * Health check of an idle connection before it is used again, such as a ping; none by default. If
   * it returns false or throws an `OpError` or an `UnexpectedEOFError`, the connection is closed
   * and the next one is tried; any other error is thrown by `acquire`. Go:
   * `driver.SessionResetter`.
   *
   * Without a check, a connection is closed if the peer has ended it or has sent something that was
   * not read. This applies to a `Conn`, and to an object that has it in a property `conn`.
   *
   * @param conn the connection
   */
  check?: (conn: T) => Routine<boolean>;
  /**
   * Whether a connection can be used again after `use` threw `error`, such as an error reply that
   * was read to its end; by default it is closed.
   *
   * @param error the value that was thrown
   */
  keepAfter?: (error: unknown) => boolean;
}

/** Options with defaults. */
export interface CheckedConnPoolOptions<T extends Disposable> {
  readonly open: () => Routine<T>;
  readonly maxOpen: number;
  readonly maxIdle: number;
  readonly idleTimeout: number;
  readonly maxLifetime: number;
  readonly check: ((conn: T) => Routine<boolean>) | null;
  readonly keepAfter: (error: unknown) => boolean;
}

const ACTION = "create a pool of connections";
const NAMES = ["open", "maxOpen", "maxIdle", "idleTimeout", "maxLifetime", "check", "keepAfter"];
const MAX_OPEN = 10;
const IDLE_TIMEOUT_MS = 30_000;

/** Checks the options. Throws a TypeError that names the invalid field. */
export function checkConnPoolOptions<T extends Disposable>(
  options: ConnPoolOptions<T>,
): CheckedConnPoolOptions<T> {
  if (typeof options === "function") {
    throw wrongArgument(
      ACTION,
      "options",
      "an object such as { open }, with this function",
      options,
    );
  }
  needObject(ACTION, "options", options);
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw unknownOption(ACTION, unknown, NAMES);
  const { open, maxOpen = MAX_OPEN, check = null, keepAfter = () => false } = options;
  const { idleTimeout = IDLE_TIMEOUT_MS, maxLifetime = Infinity } = options;
  needFunction(ACTION, "open", open);
  if (check !== null) needFunction(ACTION, "check", check);
  needFunction(ACTION, "keepAfter", keepAfter);
  needCount("maxOpen", maxOpen, 1);
  const { maxIdle = maxOpen } = options;
  needCount("maxIdle", maxIdle, 0);
  needTime("idleTimeout", idleTimeout);
  needTime("maxLifetime", maxLifetime);
  return { open, maxOpen, maxIdle, idleTimeout, maxLifetime, check, keepAfter };
}

function needCount(name: string, value: unknown, least: number): void {
  if (value === Infinity || (Number.isSafeInteger(value) && value as number >= least)) return;
  throw wrongArgument(ACTION, name, `an integer of at least ${least}, or Infinity`, value);
}

function needTime(name: string, value: unknown): void {
  if (typeof value === "number" && value > 0) return;
  throw wrongArgument(ACTION, name, "a number of milliseconds above 0, or Infinity", value);
}
