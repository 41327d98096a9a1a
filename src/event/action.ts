// SPDX-License-Identifier: MIT
/** What a handler may answer. Go: evio, type Action. */
import type { KeepAlive } from "../net/net.ts";

/**
 * What is to be done after a handler. What was to be written is written first.
 *
 * - "none": nothing, as when a handler answers nothing at all
 * - "detach": the connection leaves its loop and becomes a goroutine's `Conn`; see `detached`
 * - "close": the connection is closed
 * - "shutdown": the server ends: it listens no more, and every connection is closed
 */
export type Action = "none" | "detach" | "close" | "shutdown";

/** Bytes to write and an action, for those who need both. */
export interface Reply {
  /** Is written to the connection; yours again when the handler has returned. */
  out?: Uint8Array;
  /** See {@linkcode Action}. */
  action?: Action;
}

/** What `data` may return: nothing, bytes to write, an action, or both. Either alone costs no object. */
export type Answer = Uint8Array | Action | Reply | undefined | void;

/** Settings of one connection. */
export interface ConnOptions {
  /** Probes of a silent peer: off, on, or with these times. Go: evio, Options.TCPKeepAlive. */
  tcpKeepAlive?: boolean | KeepAlive;
  /** Milliseconds without a byte in either direction after which it is closed; 0 for never. */
  idleTimeout?: number;
}

/** As {@linkcode Reply}, with the settings of the connection. */
export interface OpenedReply extends Reply {
  /** See {@linkcode ConnOptions}. */
  options?: ConnOptions;
}

/** What `opened` may return. */
export type OpenedAnswer = Uint8Array | Action | OpenedReply | undefined | void;

/** What `tick` may return: milliseconds until the next tick, an action, or both. Neither ends the ticking. */
export type TickAnswer = number | Action | { delay?: number; action?: Action } | undefined | void;

/** What a handler answered, which is neither bytes nor an action. Throws TypeError if it is no reply either. */
export function checkReply(answer: unknown): OpenedReply {
  if (typeof answer !== "object" || answer === null) {
    throw new TypeError(
      `Cannot answer as it must be bytes, an action or a reply: current value is ${answer}`,
    );
  }
  const { out } = answer as OpenedReply;
  if (out === undefined || out instanceof Uint8Array) return answer;
  throw new TypeError(
    `Cannot answer as out must be a Uint8Array: current value is ${typeof out}`,
  );
}
