// SPDX-License-Identifier: MIT
/** What a request and its answer are to the goroutine form and to the event form alike. */
import { type Routine, wait } from "../../mod.ts";
import { HttpError } from "./error.ts";
import type { Incoming } from "./incoming.ts";
import { type Framing, hasNoBody, QuickResponse } from "./outgoing.ts";
import type { Head } from "./head.ts";
import type { RequestParser } from "./parser.ts";

/** What a request may be answered by. */
export type Answer = Response | QuickResponse;
/** What a handler gives: an answer at once, a promise of it, or a goroutine that may park. */
export type Outcome = Answer | Promise<Answer> | Routine<Answer>;
/** Answers requests. */
export type Handler = (request: Incoming) => Outcome;

/** Longest body of a request. */
export const LONGEST_BODY = 64 << 20;
/** A connection that says nothing, or does not finish a head, for so long is closed. */
export const IDLE_MS = 30_000;

/** What a client waits for that asked whether it may send its body. */
export const CONTINUE: Uint8Array = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

/** Throws HttpError if the request is not to be answered otherwise. */
export function checkHead(head: Head): void {
  if (head.hosts > 1 || head.hosts < head.minor) throw new HttpError(400, "There must be one Host");
  if (head.length > LONGEST_BODY) throw tooLong();
  if (head.expects === "something else") throw new HttpError(417, "That cannot be expected");
}

/** Whether the client of a request whose head has come waits to be told to send its body. */
export function waitsToSend({ head, body, complete }: RequestParser): boolean {
  return !complete && body.length === 0 && head!.expects !== "nothing" && head!.minor === 1;
}

/** See LONGEST_BODY. */
export function tooLong(): HttpError {
  return new HttpError(413, "That is too long a body");
}

/** Waits for the answer of a handler. */
export function* settle(outcome: Outcome): Routine<Answer> {
  if (outcome instanceof QuickResponse || outcome instanceof Response) return outcome;
  return Symbol.iterator in outcome ? yield* outcome : yield* wait(outcome);
}

/** Response to a failed request. Unexpected errors are reported on stderr. */
export function failure(error: unknown): QuickResponse {
  if (!(error instanceof HttpError)) console.error(error);
  const { status, message } = error instanceof HttpError
    ? error
    : { status: 500, message: "Something went wrong" };
  return new QuickResponse(`${message}\n`, { status });
}

/** How the body of a response goes out that comes out of a stream. */
export function framingOf(response: Response, head: Head): Framing {
  const told = lengthTold(response);
  // To HEAD, the length is that of a body which is not even made.
  if (response.body === null) return { length: head.isHead ? told ?? 0 : 0, chunked: false };
  return { length: told, chunked: told === undefined && head.minor === 1 };
}

/** The length that the handler has told; undefined if it has not, or told no length. */
function lengthTold({ headers }: Response): number | undefined {
  const told = headers.get("content-length");
  return told !== null && /^\d{1,15}$/.test(told) ? Number(told) : undefined;
}

/** Whether only the end of the connection tells where the body ends. */
export function endsWithConnection({ length, chunked }: Framing): boolean {
  return length === undefined && !chunked;
}

/** Whether a body follows the head of a response. If none does, its body is canceled. */
export function bodyFollows({ status, body }: Response, head: Head): boolean {
  if (!head.isHead && !hasNoBody(status)) return true;
  body?.cancel().catch(() => {});
  return false;
}

/**
 * Has `send` called with each piece of a body. Throws what the stream or `send` throws, and RangeError
 * when the length of the body is not the announced one.
 */
export function* eachPiece(
  { body }: Response,
  { length }: Framing,
  send: (piece: Uint8Array) => Routine<void>,
): Routine<void> {
  if (body === null) return;
  const reader = body.getReader();
  let sent = 0;
  try {
    for (let next; !(next = yield* wait(reader.read())).done;) {
      sent += next.value.length;
      if (sent > (length ?? Infinity)) break;
      yield* send(next.value);
    }
    if (length !== undefined && sent !== length) {
      throw new RangeError("the body is not of the announced length");
    }
  } finally {
    // The source of the rest is canceled; an error that it throws at that is ignored.
    reader.cancel().catch(() => {});
  }
}
