// SPDX-License-Identifier: MIT
/** HTTP/1.1 on a connection, by a goroutine. */
import { type Chunks, type Conn, Mutex, ObjectPool, OpError, type Routine } from "../../mod.ts";
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

/** Answers to requests that came together go out together, but not more than about this at once. */
const BATCH = 64 * 1024;
/** An unread body is discarded up to this size; beyond it the connection is closed. */
const MOST_SKIPPED = 256 * 1024;
/** A deadline is moved when it is late by more than this, not at every request. */
const SLACK_MS = 1000;

/** Output is held while there is some: a connection that is idle has none. */
const outputs = new ObjectPool({ new: () => new Output() });

/**
 * Serves a connection to its end. `ending`: whether this request is to be the last. `idleMs`: how long
 * a client may take to send a request, or to take its answer.
 */
export function serveHttp(
  conn: Conn,
  handler: Handler,
  ending: () => boolean = () => false,
  idleMs: number = IDLE_MS,
): Routine<void> {
  // No generator around that one: each resumption would pass through it.
  return new HttpConnection(conn, handler, ending, idleMs).serve();
}

class HttpConnection implements BodySource {
  readonly #conn: Conn;
  readonly #chunks: Chunks;
  readonly #parser = new RequestParser();
  readonly #handler: Handler;
  readonly #ending: () => boolean;
  readonly #idleMs: number;
  #output: Output | null = null;
  /** Whether this request is the last. */
  #close = false;
  /** Whether the client waits to be told to send the body. */
  #waits = false;
  #incoming: Incoming | null = null;
  /** How much of the body was read. */
  #bodyRead = 0;
  /** A stream that a handler left may still be reading. */
  readonly #reading = new Mutex();
  /** When the deadline was moved last. */
  #allowed = 0;
  /** Why no more of a body comes. */
  #lost: unknown = null;

  constructor(
    conn: Conn,
    handler: Handler,
    ending: () => boolean,
    idleMs: number,
  ) {
    this.#conn = conn;
    this.#chunks = conn.chunks();
    this.#handler = handler;
    this.#ending = ending;
    this.#idleMs = idleMs;
  }

