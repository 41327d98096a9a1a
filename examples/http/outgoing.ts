// SPDX-License-Identifier: MIT
/** Responses into bytes. */
import { STATUS_CODES } from "node:http";
import type { Output } from "../output.ts";

/** What a body may be that is there as a whole. */
type Whole = string | Uint8Array<ArrayBuffer> | null;

/**
 * A `Response` whose body is there as a whole, and known. The body of any other comes out of a
 * stream, for the web lets nobody ask what a response was made of.
 */
export class QuickResponse extends Response {
  readonly whole: Whole;
  /** The headers that it was made with, unless somebody may have changed them. */
  quickHeaders: Record<string, string> | null;

  constructor(
    whole: Whole,
    init: { status?: number; headers?: Record<string, string> } = NO_INIT,
  ) {
    super(whole, init);
    this.whole = whole;
    this.quickHeaders = init.headers ?? NO_HEADERS;
  }

  override get headers(): Headers {
    this.quickHeaders = null;
    return super.headers;
  }
}

const NO_INIT = {};
const NO_HEADERS = {};

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

function dateLine(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = `date: ${new Date(1000 * now).toUTCString()}\r\n`;
  }
  return date;
}

/** Adds the head of a response. `connection` is the value of that header, or null. */
export function addHead(
  output: Output,
  response: Response,
  { length, chunked }: Framing,
  connection: string | null,
): void {
  const { status } = response;
  output.text(lineOf(status));
  const quick = response instanceof QuickResponse ? response.quickHeaders : null;
  if (quick === null) response.headers.forEach((value, name) => addHeader(output, name, value));
  else {
    for (const name in quick) addHeader(output, name.toLowerCase(), quick[name]);
    if (typeof (response as QuickResponse).whole === "string" && !hasType(quick)) {
      output.text("content-type: text/plain;charset=UTF-8\r\n");
    }
  }
  output.text(dateLine());
  if (chunked) output.text("transfer-encoding: chunked\r\n");
  else if (length !== undefined && !hasNoBody(status)) {
    output.text("content-length: ");
    output.text(String(length));
    output.text("\r\n");
  }
  if (connection !== null) output.text(`connection: ${connection}\r\n`);
  output.text("\r\n");
}

function hasType(headers: Record<string, string>): boolean {
  for (const name in headers) if (name.toLowerCase() === "content-type") return true;
  return false;
}

function addHeader(output: Output, name: string, value: string): void {
  if (OURS.has(name)) return;
  output.text(name);
  output.text(": ");
  output.text(value);
  output.text("\r\n");
}

/** Adds a response whose body is known as a whole. `head`: without its body. */
export function addQuick(
  output: Output,
  response: QuickResponse,
  head: boolean,
  connection: string | null,
): void {
  const body = typeof response.whole === "string" ? encode(response.whole) : response.whole;
  addHead(output, response, { length: body?.length ?? 0, chunked: false }, connection);
  if (body !== null && !head && !hasNoBody(response.status)) output.add(body);
}

const encoder = new TextEncoder();
let encoded: { text: string; bytes: Uint8Array } = { text: "", bytes: new Uint8Array(0) };

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
