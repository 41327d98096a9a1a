// SPDX-License-Identifier: MIT
/**
 * HTTP/1.1 requests out of bytes. The parser is Node's own, llhttp, in the build for WebAssembly that
 * undici brings. There is one instance a thread with one area for input; what is to last beyond a
 * call is copied out of it.
 */
import { createRequire } from "node:module";
import { latin1 } from "../latin1.ts";
import { HttpError } from "./error.ts";

/** What the module of the parser exports, as far as we call it. */
interface Exports {
  memory: WebAssembly.Memory;
  malloc(size: number): number;
  free(at: number): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, at: number, length: number): number;
  llhttp_resume(parser: number): void;
  llhttp_resume_after_upgrade(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
}

const REQUEST = 1;
const PAUSED = 21;
const PAUSED_UPGRADE = 22;

/** What a span of the head is. */
const TARGET = 0;
const NAME = 1;
const VALUE = 2;

/** Longest head of a request: its line and its headers. */
const LONGEST_HEAD = 16 * 1024;

/** The parser that is in a call: callbacks are for it. */
let current: RequestParser;

const wasm = instantiate();
let capacity = 64 * 1024;
let area = wasm.malloc(capacity);
let memory = new Uint8Array(wasm.memory.buffer);
/** Whose input is in the area. */
let loaded: RequestParser | null = null;

function instantiate(): Exports {
  const require = createRequire(import.meta.url);
  const module = new WebAssembly.Module(require("undici/lib/llhttp/llhttp_simd-wasm.js"));
  const span = (kind: number) => (_parser: number, at: number, length: number) =>
    current.onSpan(kind, at, length);
  const env = {
    wasm_on_message_begin: () => 0,
    wasm_on_status: () => 0,
    wasm_on_url: span(TARGET),
    wasm_on_header_field: span(NAME),
    wasm_on_header_value: span(VALUE),
    wasm_on_headers_complete: (_parser: number, _status: number, _upgrade: number, keep: number) =>
      current.onHead(keep !== 0),
    wasm_on_body: (_parser: number, at: number, length: number) => current.onBody(at, length),
    wasm_on_message_complete: () => current.onEnd(),
  };
  return new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
}

/** Sees to it that so many bytes fit into the area. */
function reserve(length: number): void {
  if (length <= capacity) return;
  wasm.free(area);
  capacity = 2 * length;
  area = wasm.malloc(capacity);
  lookAgain();
}

/** When something is allocated the memory may grow, and then it is another buffer. */
function lookAgain(): void {
  if (memory.buffer !== wasm.memory.buffer) memory = new Uint8Array(wasm.memory.buffer);
}

/** The line of a request and its headers. */
export class Head {
  /** Whether the connection may be used again after this request. */
  readonly keepAlive: boolean;
  /** x of HTTP/1.x. */
  readonly minor: number;
  readonly #text: string;
  /** Where in the text they begin and end: the target, then name and value of each header. */
  readonly #spans: number[];

  constructor(text: string, spans: number[], minor: number, keepAlive: boolean) {
    this.#text = text;
    this.#spans = spans;
    this.minor = minor;
    this.keepAlive = keepAlive;
  }

  get method(): string {
    return this.#text.slice(0, this.#spans[0] - 1).trimStart();
  }

  /** Whether only the head of the answer is asked for. */
  get isHead(): boolean {
    return this.#text.startsWith("HEAD ", this.#spans[0] - 5);
  }

  /** What is asked for, as it came: mostly a path. */
  get target(): string {
    return this.#text.slice(this.#spans[0], this.#spans[1]);
  }

  /** Names and values. */
  *headers(): Generator<[string, string]> {
    const spans = this.#spans;
    for (let i = 2; i < spans.length; i += 4) yield [this.#part(i), this.#part(i + 2)];
  }

  /** The value of a header by its name in small letters; of several, the first. */
  header(name: string): string | undefined {
    const at = this.#find(name, 2);
    return at < 0 ? undefined : this.#part(at + 2);
  }

  /** Whether a header is there exactly once. */
  once(name: string): boolean {
    const at = this.#find(name, 2);
    return at >= 0 && this.#find(name, at + 4) < 0;
  }

  /** Where the spans of a header are, from `from` on; -1 if there is none. */
  #find(name: string, from: number): number {
    const spans = this.#spans;
    for (let i = from; i < spans.length; i += 4) {
      if (spans[i + 1] - spans[i] === name.length && this.#stands(name, spans[i])) return i;
    }
    return -1;
  }

  /** Whether small letters stand there, great or small. No string is made for that. */
  #stands(letters: string, at: number): boolean {
    const text = this.#text;
    for (let i = 0; i < letters.length; i++) {
      if ((text.charCodeAt(at + i) | 0x20) !== letters.charCodeAt(i)) return false;
    }
    return true;
  }

