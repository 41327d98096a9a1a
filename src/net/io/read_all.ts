// SPDX-License-Identifier: MIT
/** Reads to the end of a stream. Go: io.ReadAll. */
import { needMethods } from "../../validate/argument.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import { descriptorOf } from "../socket/descriptor.ts";
import type { Conn } from "../net.ts";
import type { Reader } from "./copy.ts";
import { refuseAwait } from "../../sched/misuse.ts";
import { noted } from "../../sched/calls.ts";

const FIRST_BYTES = 512;

/**
 * Reads to the end of the stream and returns all bytes. Parks. Go: `io.ReadAll`.
 *
 * Memory use grows with the data sent; for an untrusted peer, read with a limit instead.
 *
 * @param src the source
 * @param cancel a context or an AbortSignal that cancels the call
 * @returns everything that was read
 * @throws the errors of `read`; bytes read before the error are lost
 * @example
 * ```ts
 * const body = new TextDecoder().decode(yield* readAll(conn));
 * ```
 */
export function readAll(src: Reader, cancel?: Cancel): Routine<Uint8Array<ArrayBuffer>> {
  return noted("readAll", readingAll(src, cancel));
}

function* readingAll(src: Reader, cancel?: Cancel): Routine<Uint8Array<ArrayBuffer>> {
  needMethods("read all", "src", "a Reader", src, "read");
  if (descriptorOf(src)?.keepsPackets) return yield* allPackets(src as Conn, cancel);
  let bytes = new Uint8Array(new ArrayBuffer(FIRST_BYTES));
  let length = 0;
  for (;;) {
    const n = yield* src.read(length === 0 ? bytes : bytes.subarray(length), cancel);
    if (n === null) return bytes.slice(0, length);
    length += n;
    if (length === bytes.length) bytes = grown(bytes, 2 * bytes.length);
  }
}

refuseAwait(readingAll.prototype, "readAll");

/**
 * As `readAll`, packet by packet: an ordinary read would truncate a packet longer than its buffer.
 */
function* allPackets(src: Conn, cancel?: Cancel): Routine<Uint8Array<ArrayBuffer>> {
  using chunks = src.chunks();
  let bytes = new Uint8Array(new ArrayBuffer(FIRST_BYTES));
  let length = 0;
  for (let chunk; (chunk = yield* chunks.next(cancel)) !== null; length += chunk.length) {
    const needed = length + chunk.length;
    if (needed > bytes.length) bytes = grown(bytes, Math.max(needed, 2 * bytes.length));
    bytes.set(chunk, length);
  }
  return bytes.slice(0, length);
}

/** Returns a copy of `bytes` in a buffer of `size` bytes. */
function grown(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(new ArrayBuffer(size));
  larger.set(bytes);
  return larger;
}
