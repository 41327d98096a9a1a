// SPDX-License-Identifier: MIT
/**
 * As much of HTTP/1.1 as shows how a protocol is read from pieces: keep-alive, pipelining, bodies
 * with a length. No chunks, no continuation, no limits but one: it is an example of its caller.
 */

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;

/** Longest head of a request. */
const LONGEST_HEAD = 16 * 1024;

const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

/** A request that is whole. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly keepAlive: boolean;
  readonly body: Uint8Array;
  /** How many bytes it took. */
  readonly length: number;
}

/** The first request in `input`; null if there is more to come; undefined if it will never be one. */
export function parseRequest(input: Uint8Array): Request | null | undefined {
  const end = endOfHead(input);
  if (end < 0) return input.length > LONGEST_HEAD ? undefined : null;
  const methodEnd = input.indexOf(SPACE);
  const pathEnd = input.indexOf(SPACE, methodEnd + 1);
  if (methodEnd < 1 || pathEnd < 0 || pathEnd > end) return undefined;
  const head = decoder.decode(input.subarray(pathEnd, end + 2)).toLowerCase();
  const size = Number(/\r\ncontent-length: *([0-9]+) *\r\n/.exec(head)?.[1] ?? 0);
  const length = end + 4 + size;
  if (input.length < length) return null;
  return {
    method: decoder.decode(input.subarray(0, methodEnd)),
    path: decoder.decode(input.subarray(methodEnd + 1, pathEnd)),
    keepAlive: !head.includes("\r\nconnection: close") && !head.startsWith(" http/1.0"),
    body: input.subarray(end + 4, length),
    length,
  };
}

/** The index of the empty line's first byte, the end of the line before included; -1 if there is none. */
function endOfHead(input: Uint8Array): number {
  for (let at = input.indexOf(CR); at >= 0; at = input.indexOf(CR, at + 1)) {
    if (input[at + 1] === LF && input[at + 2] === CR && input[at + 3] === LF) return at;
  }
  return -1;
}

/** A response, whole. */
export function response(status: string, body: string): Uint8Array {
  const bytes = encoder.encode(body);
  const head =
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  return encoder.encode(head + body);
}