  #part(i: number): string {
    return this.#text.slice(this.#spans[i], this.#spans[i + 1]);
  }
}

/** The requests of one connection, one after the other. */
export class RequestParser implements Disposable {
  /** The request's head, once it is whole. */
  head: Head | null = null;
  /** What has come of its body and was not taken. */
  body: Uint8Array[] = [];
  /** Whether all of the request has come. */
  complete = false;
  readonly #parser = wasm.llhttp_alloc(REQUEST);
  #input: Uint8Array = NOTHING;
  /** How much of the input is parsed. */
  #at = 0;
  #text = "";
  #spans: number[] = [];
  /** What the last span was. */
  #kind = TARGET;
  /** What is to be added to an index of the memory for one of the text. */
  #shift = 0;

  constructor() {
    lookAgain();
  }

  /** Whether all input is parsed. */
  get empty(): boolean {
    return this.#at === this.#input.length;
  }

  /** Whether a request has begun, and not ended. */
  get begun(): boolean {
    return this.#text !== "" || (this.head !== null && !this.complete);
  }

  /** Takes input, when what it had is parsed. It must stay as it is until that is parsed, or `own` is called. */
  load(input: Uint8Array): void {
    this.#input = input;
    this.#at = 0;
    loaded = null;
  }

  /** Makes what is not parsed its own. */
  own(): void {
    this.#input = this.empty ? NOTHING : this.#input.slice(this.#at);
    this.#at = 0;
    loaded = null;
  }

  /** Begins with the next request. */
  next(): void {
    this.head = null;
    this.body = [];
    this.complete = false;
    this.#text = "";
    this.#spans = [];
    this.#kind = TARGET;
  }

  /** Goes on to the end of the request, or of the input. Throws HttpError. */
  parse(): void {
    if (loaded !== this) this.#copyIn();
    const from = area + this.#at;
    current = this;
    this.#shift = this.#text.length - from;
    const result = wasm.llhttp_execute(this.#parser, from, this.#input.length - this.#at);
    this.#at = result === 0 ? this.#input.length : this.#pause(result);
    if (this.head === null) this.#decode(area + this.#at);
  }

  [Symbol.dispose](): void {
    if (loaded === this) loaded = null;
    wasm.llhttp_free(this.#parser);
  }

  /** Called by the parser: a part of the head, or a part of a part. */
  onSpan(kind: number, at: number, length: number): number {
    // What comes behind the body is not looked at.
    if (this.head !== null) return 0;
    const spans = this.#spans;
    const start = at + this.#shift;
    const goesOn = kind === this.#kind && spans.length > 0;
    if (goesOn && spans[spans.length - 1] === start) spans[spans.length - 1] += length;
    else if (goesOn && kind === VALUE) return -1; // A folded line, which RFC 9112 lets us refuse.
    else {
      if (goesOn) spans.push(start, start); // A header without a value.
      spans.push(start, start + length);
    }
    this.#kind = kind;
    return 0;
  }

  /** Called by the parser. */
  onHead(keepAlive: boolean): number {
    const spans = this.#spans;
    if (this.#kind === NAME) spans.push(0, 0);
    this.#decode(spans[spans.length - 1] - this.#shift);
    const minor = wasm.llhttp_get_http_minor(this.#parser);
    this.head = new Head(this.#text, spans, minor, keepAlive);
    return 0;
  }

  /** Called by the parser. */
  onBody(at: number, length: number): number {
    this.body.push(memory.slice(at, at + length));
    return 0;
  }

  /** Called by the parser. */
  onEnd(): number {
    this.complete = true;
    return PAUSED;
  }

  #copyIn(): void {
    reserve(this.#input.length);
    memory.set(this.#input, area);
    loaded = this;
  }

  /** It has paused, or failed. Gives where it is in the input. */
  #pause(result: number): number {
    const at = wasm.llhttp_get_error_pos(this.#parser) - area;
    if (result === PAUSED) wasm.llhttp_resume(this.#parser);
    else if (result !== PAUSED_UPGRADE) throw new HttpError(400, "That is no request");
    // We know no other protocol: what was asked for is answered in this one.
    else wasm.llhttp_resume_after_upgrade(this.#parser);
    return at;
  }

  /** Has the text go on to `to` in the memory. */
  #decode(to: number): void {
    const from = this.#text.length - this.#shift;
    if (to > from) this.#text += latin1(memory, from, to);
    if (this.#text.length > LONGEST_HEAD) throw new HttpError(431, "That is too long a head");
  }
}

const NOTHING = new Uint8Array(0);
