// SPDX-License-Identifier: MIT
/** The head of a request: its line and its headers. Strings are made only of the parts asked for. */
import { textOf } from "../texts.ts";
import { same } from "./bytes.ts";

const HEAD = new TextEncoder().encode("HEAD");

/** See the top of this file. It is filled in by {@linkcode readHead}. */
export class Head {
  /** x of HTTP/1.x. */
  minor = 1;
  /** Whether the connection may be used again after this request. */
  keepAlive = true;
  /** Whether the client has asked for the end of the connection. */
  closes = false;
  /** Number of Host headers. */
  hosts = 0;
  /** Content-Length; -1 without one. */
  length = -1;
  /** Whether the body comes in chunks. */
  chunked = false;
  /** What the client expects. */
  expects: "nothing" | "100-continue" | "something else" = "nothing";
  // Indices in `bytes`. Not private by `#`: one of these is made per request, and each such method
  // or field costs time then.
  methodEnd = 0;
  target = 0;
  targetEnd = 0;
  /** The first header. */
  headers = 0;
  /** The end of the last header's line. */
  end = 0;
  bytes: Uint8Array;
  /** Index of the first byte. */
  start: number;
  private state: "lent" | "owned" | "released" = "lent";

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.start = start;
  }

  get method(): string {
    return this.text(this.start, this.methodEnd);
  }

  /** Whether only the head of the answer is asked for. */
  get isHead(): boolean {
    return same(HEAD, this.bytes, this.start, this.methodEnd);
  }

  /** What is asked for, as it came: mostly a path. */
  get targetText(): string {
    return this.text(this.target, this.targetEnd);
  }

  /** Names and values. */
  *fields(): Generator<[name: string, value: string]> {
    const lines = this.text(this.headers, this.end).split("\r\n");
    lines.pop(); // There is nothing behind the end of the last one.
    for (const line of lines) {
      const colon = line.indexOf(":");
      yield [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
    }
  }

  /** The value of a header by its name in small letters; of several, the first. */
  field(name: string): string | undefined {
    for (const [found, value] of this.fields()) if (found.toLowerCase() === name) return value;
    return undefined;
  }

  /** Copies the bytes, whose memory is about to be reused: the head stays readable. */
  own(): void {
    if (this.state !== "lent") return;
    const { start } = this;
    this.bytes = this.bytes.slice(start, this.end);
    this.start = 0;
    this.methodEnd -= start;
    this.target -= start;
    this.targetEnd -= start;
    this.headers -= start;
    this.end -= start;
    this.state = "owned";
  }

  /** The request has been answered: unless copied, its bytes are reused, and reading throws. */
  release(): void {
    if (this.state === "lent") this.state = "released";
  }

  private text(from: number, to: number): string {
    if (this.state === "released") throw new TypeError("Cannot read a request that was answered");
    return textOf(this.bytes, from, to);
  }
}
