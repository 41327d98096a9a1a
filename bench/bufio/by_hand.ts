// SPDX-License-Identifier: MIT
// Code that programs write without a buffered reader or writer.
import type { Conn, Routine } from "../../mod.ts";

const BUFFER = 64 * 1024;
const LF = 10;
/** Number of bytes collected before a write, as in a BufferedWriter. */
const COLLECTED = 16 * 1024;

/** A readLine function over a buffer of bytes: UTF-8 sequences may be divided between reads. */
export function* countByFunction(conn: Conn): Routine<number> {
  let buf = new Uint8Array(BUFFER);
  const decoder = new TextDecoder();
  let start = 0, end = 0;
  function* readLine(): Routine<string | null> {
    for (;;) {
      const at = buf.indexOf(LF, start);
      if (at >= 0 && at < end) {
        const line = decoder.decode(buf.subarray(start, at));
        start = at + 1;
        return line;
      }
      buf.copyWithin(0, start, end);
      end -= start;
      start = 0;
      if (end === buf.length) {
        const larger = new Uint8Array(2 * end);
        larger.set(buf);
        buf = larger;
      }
      const n = yield* conn.read(buf.subarray(end));
      if (n === null) return null;
      end += n;
    }
  }
  let sum = 0;
  for (let line; (line = yield* readLine()) !== null;) sum += line.length + 1;
  return sum;
}

/** The same inlined into the loop that uses the lines. */
export function* countInline(conn: Conn): Routine<number> {
  let buf = new Uint8Array(BUFFER);
  const decoder = new TextDecoder();
  let sum = 0, end = 0;
  for (let n; (n = yield* conn.read(buf.subarray(end))) !== null;) {
    end += n;
    let start = 0;
    for (let at; (at = buf.indexOf(LF, start)) >= 0 && at < end; start = at + 1) {
      sum += decoder.decode(buf.subarray(start, at)).length + 1;
    }
    buf.copyWithin(0, start, end);
    end -= start;
    if (end < buf.length) continue;
    const larger = new Uint8Array(2 * end);
    larger.set(buf);
    buf = larger;
  }
  return sum;
}

/** Collects lines as text, and encodes them in batches. */
export function* writeCollected(conn: Conn, line: string, count: number): Routine<void> {
  const encoder = new TextEncoder();
  let text = "";
  for (let i = 0; i < count; i++) {
    text += line;
    if (text.length < COLLECTED) continue;
    yield* conn.write(encoder.encode(text));
    text = "";
  }
  yield* conn.write(encoder.encode(text));
}

/** Encodes lines one by one into a byte buffer. */
export function* writeEncoded(conn: Conn, line: string, count: number): Routine<void> {
  const encoder = new TextEncoder();
  const buf = new Uint8Array(COLLECTED);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const bytes = encoder.encode(line);
    if (used + bytes.length > buf.length) {
      yield* conn.write(buf.subarray(0, used));
      used = 0;
    }
    buf.set(bytes, used);
    used += bytes.length;
  }
  yield* conn.write(buf.subarray(0, used));
}
