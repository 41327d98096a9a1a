// SPDX-License-Identifier: MIT
/** Return values of handlers. Go: evio, type Action. */
import type { KeepAlive } from "../../net/net.ts";
import { needObject, wrongArgument } from "../../validate/argument.ts";

/**
 * What to do after a handler returns. Pending output is sent first.
 *
 * - "none": nothing; same as returning nothing
 * - "detach": remove the connection from its loop, as a goroutine's `Conn`; see `detached`
 * - "close": close the connection
 * - "shutdown": end the server: stop listening and close every connection
 */
export type Action = "none" | "detach" | "close" | "shutdown";

/** Bytes to write together with an action. */
export interface Reply {
  /** Bytes to write to the connection; may be reused once the handler has returned. */
  out?: Uint8Array;
  /** See {@linkcode Action}. */
  action?: Action;
}

/**
 * Return value of `data`: nothing, bytes to write, an action, or both. Bytes or an action alone
 * need no object.
 */
export type Answer = Uint8Array | Action | Reply | undefined | void;

/** Options of a connection. */
export interface ConnOptions {
  /** TCP keep-alive probes: off, on, or with these intervals. Go: evio, Options.TCPKeepAlive. */
  tcpKeepAlive?: boolean | KeepAlive;
  /**
   * Idle timeout in milliseconds: closes the connection if no byte is transferred in either
   * direction; 0 disables it.
   */
  idleTimeout?: number;
}

/** A {@linkcode Reply} with options for the connection. */
export interface OpenedReply extends Reply {
  /** See {@linkcode ConnOptions}. */
  options?: ConnOptions;
}

/** Return value of `opened`. */
export type OpenedAnswer = Uint8Array | Action | OpenedReply | undefined | void;

/**
 * Return value of `tick`: milliseconds until the next tick, an action, or both. Without a
 * delay there are no further ticks.
 */
export type TickAnswer = number | Action | { delay?: number; action?: Action } | undefined | void;

/**
 * Checks the reply of a handler that is neither bytes nor an action. Throws TypeError if it is not
 * a reply either.
 */
export function checkReply(answer: unknown): OpenedReply {
  if (!isReply(answer, "out", "action", "options")) {
    throw wrongAnswer("the return value", "bytes, an action or a reply", answer);
  }
  const { out, options } = answer as OpenedReply;
  if (out !== undefined && !(out instanceof Uint8Array)) {
    throw wrongAnswer("out", "a Uint8Array", out);
  }
  if (options !== undefined) needObject("return from a handler", "options", options);
  return answer as OpenedReply;
}

/**
 * Checks the reply of a tick that is neither a number nor an action. Throws TypeError if it is
 * invalid.
 */
export function checkTick(answer: unknown): { delay?: number; action?: Action } {
  if (isReply(answer, "delay", "action")) return answer as { delay?: number; action?: Action };
  throw wrongAnswer("the return value", "milliseconds, an action or both", answer);
}

/** Returns the error of an invalid reply. A promise or a generator gets a message of its own. */
export function wrongAnswer(what: string, kind: string, value: unknown): TypeError {
  const waits = typeof value === "object" && value !== null &&
    ("then" in value || "next" in value);
  if (!waits) return wrongArgument("return from a handler", what, kind, value);
  return new TypeError(
    "Cannot return a promise or a generator from a handler as handlers must not wait: " +
      "start a goroutine, and call conn.write from it",
  );
}

/** Whether it has a field of a reply, or at least could have: an instance of a class could not. */
function isReply(answer: unknown, ...fields: string[]): boolean {
  if (typeof answer !== "object" || answer === null) return false;
  for (const field of fields) if (field in answer) return true;
  const prototype = Object.getPrototypeOf(answer);
  return prototype === Object.prototype || prototype === null;
}
