// SPDX-License-Identifier: MIT
/** Bytes that each show their offset: the size of no buffer is a multiple of the period. */
import assert from "node:assert/strict";
import { type Conn, gosched, type Routine } from "../../mod.ts";

const PERIOD = 251;

/** `length` such bytes. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i % PERIOD;
  return bytes;
}

/** Fails unless `got` is `length` such bytes, from the one at `from` on. */
export function assertPattern(got: Uint8Array, length: number = got.length, from = 0): void {
  assert.equal(got.length, length);
  for (let i = 0; i < got.length; i++) {
    if (got[i] !== (from + i) % PERIOD) assert.fail(`byte ${from + i} is another`);
  }
}

/** Reads such bytes to the end of the stream, a little at a time; returns their number. */
export function* readPattern(conn: Conn, chunk: number): Routine<number> {
  const buf = new Uint8Array(chunk);
  let got = 0;
  for (let n; (n = yield* conn.read(buf)) !== null; got += n) {
    assertPattern(buf.subarray(0, n), n, got);
    yield* gosched();
  }
  return got;
}
