// SPDX-License-Identifier: MIT
/**
 * A store of strings behind the Redis protocol: bytes in, bytes out, whoever brings them. Values are
 * kept as they came on the wire, so that to answer with one is to copy it.
 */

const CR = 0x0d;
const LF = 0x0a;
const STAR = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;
const NINE = 0x39;

/** Longest command: what is longer is an attack. */
const LONGEST = 64 << 20;

const encoder = new TextEncoder();
const OK = encoder.encode("+OK\r\n");
const PONG = encoder.encode("+PONG\r\n");
const NIL = encoder.encode("$-1\r\n");

/** The client does not speak the protocol. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** The names of commands have at most six letters: five bits each make a number that tells them apart. */
function codeOf(name: string): number {
  return [...name].reduce((code, letter) => code * 32 + (letter.charCodeAt(0) & 31), 0);
}

const [PING, GET, SET, DEL, INCR, ECHO] = ["PING", "GET", "SET", "DEL", "INCR", "ECHO"].map(codeOf);

/** See the top of this file. */
export class RespStore {
  readonly #values = new Map<string, Uint8Array>();
  #replies = new Uint8Array(64 * 1024);
  #length = 0;
  #input: Uint8Array = this.#replies;
  /** Where the arguments of a command begin and end; those of the last are behind. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #count = 0;

  /** What the last `execute` answers; good until the next one. */
  get replies(): Uint8Array {
    return this.#replies.subarray(0, this.#length);
  }

  /** Does the commands that are whole. Gives how many bytes those took. Throws ProtocolError. */
  execute(input: Uint8Array): number {
    this.#input = input;
    this.#length = 0;
    let done = 0;
    for (let next; done < input.length && (next = this.#read(done)) > 0; done = next) this.#do();
    return done;
  }

  /** Reads a command. Gives where the next one begins, or 0 if there is more to come. */
  #read(from: number): number {
    const input = this.#input;
    if (input[from] !== STAR) throw new ProtocolError("ERR Protocol error: expected '*'");
    let at = this.#readNumber(from + 1);
    this.#count = 0;
    if (at === 0) return 0;
    const count = this.#number;
    for (let i = 0; i < count; i++) {
      if (at >= input.length) return 0;
      if (input[at] !== DOLLAR) throw new ProtocolError("ERR Protocol error: expected '$'");
      at = this.#readNumber(at + 1);
      if (at === 0 || at + this.#number + 2 > input.length) return 0;
      this.#starts[i] = at;
      at += this.#number;
      this.#ends[i] = at;
      at += 2;
    }
    this.#count = count;
    return at;
  }

  #number = 0;

  /** Reads a number and its line's end. Gives what is behind them, or 0 if there is more to come. */
  #readNumber(from: number): number {
    const input = this.#input;
    let number = 0;
    for (let at = from; at < input.length; at++) {
      const digit = input[at];
      if (digit >= ZERO && digit <= NINE) number = number * 10 + digit - ZERO;
      else if (digit === CR && at > from) {
        this.#number = number;
        if (number > LONGEST) throw new ProtocolError("ERR Protocol error: invalid length");
        return at + 1 < input.length ? at + 2 : 0;
      } else throw new ProtocolError("ERR Protocol error: expected a number");
    }
    return 0;
  }

  #do(): void {
    switch (this.#count === 0 ? 0 : this.#code()) {
      case GET:
        if (this.#takes(2)) this.#reply(this.#values.get(this.#text(1)) ?? NIL);
        break;
      case SET:
        if (this.#takes(3)) {
          this.#values.set(this.#text(1), this.#frame(2));
          this.#reply(OK);
        }
        break;
      case DEL:
        if (this.#takes(2)) this.#replyNumber(Number(this.#values.delete(this.#text(1))));
        break;
      case INCR:
        if (this.#takes(2)) this.#increment(this.#text(1));
        break;
      case PING:
        this.#reply(PONG);
        break;
      case ECHO:
        if (this.#takes(2)) this.#reply(this.#frame(1));
        break;
      default:
        this.#reply(encoder.encode("-ERR unknown command\r\n"));
    }
  }

  #code(): number {
    let code = 0;
    for (let at = this.#starts[0]; at < this.#ends[0]; at++) {
      code = code * 32 + (this.#input[at] & 31);
    }
    return code;
  }

  #takes(count: number): boolean {
    if (this.#count === count) return true;
    this.#reply(encoder.encode("-ERR wrong number of arguments\r\n"));
    return false;
  }

  #increment(key: string): void {
    const frame = this.#values.get(key);
    const text = frame === undefined ? "0" : new TextDecoder().decode(frame).split("\r\n")[1];
    const value = Number(text) + 1;
    if (!Number.isSafeInteger(value)) {
      return this.#reply(encoder.encode("-ERR value is not an integer or out of range\r\n"));
    }
    this.#values.set(key, encoder.encode(`$${String(value).length}\r\n${value}\r\n`));
    this.#replyNumber(value);
  }

  /** An argument as text: one character a byte. */
  #text(i: number): string {
    let text = "";
    for (let at = this.#starts[i]; at < this.#ends[i]; at++) {
      text += String.fromCharCode(this.#input[at]);
    }
    return text;
  }

  /** A copy of an argument as it came, its length and its line's end included. */
  #frame(i: number): Uint8Array {
    let from = this.#starts[i];
    while (this.#input[from] !== DOLLAR || this.#input[from - 1] !== LF) from--;
    return this.#input.slice(from, this.#ends[i] + 2);
  }

  #replyNumber(value: number): void {
    this.#reply(encoder.encode(`:${value}\r\n`));
  }

  #reply(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#replies.length) this.#grow(bytes.length);
    this.#replies.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #grow(more: number): void {
    const grown = new Uint8Array(2 * this.#replies.length + more);
    grown.set(this.#replies.subarray(0, this.#length));
    this.#replies = grown;
  }
}
