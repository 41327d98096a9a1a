// SPDX-License-Identifier: MIT
/** What a handler may answer. Go: evio, type Action. */
import type { KeepAlive } from "../../net/net.ts";
import { needObject, wrongArgument } from "../../validate/argument.ts";

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

/** What a handler stateError, which is neither bytes nor an action. Throws TypeError if it is no reply either. */
export function checkReply(answer: unknown): OpenedReply {
  if (!isReply(answer, "out", "action", "options")) {
    throw wrongAnswer("it", "bytes, an action or a reply", answer);
  }
  const { out, options } = answer as OpenedReply;
  if (out !== undefined && !(out instanceof Uint8Array)) {
    throw wrongAnswer("out", "a Uint8Array", out);
  }
  if (options !== undefined) needObject("answer", "options", options);
  return answer as OpenedReply;
}

/** What a tick stateError, which is neither a number nor an action. Throws TypeError for what is no answer. */
export function checkTick(answer: unknown): { delay?: number; action?: Action } {
  if (isReply(answer, "delay", "action")) return answer as { delay?: number; action?: Action };
  throw wrongAnswer("it", "milliseconds, an action or both", answer);
}

/** The error of an answer. Who returns a promise or a generator believes that it is waited for. */
export function wrongAnswer(what: string, kind: string, value: unknown): TypeError {
  const waits = typeof value === "object" && value !== null &&
    ("then" in value || "next" in value);
  if (!waits) return wrongArgument("answer", what, kind, value);
  return new TypeError(
    "Cannot answer with a promise or a generator as handlers must not wait: " +
      "start a goroutine, and write what comes of it",
  );
}

/** Whether it has one of the fields of a reply, or at least could: what is of a class is another thing. */
function isReply(answer: unknown, ...fields: string[]): boolean {
  if (typeof answer !== "object" || answer === null) return false;
  for (const field of fields) if (field in answer) return true;
  const prototype = Object.getPrototypeOf(answer);
  return prototype === Object.prototype || prototype === null;
}
