// SPDX-License-Identifier: MIT
/** Responses into bytes. */
import { STATUS_CODES } from "node:http";
import type { Output } from "../output.ts";
import type { Head } from "./head.ts";

/** What may not stand in a header: it would be the end of it. */
const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NO_NAME = /[^!#$%&'*+.^_`|~0-9a-z-]/i;

const NO_HEADERS: Record<string, string> = {};
const TEXT = "content-type: text/plain;charset=UTF-8\r\n";

const encoder = new TextEncoder();

/**
 * A response whose body is there as a whole. The web's own `Response` says of no body what it was made
 * of, so that it has to be read as a stream, and to make one takes longer than all the rest of the
 * answer: a handler that has a text or bytes gives this instead.
 */
export class QuickResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;

  /** Throws TypeError when a header is none. */
  constructor(
    body: string | Uint8Array,
    { status = 200, headers }: { status?: number; headers?: Record<string, string> } = NO_HEADERS,
  ) {
    this.body = body;
    this.status = status;
    this.headers = headers === undefined ? NO_HEADERS : checked(headers);
  }

  /** Whether it is a text with no headers of its own. */
  get isPlain(): boolean {
    return this.headers === NO_HEADERS && typeof this.body === "string";
  }
}

function checked(headers: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (name === "" || NO_NAME.test(name) || NO_VALUE.test(value)) {
      throw new TypeError(`Cannot answer as this is no header: current value is ${name}: ${value}`);
    }
  }
  return headers;
}

/** How a body goes out. */
export interface Framing {
  /** How many bytes it has; undefined if that is not known. */
  length: number | undefined;
  /** Whether its pieces are to be chunks. */
  chunked: boolean;
}

/** Says "nothing comes behind the head", where there is no length to tell. */
export function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** The first line of each status that was used. */
const lines: string[] = [];

function lineOf(status: number): string {
  return lines[status] ??= `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;
}

/** What we say ourselves. */
const OURS = new Set(["connection", "content-length", "date", "transfer-encoding"]);

/** The line of this second. */
let second = 0;
let date = "";
/** What the head of an answer in text begins with in this second, by its status. */
let starts: Uint8Array[] = [];

function dateLine(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = `date: ${new Date(1000 * now).toUTCString()}\r\n`;
    starts = [];
  }
  return date;
}

/** The lines of the head of an answer in text that says nothing of its own. */
function startOf(status: number): Uint8Array {
  const date = dateLine();
  return starts[status] ??= encoder.encode(`${lineOf(status)}${TEXT}${date}`);
}

/** The header that says whether the connection is used again; null where that is understood. */
function connectionOf(head: Head | null, close: boolean): string | null {
  if (close) return "close";
  return head?.minor === 0 ? "keep-alive" : null;
}

/** Adds the head of a response to the request with that `head`; `close`: the last of the connection. */
export function addHead(
  output: Output,
  response: Response | QuickResponse,
  { length, chunked }: Framing,
  head: Head | null,
  close: boolean,
): void {
  const { status } = response;
  const quick = response instanceof QuickResponse;
  if (quick && response.isPlain) output.add(startOf(status));
  else {
    output.text(lineOf(status));
    if (quick) addQuickHeaders(output, response);
    else response.headers.forEach((value, name) => addHeader(output, name, value));
    output.text(dateLine());
  }
  if (chunked) output.text("transfer-encoding: chunked\r\n");
  else if (length !== undefined && !hasNoBody(status)) {
    output.text("content-length: ");
    output.decimal(length);
    output.text("\r\n");
  }
  const connection = connectionOf(head, close);
  if (connection !== null) output.text(`connection: ${connection}\r\n`);
  output.text("\r\n");
}

/** As the web does it, a text says so if nothing else was said. */
function addQuickHeaders(output: Output, { headers, body }: QuickResponse): void {
  let typed = typeof body !== "string";
  for (const name in headers) {
    const small = name.toLowerCase();
    typed ||= small === "content-type";
    addHeader(output, small, headers[name]);
  }
  if (!typed) output.text(TEXT);
}

function addHeader(output: Output, name: string, value: string): void {
  if (OURS.has(name)) return;
  output.text(name);
  output.text(": ");
  output.latin1(value);
  output.text("\r\n");
}

/** Adds a response whose body is there as a whole. The rest as of {@linkcode addHead}. */
export function addQuick(
  output: Output,
  response: QuickResponse,
  head: Head | null,
  close: boolean,
): void {
  const body = typeof response.body === "string" ? encode(response.body) : response.body;
  addHead(output, response, { length: body.length, chunked: false }, head, close);
  if (!head?.isHead && !hasNoBody(response.status)) output.add(body);
}

let encoded = { text: "", bytes: new Uint8Array(0) };

/** The same answer is often given again at once. */
function encode(text: string): Uint8Array {
  if (text !== encoded.text) encoded = { text, bytes: encoder.encode(text) };
  return encoded.bytes;
}

/** Adds a piece of a body. */
export function addPiece(output: Output, piece: Uint8Array, { chunked }: Framing): void {
  if (piece.length === 0) return; // An empty chunk would be the end.
  if (chunked) output.text(`${piece.length.toString(16)}\r\n`);
  output.add(piece);
  if (chunked) output.text("\r\n");
}

/** Adds what ends a body. */
export function addEnd(output: Output, { chunked }: Framing): void {
  if (chunked) output.text("0\r\n\r\n");
}
