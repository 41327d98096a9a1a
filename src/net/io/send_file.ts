// SPDX-License-Identifier: MIT
/** Sends files over connections. Go: net/sendfile_linux.go, behind TCPConn.ReadFrom. */
import { needMethods, wrongArgument } from "../../validate/argument.ts";
import { nodeModule } from "../../../platforms/contract/host.ts";
import * as z from "../../validate/schema.ts";
import { withBytesWritten } from "../../fd/errors.ts";
import { giveBack, lend } from "../../fd/buffer_pool.ts";
import { sendFile as sendFileFD } from "../../fd/send_file.ts";
import { type TransferProgress, transferring } from "../../fd/transfer_progress.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { FD } from "../../fd/fd.ts";
import { descriptorOf, outletOf } from "../socket/descriptor.ts";
import type { Conn } from "../net.ts";
import { checkOptions } from "../../validate/options.ts";
import { refuseAwait } from "../../sched/misuse.ts";

/** Options of {@linkcode sendFile}. */
export interface SendFileOptions {
  /** Offset of the first byte to send; 0 by default. */
  offset?: number;
  /** Maximum number of bytes to send; by default, everything until the end of the file. */
  length?: number;
  /** Cancels the call: a context or an AbortSignal. */
  cancel?: Cancel;
}

const OPTIONS: z.Schema<SendFileOptions> = z.options(() => ({
  offset: z.int().nonnegative().optional(),
  length: z.int().nonnegative().optional(),
  cancel: z.custom<Cancel>().optional(),
}));

/**
 * Sends a file, or a part of it, without copying it to user space: by sendfile(2) if `conn` has its
 * own socket, or is a TLS connection with `kernelTLS`; otherwise by reads and writes. Parks while the
 * peer is slow. File reads block the thread if the data is not in the page cache.
 *
 * @param conn the destination
 * @param file a path, or a descriptor open for reading; a descriptor stays open, and its position
 * is neither used nor changed. On Windows only a path avoids the copy, and the file cannot be
 * opened for writing while it is being sent
 * @param options see {@linkcode SendFileOptions}
 * @returns the number of bytes sent; fewer than `length` if the file ended first, also if it was
 * truncated in the meantime
 * @throws {OpError} as `write`, with `bytesWritten`; the error of `node:fs` if the file cannot be
 * opened; {@linkcode TypeError} if `file` or an option is invalid; Deno's own error without its
 * read permission
 * @example
 * ```ts
 * yield* conn.write(header);
 * yield* sendFile(conn, "large.iso", { offset: 1 << 20 });
 * ```
 */
export function sendFile(
  conn: Conn,
  file: string | URL | number,
  options: SendFileOptions = {},
): Routine<number> {
  return transferring("sendFile", (progress) => sendingFile(conn, file, options, progress));
}

function* sendingFile(
  conn: Conn,
  file: string | URL | number,
  options: SendFileOptions,
  progress: TransferProgress,
): Routine<number> {
  const { offset = 0, length = Infinity, cancel } = checkOptions("send a file", OPTIONS, options);
  needMethods("send a file", "conn", "a Conn", conn, "write");
  checkFile(file);
  const path = file instanceof URL
    ? nodeModule("node:url").fileURLToPath(file)
    : typeof file === "string"
    ? file
    : null;
  const descriptor = path === null ? file as number : nodeModule("node:fs").openSync(path, "r");
  try {
    const outlet = outletOf(conn);
    const opened = { descriptor, path };
    const send = (fd: FD) => {
      const most = descriptorOf(conn) === null ? withinFile(descriptor, offset, length) : length;
      return sendFileFD(fd, opened, offset, most, progress, cancel);
    };
    const sent = outlet === null ? null : yield* outlet(send, progress, cancel);
    return sent ?? (yield* readAndWrite(conn, descriptor, offset, length, progress, cancel));
  } finally {
    if (path !== null) nodeModule("node:fs").closeSync(descriptor);
  }
}

/**
 * The part of `length` that the file has. Linux before 5.13 holds the last record of kernel TLS back
 * if sendfile(2) is to send more than that.
 */
function withinFile(descriptor: number, offset: number, length: number): number {
  const stats = nodeModule("node:fs").fstatSync(descriptor);
  return stats.isFile() ? Math.max(0, Math.min(length, stats.size - offset)) : length;
}

function checkFile(file: unknown): void {
  if (typeof file === "string" || file instanceof URL) return;
  if (typeof file !== "number") {
    throw wrongArgument("send a file", "file", "a path, a URL or a descriptor", file);
  }
  if (Number.isInteger(file) && file >= 0 && file < 2 ** 31) return;
  throw new RangeError(
    `Cannot send a file as its descriptor must be a non-negative integer: current value is ${file}`,
  );
}

function* readAndWrite(
  conn: Conn,
  file: number,
  offset: number,
  length: number,
  progress: TransferProgress,
  cancel: Cancel | undefined,
): Routine<number> {
  const buffer = lend();
  try {
    while (progress.moved < length) {
      const most = Math.min(length - progress.moved, buffer.bytes.length);
      const n = nodeModule("node:fs").readSync(
        file,
        buffer.bytes,
        0,
        most,
        offset + progress.moved,
      );
      if (n === 0) break;
      yield* progress.write(conn, buffer.first(n), cancel);
    }
  } catch (error) {
    throw withBytesWritten(error, progress.moved);
  } finally {
    giveBack(buffer);
  }
  return progress.moved;
}

refuseAwait(sendingFile.prototype, "sendFile");
