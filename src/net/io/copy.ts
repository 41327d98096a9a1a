// SPDX-License-Identifier: MIT
/** From a reader to a writer, by the shortest way that the two allow. Go: io.Copy, net/splice_linux.go. */
import { z } from "zod";
import { needMethods, shown } from "../../validate/argument.ts";
import { withBytesWritten } from "../../fd/errors.ts";
import { giveBack, lend } from "../../fd/buffer_pool.ts";
import { splice as spliceFDs } from "../../fd/splice.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import { descriptorOf } from "../socket/descriptor.ts";
import type { Conn } from "../net.ts";
import { checkOptions } from "../../validate/options.ts";

/** What can be read from. Go: `io.Reader`. */
export interface Reader {
  /** As {@linkcode Conn.read}. */
  read(p: Uint8Array, cancel?: Cancel): Routine<number | null>;
}

/** What can be written to. Go: `io.Writer`. */
export interface Writer {
  /** As {@linkcode Conn.write}. */
  write(p: Uint8Array, cancel?: Cancel): Routine<number>;
}

/** Settings of {@linkcode splice}. */
export interface SpliceOptions {
  /** How many bytes to move at most; to the end of the stream from the start. */
  length?: number;
  /** Ends the call early: a context, or a signal of the host. */
  cancel?: Cancel;
}

const OPTIONS: z.ZodType<SpliceOptions> = z.strictObject({
  length: z.custom<number>().optional(),
  cancel: z.custom<Cancel>().optional(),
});

/**
 * Copies from `src` to `dst` to the end of the stream. Parks. Go: `io.Copy`.
 *
 * Between two sockets the bytes stay in the kernel, as with {@linkcode splice}. Neither is closed,
 * and the end is not passed on: `dst.closeWrite()` is the caller's to call.
 *
 * @param dst where the bytes go
 * @param src where they come from
 * @param cancel ends the call early: a context, or a signal of the host
 * @returns how many bytes were copied
 * @throws what `read` and `write` throw; `bytesWritten` of the error says how much `dst` has taken
 * @example A proxy, each way to its end.
 * ```ts
 * function* oneWay(to: Conn, from: Conn) {
 *   yield* copy(to, from);
 *   to.closeWrite();
 * }
 * ```
 */
export function* copy(dst: Writer, src: Reader, cancel?: Cancel): Routine<number> {
  needMethods("copy", "the source", "a Reader", src, "read");
  needMethods("copy", "the destination", "a Writer", dst, "write");
  return yield* move(src, dst, Infinity, cancel);
}

/**
 * Moves bytes from one connection to another without copying them to this process and back: by
 * splice(2) where both have a socket of their own, else by reads and writes. Parks.
 *
 * Ends where `from` ends, or after `length` bytes. Neither is closed, and the end is not passed on,
 * as with {@linkcode copy}. Bytes that were read and not yet written when the call fails or is ended
 * are lost, as in Go.
 *
 * @param from where the bytes come from
 * @param to where they go
 * @param options see {@linkcode SpliceOptions}
 * @returns how many bytes were moved
 * @throws {OpError} of either side; its `bytesWritten` says how much `to` has taken
 * @throws {RangeError} when `length` is not a whole number of bytes; {@linkcode TypeError} when one of
 * the two is no connection
 */
export function splice(from: Conn, to: Conn, options: SpliceOptions = {}): Routine<number> {
  needMethods("splice", "the source", "a Conn", from, "read", "readable");
  needMethods("splice", "the destination", "a Conn", to, "write");
  const { length = Infinity, cancel } = checkOptions("splice", OPTIONS, options);
  if (!(length === Infinity || (Number.isSafeInteger(length) && length >= 0))) {
    throw new RangeError(
      `Cannot splice as the length must be a whole number of bytes: current value is ${
        shown(length)
      }`,
    );
  }
  return move(from, to, length, cancel);
}

function* move(
  from: Reader,
  to: Writer,
  length: number,
  cancel: Cancel | undefined,
): Routine<number> {
  const source = descriptorOf(from);
  const sink = descriptorOf(to);
  if (source !== null && sink !== null) {
    const moved = yield* spliceFDs(source, sink, length, cancel);
    if (moved !== null) return moved;
  }
  return yield* readAndWrite(from, to, length, cancel);
}

/** Holds a buffer only while there are bytes for it, if the reader can tell. */
function* readAndWrite(
  from: Reader & Partial<Pick<Conn, "readable">>,
  to: Writer,
  length: number,
  cancel: Cancel | undefined,
): Routine<number> {
  let moved = 0;
  try {
    while (moved < length) {
      if (from.readable !== undefined) yield* from.readable(cancel);
      const buffer = lend();
      try {
        const { bytes } = buffer;
        const most = Math.min(length - moved, bytes.length);
        const n = yield* from.read(most < bytes.length ? bytes.subarray(0, most) : bytes, cancel);
        if (n === null) break;
        moved += yield* to.write(buffer.first(n), cancel);
      } finally {
        giveBack(buffer);
      }
    }
  } catch (error) {
    throw withBytesWritten(error, moved);
  }
  return moved;
}
