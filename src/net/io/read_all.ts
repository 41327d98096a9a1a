// SPDX-License-Identifier: MIT
/** Reads to the end of a stream. Go: io.ReadAll. */
import { needMethods } from "../../validate/argument.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { Reader } from "./copy.ts";
import { refuseAwait } from "../../sched/misuse.ts";

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
export function* readAll(src: Reader, cancel?: Cancel): Routine<Uint8Array<ArrayBuffer>> {
  needMethods("read all", "src", "a Reader", src, "read");
  let bytes = new Uint8Array(new ArrayBuffer(FIRST_BYTES));
  let length = 0;
  for (;;) {
    const n = yield* src.read(length === 0 ? bytes : bytes.subarray(length), cancel);
    if (n === null) return bytes.slice(0, length);
    length += n;
    if (length < bytes.length) continue;
    const larger = new Uint8Array(new ArrayBuffer(2 * bytes.length));
    larger.set(bytes);
    bytes = larger;
  }
}

refuseAwait(readAll.prototype, "readAll");
