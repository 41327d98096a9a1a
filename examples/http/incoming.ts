// SPDX-License-Identifier: MIT
/** A request as a handler sees it. */
import { go, type Routine } from "../../mod.ts";
import type { Head } from "./head.ts";

/** Where a request's body comes from. */
export interface BodySource {
  /**
   * Returns the next piece of the body of `request`; null at the end. Parks. Throws HttpError, and
   * TypeError where that was answered: what comes on its connection is the next request's.
   */
  read(request: Incoming): Routine<Uint8Array | null>;
}

/**
 * What most handlers use of a web `Request`, made when it is asked for: `request` is the real one,
 * which takes longer to make than all the rest of the answer. A goroutine reads the body by `read`.
 */
export class Incoming {
  // Not private by `#`, for the same reason as in Head.
  private readonly head: Head;
  private readonly source: BodySource;
  /** Whether the handler has asked for the body. */
  wantsBody = false;
  private webHeaders: Headers | undefined;
  private stream: ReadableStream<Uint8Array> | undefined;

  constructor(head: Head, source: BodySource) {
    this.head = head;
    this.source = source;
  }

  get method(): string {
    return this.head.method;
  }

  /** As of a `Request`: in full. */
  get url(): string {
    const target = this.head.targetText;
    const path = target === "*" ? "/" : target;
    if (!path.startsWith("/")) return target;
    return `http://${this.head.field("host") || "localhost"}${path}`;
  }

  /** What is asked for, without what is behind the question mark. */
  get path(): string {
    const target = this.head.targetText;
    const end = target.indexOf("?");
    return end < 0 ? target : target.slice(0, end);
  }

  get headers(): Headers {
    return this.webHeaders ??= new Headers([...this.head.fields()]);
  }

  /** Its body, empty if it has none. */
  get body(): ReadableStream<Uint8Array> {
    this.wantsBody = true;
    return this.stream ??= new ReadableStream({ pull: (controller) => this.pull(controller) }, {
      highWaterMark: 0,
    });
  }

  /** See {@linkcode BodySource.read}. */
  read(): Routine<Uint8Array | null> {
    return this.source.read(this);
  }

  bytes(): Promise<Uint8Array> {
    return new Response(this.body).bytes();
  }

  text(): Promise<string> {
    return new Response(this.body).text();
  }

  json(): Promise<unknown> {
    return new Response(this.body).json();
  }

  /** All of it, for those who were written for the web. */
  get request(): Request {
    const { method, url, headers } = this;
    const body = method === "GET" || method === "HEAD" ? undefined : this.body;
    return new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
  }

  private pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    return go(() => this.feed(controller)).promise;
  }

  private *feed(controller: ReadableStreamDefaultController<Uint8Array>): Routine<void> {
    try {
      const piece = yield* this.read();
      if (piece === null) controller.close();
      else controller.enqueue(piece);
    } catch (error) {
      controller.error(error);
    }
  }
}