  *serve(): Routine<void> {
    using chunks = this.#chunks;
    const parser = this.#parser;
    for (;;) {
      while (!parser.empty && !this.#close) {
        const outcome = this.#answer();
        if (outcome === null) continue;
        if (outcome instanceof QuickResponse && parser.complete) this.#addQuick(outcome);
        else yield* this.#answerSlowly(outcome);
        parser.next();
        this.#incoming = null;
        if (this.#output !== null && this.#output.length > BATCH) yield* this.#flush();
      }
      // Here and not in a generator of its own: this is done for each request.
      const output = this.#output;
      this.#output = null;
      if (output !== null) {
        if (this.#conn.fd !== -1) yield* this.#write(output.bytes);
        giveBack(output);
      }
      if (this.#close) return;
      if (!parser.begun) this.#putOff();
      try {
        const chunk = yield* chunks.next();
        if (chunk === null) return;
        parser.load(chunk);
      } catch (error) {
        if (!(error instanceof OpError && error.timeout)) throw error;
        if (!parser.begun) return;
        this.#allow(SLACK_MS);
        this.#addQuick(failure(this.#last(new HttpError(408, "That took too long"))));
      }
    }
  }

  /** See {@linkcode BodySource.read}. */
  *read(request: Incoming): Routine<Uint8Array | null> {
    const parser = this.#parser;
    yield* this.#reading.lock();
    try {
      if (request !== this.#incoming) {
        throw new TypeError("Cannot read the body of a request that was answered");
      }
      while (parser.body.length === 0 && !parser.complete) {
        if (parser.empty) yield* this.#moreBody();
        this.#parse();
      }
    } finally {
      this.#reading.unlock();
    }
    const piece = parser.body.shift();
    if (piece === undefined) return null;
    this.#bodyRead += piece.length;
    if (this.#bodyRead > LONGEST_BODY) throw this.#last(tooLong());
    return piece;
  }

  *#moreBody(): Routine<void> {
    if (this.#waits) this.#goOn();
    if (this.#output !== null) yield* this.#flush();
    this.#putOff();
    let chunk: Uint8Array | null;
    try {
      chunk = yield* this.#chunks.next();
    } catch (error) {
      this.#lost = error;
      throw error;
    }
    if (chunk === null) throw this.#last(new HttpError(400, "The body was cut short"));
    this.#parser.load(chunk);
  }

  /** Tells the client to send its body, behind the answers before and ahead of its own. */
  #goOn(): void {
    this.#waits = false;
    (this.#output ??= outputs.get()!).add(CONTINUE);
  }

  /** Goes on parsing. Throws HttpError, after which nothing more can be read. */
  #parse(): void {
    try {
      this.#parser.parse();
    } catch (error) {
      throw this.#last(error);
    }
  }

  #last<T>(error: T): T {
    this.#close = true;
    return error;
  }

  /** Has the connection some time from now on, unless its end has been set. */
  #putOff(): void {
    if (Date.now() - this.#allowed >= SLACK_MS && !this.#ending()) this.#allow(this.#idleMs);
  }

  #allow(ms: number): void {
    this.#allowed = Date.now();
    this.#conn.setDeadline(this.#allowed + ms);
  }

  /** Response to a request; null if there is none yet. */
  #answer(): Outcome | null {
    const parser = this.#parser;
    try {
      this.#parse();
      const { head } = parser;
      if (head === null) return null;
      this.#close = !head.keepAlive;
      this.#bodyRead = 0;
      this.#waits = waitsToSend(parser);
      checkHead(head);
      return this.#handler(this.#incoming = new Incoming(head, this));
    } catch (error) {
      // The rest of a refused request is discarded.
      if (error instanceof HttpError && !parser.complete) this.#close = true;
      return failure(error);
    }
  }

  #addQuick(response: QuickResponse): void {
    this.#close ||= this.#ending();
    addQuick(this.#output ??= outputs.get()!, response, this.#parser.head, this.#close);
  }

  /** The handler, the body or the answer takes its time: the shared memory is given back first. */
  *#answerSlowly(outcome: Outcome): Routine<void> {
    this.#parser.own();
    this.#chunks[Symbol.dispose]();
    let response: Answer;
    try {
      response = yield* settle(outcome);
    } catch (error) {
      // A client that vanished while the handler read gets no response.
      if (error === this.#lost) throw error;
      response = failure(error);
    }
    // An answer that is made of the body comes behind that.
    const readsBody = !(response instanceof QuickResponse) && this.#incoming?.wantsBody;
    if (this.#waits && readsBody) this.#goOn();
    else if (this.#waits) this.#refuseBody();
    if (response instanceof QuickResponse) this.#addQuick(response);
    else yield* this.#stream(response);
    if (!this.#close) yield* this.#skipBody();
  }

  /** Behind the head of an answer comes no "100 Continue": the client may send the body, or not. */
  #refuseBody(): void {
    this.#waits = false;
    this.#close = true;
  }

  *#stream(response: Response): Routine<void> {
    const head = this.#parser.head!;
    const framing = framingOf(response, head);
    this.#close ||= this.#ending() || endsWithConnection(framing);
    const output = this.#output ??= outputs.get()!;
    addHead(output, response, framing, head, this.#close);
    if (!bodyFollows(response, head)) return;
    try {
      yield* eachPiece(response, framing, (piece) => this.#sendPiece(piece, framing));
    } catch (error) {
      if (error instanceof OpError) throw error;
      // The head is out: only the connection's end can say that the body is not whole.
      if (!(error instanceof HttpError)) console.error(error);
      this.#close = true;
      this.#conn.abort();
      return;
    }
    addEnd(this.#output ??= outputs.get()!, framing);
  }

  *#sendPiece(piece: Uint8Array, framing: Parameters<typeof addPiece>[2]): Routine<void> {
    addPiece(this.#output ??= outputs.get()!, piece, framing);
    yield* this.#flush();
  }

  /** Reads what the handler did not, so that the next request can be found. */
  *#skipBody(): Routine<void> {
    let skipped = 0;
    try {
      for (let piece; (piece = yield* this.read(this.#incoming!)) !== null;) {
        skipped += piece.length;
        if (skipped > MOST_SKIPPED) return void this.#last(null);
      }
    } catch (error) {
      if (!(error instanceof HttpError)) throw error; // The answer is out; nothing follows it.
    }
  }

  *#flush(): Routine<void> {
    const output = this.#output!;
    this.#output = null;
    // An aborted connection takes no more.
    if (this.#conn.fd !== -1) yield* this.#write(output.bytes);
    giveBack(output);
  }

  /** Has a client take its answer in as much time as it had for the request. No generator either. */
  #write(bytes: Uint8Array): ReturnType<Conn["write"]> {
    this.#putOff();
    return this.#conn.write(bytes);
  }
}

function giveBack(output: Output): void {
  output.clear();
  outputs.put(output);
}
