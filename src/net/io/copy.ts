// SPDX-License-Identifier: MIT
/**
 * Copies from a reader to a writer by the most direct way that both support. Go: io.Copy,
 * net/splice_linux.go.
 */
import * as z from "../../validate/schema.ts";
import { needMethods, shown } from "../../validate/argument.ts";
import { withBytesWritten } from "../../fd/errors.ts";
import { giveBack, lend } from "../../fd/buffer_pool.ts";
import { splice as spliceFDs } from "../../fd/splice.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import { descriptorOf } from "../socket/descriptor.ts";
import type { Conn } from "../net.ts";
import { checkOptions } from "../../validate/options.ts";
import { refuseAwait } from "../../sched/misuse.ts";
import { noted } from "../../sched/calls.ts";

/** Source of bytes. Go: `io.Reader`. */
export interface Reader {
  /** See {@linkcode Conn.read}. */
  read(p: Uint8Array, cancel?: Cancel): Routine<number | null>;
}

/** Destination of bytes. Go: `io.Writer`. */
export interface Writer {
  /** See {@linkcode Conn.write}. */
  write(p: Uint8Array, cancel?: Cancel): Routine<number>;
}

/** Options of {@linkcode splice}. */
export interface SpliceOptions {
  /** Maximum number of bytes to move; by default, everything until the end of the stream. */
  length?: number;
  /** Cancels the call: a context or an AbortSignal. */
  cancel?: Cancel;
}

const OPTIONS: z.Schema<SpliceOptions> = z.strictObject({
  length: z.custom<number>().optional(),
  cancel: z.custom<Cancel>().optional(),
});

/**
 * Copies from `src` to `dst` until the end of the stream. Parks. Go: `io.Copy`.
 *
 * Between two sockets the bytes stay in the kernel, as with {@linkcode splice}. Neither side is
 * closed, and the end is not forwarded; call `dst.closeWrite()` for that.
 *
 * @param dst the destination
 * @param src the source
 * @param cancel a context or an AbortSignal that cancels the call
 * @returns the number of bytes copied
 * @throws the errors of `read` and `write`; `bytesWritten` is the number of bytes that `dst`
 * accepted
 * @example A proxy that forwards the end of each direction.
 * ```ts
 * function* oneWay(to: Conn, from: Conn) {
 *   yield* copy(to, from);
 *   to.closeWrite();
 * }
 * ```
 */
export function copy(dst: Writer, src: Reader, cancel?: Cancel): Routine<number> {
  return noted("copy", copying(dst, src, cancel));
}

function* copying(dst: Writer, src: Reader, cancel?: Cancel): Routine<number> {
  needMethods("copy", "src", "a Reader", src, "read");
  needMethods("copy", "dst", "a Writer", dst, "write");
  return yield* move(src, dst, Infinity, cancel);
}

/**
 * Moves bytes from one connection to another without copying them to user space: by splice(2) if
 * both have their own socket, otherwise by reads and writes. Parks.
 *
 * It returns at the end of `from`, or after `length` bytes. Neither side is closed, and the end is
 * not forwarded, as with {@linkcode copy}. If the call fails or is cancelled, bytes that were read
 * but not yet written are lost, as in Go.
 *
 * @param from the source
 * @param to the destination
 * @param options see {@linkcode SpliceOptions}
 * @returns the number of bytes moved
 * @throws {OpError} of either side; its `bytesWritten` is the number of bytes that `to` accepted
 * @throws {RangeError} if `length` is not a non-negative integer; {@linkcode TypeError} if `from`
 * or `to` is not a connection
 * @example
 * ```ts
 * // A proxy that moves at most 1 MiB.
 * const n = yield* splice(client, server, { length: 1 << 20 });
 * ```
 */
export function splice(from: Conn, to: Conn, options: SpliceOptions = {}): Routine<number> {
  needMethods("splice", "from", "a Conn", from, "read", "readable");
  needMethods("splice", "to", "a Conn", to, "write");
  const { length = Infinity, cancel } = checkOptions("splice", OPTIONS, options);
  if (!(length === Infinity || (Number.isSafeInteger(length) && length >= 0))) {
    throw new RangeError(
      `Cannot splice as length must be a non-negative integer: current value is ${shown(length)}`,
    );
  }
  return noted("splice", move(from, to, length, cancel));
}

function* move(
  from: Reader,
  to: Writer,
  length: number,
  cancel: Cancel | undefined,
): Routine<number> {
  const source = descriptorOf(from);
  const sink = descriptorOf(to);
  if (source?.keepsPackets) return yield* copyPackets(from as Conn, to, length, cancel);
  if (source !== null && sink !== null && !sink.keepsPackets) {
    const moved = yield* spliceFDs(source, sink, length, cancel);
    if (moved !== null) return moved;
  }
  return yield* readAndWrite(from, to, length, cancel);
}

/** Packet by packet: a read would drop what its buffer has no room for. */
function* copyPackets(
  from: Conn,
  to: Writer,
  length: number,
  cancel: Cancel | undefined,
): Routine<number> {
  using chunks = from.chunks();
  let moved = 0;
  try {
    while (moved < length) {
      const packet = yield* chunks.next(cancel);
      if (packet === null) break;
      const most = Math.min(packet.length, length - moved);
      moved += yield* to.write(packet.subarray(0, most), cancel);
    }
  } catch (error) {
    throw withBytesWritten(error, moved);
  }
  return moved;
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

refuseAwait(copying.prototype, "copy");
