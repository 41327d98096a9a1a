// SPDX-License-Identifier: MIT
/**
 * The Redis protocol (RESP2): commands out of bytes, replies into bytes. Nothing is copied on the
 * way in: a command is where its arguments begin and end.
 */
import { Buffer } from "node:buffer";
import { Output } from "../output.ts";
import { textOf } from "../texts.ts";

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const STAR = 0x2a;
const DOLLAR = 0x24;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** What one command may be long at most, all of it; and its line, if it is typed as one. */
export const LONGEST_COMMAND = 64 << 20;
const LONGEST_LINE = 64 << 10;
const MOST_ARGUMENTS = 1 << 20;
/** Up to here a loop is faster than a call of the runtime. */
const SHORT = 32;

const encoder = new TextEncoder();

/**
 * The client does not speak the protocol. The message is what Redis says then, but for "expected CRLF"
 * and "too big a command": Redis makes its own frames, and closes the connection without a word.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  constructor(what: string) {
    super(`ERR Protocol error: ${what}`);
  }
}

/** The bytes of a text of one byte a character. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A string as a reply and as an argument: its length, a line's end, the bytes, a line's end. */
export function frameOf(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytesOf(`$${bytes.length}\r\n`), bytes, bytesOf("\r\n")]);
}

/** The bytes of such a string. */
export function contentOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(frame.indexOf(LF) + 1, frame.length - 2);
}

/** The same number for the same letters, great or small. */
export function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + (bytes[at] | 0x20)) | 0;
  return hash;
}

/** The command that was read last: good until its input is. */
export class CommandReader {
  /** How many arguments it has, its name included. */
  count = 0;
  #input: Uint8Array = new Uint8Array(0);
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Whether its arguments stand in frames. */
  #framed = true;
  #number = 0;

  /** Reads the command at `from`. Returns the offset of the next one, or 0 if it is incomplete. */
  read(input: Uint8Array, from: number): number {
    this.#input = input;
    this.count = 0;
    return input[from] === STAR ? this.#readFrames(from) : this.#readLine(from);
  }

  /** A number that stands for its name, in whatever case its letters are; see `isNamed`. */
  nameHash(): number {
    return hashOf(this.#input, this.#starts[0], this.#ends[0]);
  }

  /** Whether its name has these letters, which are small ones. */
  isNamed(letters: Uint8Array): boolean {
    const start = this.#starts[0];
    if (this.#ends[0] - start !== letters.length) return false;
    for (let i = 0; i < letters.length; i++) {
      if ((this.#input[start + i] | 0x20) !== letters[i]) return false;
    }
    return true;
  }

  /** An argument as text: one character a byte. */
  text(i: number): string {
    return textOf(this.#input, this.#starts[i], this.#ends[i]);
  }

  /** A copy of an argument in a frame of its own. */
  frame(i: number): Uint8Array {
    const start = this.#starts[i];
    const end = this.#ends[i];
    if (!this.#framed) return frameOf(this.#input.subarray(start, end));
    let from = start - 3;
    while (this.#input[from] !== DOLLAR) from--;
    return copyOf(this.#input, from, end + 2);
  }

  /** Copies an argument with its frame into `to`; false if that has another length. */
  copyFrame(i: number, to: Uint8Array): boolean {
    if (!this.#framed) return false;
    const input = this.#input;
    let from = this.#starts[i] - 3;
    while (input[from] !== DOLLAR) from--;
    const length = this.#ends[i] + 2 - from;
    if (to.length !== length || length > SHORT) return false;
    for (let k = 0; k < length; k++) to[k] = input[from + k];
    return true;
  }

  #readFrames(from: number): number {
    this.#framed = true;
    const input = this.#input;
    let at = this.#readNumber(from + 1, MOST_ARGUMENTS, "invalid multibulk length");
    if (at === 0) return 0;
    const count = this.#number;
    for (let i = 0; i < count; i++) {
      if (at >= input.length) return 0;
      if (input[at] !== DOLLAR) {
        throw new ProtocolError(`expected '$', got '${String.fromCharCode(input[at])}'`);
      }
      at = this.#readNumber(at + 1, LONGEST_COMMAND, "invalid bulk length");
      if (this.#number < 0) throw new ProtocolError("invalid bulk length");
      if (at === 0 || at + this.#number + 2 > input.length) return 0;
      this.#starts[i] = at;
      at += this.#number;
      this.#ends[i] = at;
      if (input[at] !== CR || input[at + 1] !== LF) throw new ProtocolError("expected CRLF");
      at += 2;
    }
    this.count = Math.max(0, count);
    return at;
  }

  /**
   * Reads a number and its line's end. Returns the offset behind them, or 0 if they are incomplete. The
   * line must be as a server would write it, without zeros in front: it goes to other clients.
   */
  #readNumber(from: number, most: number, wrong: string): number {
    const input = this.#input;
    const negative = input[from] === MINUS;
    const first = negative ? from + 1 : from;
    let number = 0;
    this.#number = 0;
    if (input[first] === ZERO && (negative || (input[first + 1] ?? CR) !== CR)) {
      throw new ProtocolError(wrong);
    }
    for (let at = first; at < input.length; at++) {
      const digit = input[at];
      if (digit >= ZERO && digit <= NINE) number = number * 10 + digit - ZERO;
      else if (digit === CR && at > first) {
        this.#number = negative ? -number : number;
        return this.#lineEnd(at);
      } else throw new ProtocolError(wrong);
      if (number > most) throw new ProtocolError(wrong);
    }
    return 0;
  }

  /** Index behind the line's end at `at`, of which the CR is there; 0 if the LF is still to come. */
  #lineEnd(at: number): number {
    const input = this.#input;
    if (input[at + 1] === LF) return at + 2;
    if (at + 1 < input.length) throw new ProtocolError("expected CRLF");
    return 0;
  }

  /** A command as it is typed: words with spaces between them. */
  #readLine(from: number): number {
    this.#framed = false;
    const input = this.#input;
    const end = input.indexOf(LF, from);
    if (end < 0) {
      if (input.length - from > LONGEST_LINE) throw new ProtocolError("too big inline request");
      return 0;
    }
    for (let at = from; at < end; at++) {
      if (input[at] === SPACE || input[at] === CR) continue;
      this.#starts[this.count] = at;
      while (at < end && input[at] !== SPACE && input[at] !== CR) at++;
      this.#ends[this.count++] = at;
    }
    return end + 1;
  }
}

/** A copy of a part; of the runtime's pool of memory if it is short. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const copy = Buffer.allocUnsafe(to - from);
  if (to - from > SHORT) copy.set(bytes.subarray(from, to));
  else for (let i = 0; from < to; i++, from++) copy[i] = bytes[from];
  return copy;
}

/** Replies, one behind the other. */
export class Replies extends Output {
  /** One that is text: a line without its end. */
  line(text: string): void {
    this.text(text);
    this.text("\r\n");
  }

  /** A whole number. */
  number(n: number | bigint): void {
    this.line(`:${n}`);
  }

  /** An error, with its kind in front. */
  error(message: string): void {
    this.line(`-${message.replaceAll(/[\r\n]/g, " ")}`);
  }

  /** A string. */
  bulk(text: string): void {
    const bytes = bytesOf(text);
    this.line(`$${bytes.length}`);
    this.add(bytes);
    this.line("");
  }

  /** The head of an array, whose elements are added next. */
  array(count: number): void {
    this.line(`*${count}`);
  }
}
