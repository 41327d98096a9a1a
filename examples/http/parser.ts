// SPDX-License-Identifier: MIT
/**
 * HTTP/1.1 requests out of bytes, of one connection: heads by read_head.ts, and bodies with a length or
 * in chunks (RFC 9112, sections 6 and 7). Nothing is copied of a head that came as a whole.
 */
import { CR, endOfLine, LF, readField, SEMICOLON, skip, VALUE, ZERO } from "./bytes.ts";
import { Output } from "../output.ts";
import { HttpError } from "./error.ts";
import type { Head } from "./head.ts";
import { headEnd, readHead } from "./read_head.ts";

/** Longest head of a request, in bytes, and longest trailer of a body in chunks. */
const LONGEST_HEAD = 16 * 1024;
/** Longest line that begins a chunk. */
const LONGEST_SIZE = 1024;
/** Most hexadecimal digits of the size of a chunk: more than any body may have. */
const MOST_DIGITS = 12;

/** Up to so many bytes of a body are joined with those beside them: an array for each would be slow. */
const SHORT_PIECE = 1024;

const NOTHING = new Uint8Array(0);

/** Short pieces of one input: they are out of it before another parser has its turn. */
const short = new Output();

/** What comes next of a body in chunks. */
type Part = "size" | "data" | "end of data" | "trailer";

/** See the top of this file. */
export class RequestParser {
  /** The request's head, once it is whole. */
  head: Head | null = null;
  /** What has come of its body and was not taken. */
  body: Uint8Array[] = [];
  /** Whether all of the request has come. */
  complete = false;
  #input: Uint8Array = NOTHING;
  /** How much of the input is parsed. */
  #at = 0;
  /** The beginning of a line or a head whose rest has not come. */
  #begun: Uint8Array | null = null;
  /** Whether the end of a line has come since: without one there is nothing new to parse. */
  #hasLine = true;
  /** Bytes of the body, or of the chunk, that have not come. */
  #left = 0;
  #part: Part = "size";
  /** Bytes of the trailer so far. */
  #trailer = 0;

  /** Whether nothing can be parsed before there is more input. */
  get empty(): boolean {
    return this.#at === this.#input.length;
  }

  /** Whether a request has begun, and not ended. */
  get begun(): boolean {
    return this.#begun !== null || (this.head !== null && !this.complete);
  }

  /** Takes input, when it is empty. It must stay as it is until that is parsed, or `own` is called. */
  load(input: Uint8Array): void {
    const begun = this.#begun;
    this.#begun = null;
    this.#at = 0;
    this.#input = begun === null ? input : joined(begun, input);
    this.#hasLine = begun === null || input.includes(LF);
  }

  /** Copies what is not parsed, and the head: the input is about to be used again. */
  own(): void {
    this.head?.own();
    this.#input = this.empty ? NOTHING : this.#input.slice(this.#at);
    this.#at = 0;
  }

  /** Begins with the next request. */
  next(): void {
    this.head?.release();
    this.head = null;
    if (this.body.length > 0) this.body = [];
    this.complete = false;
  }

  /** Goes on to the end of the request, or of the input. Throws HttpError. */
  parse(): void {
    if (!this.#hasLine) return this.#wait();
    if (this.head === null) this.#readHead();
    if (this.head === null || this.complete) return;
    short.clear();
    if (this.head.chunked) this.#readChunks();
    else this.#readData();
    this.#addShort();
    // The head outlives the input while the rest of the body is on its way.
    if (!this.complete) this.head.own();
  }

  #readHead(): void {
    if (!this.#skipEmptyLines()) return;
    const head = readHead(this.#input, this.#at);
    if (head === null) return this.#wait();
    if (headEnd - this.#at > LONGEST_HEAD) throw tooLong();
    this.#at = headEnd;
    this.head = head;
    this.#left = Math.max(0, head.length);
    this.complete = !head.chunked && this.#left === 0;
    this.#part = "size";
    this.#trailer = 0;
  }

  /** Some clients send one behind a body. False if there is nothing else. */
  #skipEmptyLines(): boolean {
    while (!this.empty && this.#input[this.#at] === CR) {
      const next = endOfLine(this.#input, this.#at);
      if (next === 0) this.#wait();
      else this.#at = next;
    }
    return !this.empty;
  }

  /** Takes what there is of the body, or of the chunk. */
  #readData(): void {
    const from = this.#at;
    const length = Math.min(this.#left, this.#input.length - from);
    if (length > SHORT_PIECE) {
      this.#addShort();
      this.body.push(this.#input.slice(from, from + length));
    } else short.add(this.#input, from, from + length);
    this.#at += length;
    this.#left -= length;
    if (this.#left > 0) return;
    if (this.head!.chunked) this.#part = "end of data";
    else this.complete = true;
  }

  /** Adds the short pieces that have come to the body. */
  #addShort(): void {
    if (short.length === 0) return;
    this.body.push(short.bytes.slice());
    short.clear();
  }

  #readChunks(): void {
    while (!this.complete && !this.empty) {
      switch (this.#part) {
        case "size":
          this.#readSize();
          break;
        case "data":
          this.#readData();
          break;
        case "end of data":
          if (this.#passTo(endOfLine(this.#input, this.#at))) this.#part = "size";
          break;
        case "trailer":
          this.#readTrailer();
      }
    }
  }

  /** The line that begins a chunk: its size, and extensions, which mean nothing here. */
  #readSize(): void {
    const input = this.#input;
    let [at, size] = [this.#at, 0];
    for (let digit; at < input.length && (digit = hexadecimal(input[at])) >= 0; at++) {
      size = size * 16 + digit;
    }
    const digits = at - this.#at;
    if (digits > MOST_DIGITS || (digits === 0 && at < input.length)) throw badChunk();
    if (at < input.length && input[at] === SEMICOLON) at = skip(input, at, VALUE);
    if (at - this.#at > LONGEST_SIZE) throw badChunk();
    if (!this.#passTo(endOfLine(input, at))) return;
    this.#left = size;
    this.#part = size === 0 ? "trailer" : "data";
  }

  /** The headers behind the last chunk, which nothing here asks for. */
  #readTrailer(): void {
    const [input, from] = [this.#input, this.#at];
    const last = input[from] === CR;
    if (!this.#passTo(last ? endOfLine(input, from) : readField(input, from))) return;
    this.#trailer += this.#at - from;
    if (this.#trailer > LONGEST_HEAD) throw tooLong();
    this.complete = last;
  }

  /** Goes on at `next`; false if that is 0: the line is not whole. */
  #passTo(next: number): boolean {
    if (next === 0) this.#wait();
    else this.#at = next;
    return next !== 0;
  }

  /** Keeps a copy of what is not parsed until more has come. */
  #wait(): void {
    const begun = this.#input.slice(this.#at);
    if (begun.length > LONGEST_HEAD) throw tooLong();
    this.#begun = begun;
    this.#at = this.#input.length;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

/** The value of a hexadecimal digit; -1 if it is none. */
function hexadecimal(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO;
  const small = byte | 0x20;
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : -1;
}

function tooLong(): HttpError {
  return new HttpError(431, "That is too long a head");
}

function badChunk(): HttpError {
  return new HttpError(400, "A chunk is malformed");
}
