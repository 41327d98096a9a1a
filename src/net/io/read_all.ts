// SPDX-License-Identifier: MIT
/** Reading to the end. Go: io.ReadAll. */
import { needMethods } from "../../validate/argument.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { Reader } from "./copy.ts";

const FIRST_BYTES = 512;

/**
 * Reads to the end of the stream and gives all that came. Parks. Go: `io.ReadAll`.
 *
 * Memory grows with what the peer sends: of a peer that is not trusted read with a bound instead.
 *
 * @param src what is read
 * @param cancel ends the call early: a context, or a signal of the host
 * @throws what `read` throws; what had come until then is lost
 */
export function* readAll(src: Reader, cancel?: Cancel): Routine<Uint8Array<ArrayBuffer>> {
  needMethods("read all", "the source", "a Reader", src, "read");
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
