// SPDX-License-Identifier: MIT
/** HTTP/1.1 on a connection, by callbacks. A handler is called when all of its request has come. */
import { go, type Routine, wait } from "../../mod.ts";
import type { Answer as EventAnswer, EventConn, Events } from "../../event.ts";
import { Output } from "../output.ts";
import { HttpError } from "./error.ts";
import {
  type Answer,
  bodyFollows,
  checkHead,
  CONTINUE,
  eachPiece,
  endsWithConnection,
  failure,
  framingOf,
  type Handler,
  IDLE_MS,
  LONGEST_BODY,
  type Outcome,
  settle,
  tooLong,
  waitsToSend,
} from "./exchange.ts";
import { type BodySource, Incoming } from "./incoming.ts";
import { addEnd, addHead, addPiece, addQuick, QuickResponse } from "./outgoing.ts";
import { RequestParser } from "./parser.ts";

/** Answers of one turn of one connection: what is not sent at once is copied. */
const output = new Output();

/** The table of a server of `handler`. */
export function httpEvents(handler: Handler): Events<HttpEvents> {
  return {
    idleTimeout: IDLE_MS,
    opened(conn) {
      conn.context = new HttpEvents(conn, handler);
    },
    data: (conn, input) => conn.context.data(input),
    closed: (conn) => conn.context.close(),
  };
}

/** What there is to read of a request without a body. */
const NOTHING: BodySource = {
  *read() {
    return null;
  },
};

/**
 * The body of one request, joined as it comes: a chunk may be of one byte, and an array for each would
 * take far more memory than the body.
 */
class Collected implements BodySource {
  readonly #joined = new Output(0);
  #taken = false;

  get length(): number {
    return this.#joined.length;
  }

  add(piece: Uint8Array): void {
    this.#joined.add(piece);
  }

  *read(): Routine<Uint8Array | null> {
    if (this.#taken || this.length === 0) return null;
    this.#taken = true;
    return this.#joined.bytes;
  }
}

/** A connection. */
export class HttpEvents {
  readonly #conn: EventConn<HttpEvents>;
  readonly #handler: Handler;
  readonly #parser = new RequestParser();
  #close = false;
  /** Whether an answer is being made elsewhere. */
  #busy = false;
  /** Whether the connection is. */
  #gone = false;
  /** What has come of a body; null before its head was looked at. */
  #body: Collected | null = null;

  constructor(conn: EventConn<HttpEvents>, handler: Handler) {
    this.#conn = conn;
    this.#handler = handler;
  }

  /** Bytes have come. */
  data(input: Uint8Array): EventAnswer {
    this.#parser.load(input);
    this.#work();
    return this.#close && !this.#busy ? { out: output.bytes, action: "close" } : output.bytes;
  }

  /** The connection is gone. */
  close(): void {
    this.#gone = true;
  }

  /** Answers what can be answered at once, into `output`. */
  #work(): void {
    const parser = this.#parser;
    output.clear();
    while (!parser.empty && !this.#busy && !this.#close) {
      const outcome = this.#answer();
      if (outcome === null) continue;
      if (outcome instanceof QuickResponse) this.#addQuick(outcome);
      else this.#answerElsewhere(outcome);
      if (!this.#busy) this.#next();
    }
  }

  #next(): void {
    this.#parser.next();
    this.#body = null;
  }

  /** Response to a request; null while the request is incomplete. */
  #answer(): Outcome | null {
    const parser = this.#parser;
    try {
      parser.parse();
      const { head } = parser;
      if (head === null) return null;
      this.#close = !head.keepAlive;
      if (!parser.complete || parser.body.length > 0) this.#collect();
      if (!parser.complete) {
        this.#close = false;
        return null;
      }
      checkHead(head);
      return this.#handler(new Incoming(head, this.#body ?? NOTHING));
    } catch (error) {
      if (error instanceof HttpError && !parser.complete) this.#close = true;
      return failure(error);
    }
  }

  /** Throws HttpError when it gets too long; tells the client to go on that waits for it. */
  #collect(): void {
    const parser = this.#parser;
    if (this.#body === null) {
      checkHead(parser.head!);
      this.#body = new Collected();
      if (waitsToSend(parser)) output.add(CONTINUE);
    }
    for (const piece of parser.body) this.#body.add(piece);
    parser.body = [];
    if (this.#body.length > LONGEST_BODY) throw tooLong();
  }

  #addQuick(response: QuickResponse): void {
    addQuick(output, response, this.#parser.head, this.#close);
  }

  /** A goroutine waits for the answer, and nothing is read meanwhile. */
  #answerElsewhere(outcome: Outcome): void {
    this.#busy = true;
    this.#parser.own();
    this.#conn.pause();
    go(() => this.#answerSlowly(outcome));
  }

  *#answerSlowly(outcome: Outcome): Routine<void> {
    let response: Answer;
    try {
      response = yield* settle(outcome);
    } catch (error) {
      response = failure(error);
    }
    output.clear();
    if (response instanceof QuickResponse) {
      this.#addQuick(response);
      this.#conn.write(output.bytes);
    } else yield* this.#stream(response);
    if (this.#gone) return;
    this.#busy = false;
    this.#next();
    this.#work();
    this.#conn.write(output.bytes);
    if (this.#busy) return;
    if (this.#close) this.#conn.close();
    else this.#conn.resume();
  }

  *#stream(response: Response): Routine<void> {
    const conn = this.#conn;
    const head = this.#parser.head!;
    const framing = framingOf(response, head);
    if (endsWithConnection(framing)) this.#close = true;
    addHead(output, response, framing, head, this.#close);
    conn.write(output.bytes);
    if (!bodyFollows(response, head)) return;
    try {
      yield* eachPiece(response, framing, function* (piece) {
        output.clear();
        addPiece(output, piece, framing);
        yield* written(conn, output.bytes);
      });
      output.clear();
      addEnd(output, framing);
      conn.write(output.bytes);
    } catch (error) {
      // The head is out: only the connection's end can say that the body is not whole.
      if (!conn.closing) console.error(error);
      conn.abort();
    }
  }
}

/** Waits until the kernel has it. Throws why it never will. */
function* written(conn: EventConn<HttpEvents>, bytes: Uint8Array): Routine<void> {
  yield* wait(
    new Promise<void>((resolve, reject) => {
      conn.write(bytes, (error) => error === null ? resolve() : reject(error));
    }),
  );
}
