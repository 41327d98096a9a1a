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
import { type TransferProgress, transferring } from "../../fd/transfer_progress.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { FD } from "../../fd/fd.ts";
import { descriptorOf, outletOf } from "../socket/descriptor.ts";
import type { Conn } from "../net.ts";
import { checkOptions } from "../../validate/options.ts";
import { refuseAwait } from "../../sched/misuse.ts";

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

/** Options of {@linkcode copy}. */
export interface CopyOptions {
  /** Cancels the call: a context or an AbortSignal. */
  cancel?: Cancel;
  /**
   * Called when the destination has accepted bytes; see {@linkcode withIdleTimeout}. An error that
   * it throws ends the call.
   *
   * @param bytes their number since the last call
   */
  onProgress?: (bytes: number) => void;
}

/** Options of {@linkcode splice}. */
export interface SpliceOptions extends CopyOptions {
  /** Maximum number of bytes to move; by default, everything until the end of the stream. */
  length?: number;
}

/** Called when bytes have been moved. */
type OnProgress = (bytes: number) => void;

const copyShape = () => ({
  cancel: z.custom<Cancel>().optional(),
  onProgress: z.custom<OnProgress>((f) => typeof f === "function", "must be a function").optional(),
});

const COPY_OPTIONS: z.Schema<CopyOptions> = z.options(copyShape);

const OPTIONS: z.Schema<SpliceOptions> = z.options(() => ({
  length: z.custom<number>().optional(),
  ...copyShape(),
}));

/**
 * Copies from `src` to `dst` until the end of the stream. Parks. Go: `io.Copy`.
 *
 * From a socket to a socket, or to a TLS connection with `kernelTLS`, the bytes stay in the kernel,
 * as with {@linkcode splice}. Neither side is closed, and the end is not forwarded; call
 * `dst.closeWrite()` for that.
 *
 * @param dst the destination
 * @param src the source
 * @param options a context or an AbortSignal that cancels the call, or {@linkcode CopyOptions}
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
export function copy(
  dst: Writer,
  src: Reader,
  options?: Cancel | CopyOptions,
): Routine<number> {
  return transferring("copy", (progress) => copying(dst, src, options, progress));
}

function* copying(
  dst: Writer,
  src: Reader,
  options: Cancel | CopyOptions | undefined,
  progress: TransferProgress,
): Routine<number> {
  needMethods("copy", "src", "a Reader", src, "read");
  needMethods("copy", "dst", "a Writer", dst, "write");
  const plain = isPlain(options) ? options : { cancel: options as Cancel | undefined };
  return yield* move(src, dst, Infinity, checkOptions("copy", COPY_OPTIONS, plain), progress);
}

/** Reports whether `value` is an object of options, and not a context or a mistake for one. */
function isPlain(value: unknown): value is CopyOptions {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * Moves bytes from one connection to another without copying them to user space: by splice(2) if
 * both have their own socket, or `to` is a TLS connection with `kernelTLS`; otherwise by reads and
 * writes. Parks.
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
  const { length = Infinity, ...limits } = checkOptions("splice", OPTIONS, options);
  if (!(length === Infinity || (Number.isSafeInteger(length) && length >= 0))) {
    throw new RangeError(
      `Cannot splice as length must be a non-negative integer: current value is ${shown(length)}`,
    );
  }
  return transferring("splice", (progress) => move(from, to, length, limits, progress));
}

function* move(
  from: Reader,
  to: Writer,
  length: number,
  options: CopyOptions,
  progress: TransferProgress,
): Routine<number> {
  for (;;) {
    const source = descriptorOf(from);
    if (source?.keepsPackets) {
      return yield* copyPackets(from as Conn, to, length, options, progress);
    }
    const moved = yield* inKernel(source, to, length, options, progress);
    if (moved !== null) return moved;
    if (yield* readAndWrite(from, to, length, options, progress, source === null)) {
      return progress.moved;
    }
  }
}

/** Moves the bytes by splice(2); null, with nothing done, if these two cannot. */
function* inKernel(
  source: FD | null,
  to: Writer,
  length: number,
  { cancel, onProgress }: CopyOptions,
  progress: TransferProgress,
): Routine<number | null> {
  const outlet = source === null || descriptorOf(to)?.keepsPackets ? null : outletOf(to);
  if (source === null || outlet === null) return null;
  return yield* outlet(
    (fd) => spliceFDs(source, fd, length, progress, cancel, onProgress),
    progress,
    cancel,
  );
}

/** Copies packet by packet: an ordinary read would truncate a packet longer than its buffer. */
function* copyPackets(
  from: Conn,
  to: Writer,
  length: number,
  options: CopyOptions,
  progress: TransferProgress,
): Routine<number> {
  using chunks = from.chunks();
  const { cancel, onProgress } = options;
  try {
    while (progress.moved < length) {
      const packet = yield* chunks.next(cancel);
      if (packet === null) break;
      const most = Math.min(packet.length, length - progress.moved);
      const n = yield* progress.write(to, packet.subarray(0, most), cancel);
      onProgress?.(n);
    }
  } catch (error) {
    throw withBytesWritten(error, progress.moved);
  }
  return progress.moved;
}

/**
 * Copies by reads and writes. Returns true when that is over, or false, if `maySwitch`, as soon as
 * `from` has a descriptor: a connection with bytes in front of those in the kernel has none before.
 * Holds a buffer only while there is data, if the reader can report readiness.
 */
function* readAndWrite(
  from: Reader & Partial<Pick<Conn, "readable">>,
  to: Writer,
  length: number,
  options: CopyOptions,
  progress: TransferProgress,
  maySwitch: boolean,
): Routine<boolean> {
  const { cancel, onProgress } = options;
  try {
    while (progress.moved < length) {
      if (maySwitch && descriptorOf(from) !== null) return false;
      if (from.readable !== undefined) yield* from.readable(cancel);
      const buffer = lend();
      try {
        const { bytes } = buffer;
        const most = Math.min(length - progress.moved, bytes.length);
        const n = yield* from.read(most < bytes.length ? bytes.subarray(0, most) : bytes, cancel);
        if (n === null) break;
        yield* progress.write(to, buffer.first(n), cancel);
        onProgress?.(n);
      } finally {
        giveBack(buffer);
      }
    }
  } catch (error) {
    throw withBytesWritten(error, progress.moved);
  }
  return true;
}

refuseAwait(copying.prototype, "copy");
