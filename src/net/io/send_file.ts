// SPDX-License-Identifier: MIT
/** Files to connections. Go: net/sendfile_linux.go, behind TCPConn.ReadFrom. */
import { needMethods, wrongArgument } from "../../validate/argument.ts";
import { closeSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { withBytesWritten } from "../../fd/errors.ts";
import { giveBack, lend } from "../../fd/buffer_pool.ts";
import { sendFile as sendFileFD } from "../../fd/send_file.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import { descriptorOf } from "../socket/descriptor.ts";
import type { Conn } from "../net.ts";
import { checkOptions } from "../../validate/options.ts";

/** Settings of {@linkcode sendFile}. */
export interface SendFileOptions {
  /** The first byte that is sent; 0 from the start. */
  offset?: number;
  /** How many bytes are sent at most; to the end of the file from the start. */
  length?: number;
  /** Ends the call early: a context, or a signal of the host. */
  cancel?: Cancel;
}

const OPTIONS: z.ZodType<SendFileOptions> = z.strictObject({
  offset: z.int().nonnegative().optional(),
  length: z.int().nonnegative().optional(),
  cancel: z.custom<Cancel>().optional(),
});

/**
 * Sends a file, or a part of it, without copying it to this process: by sendfile(2) where `conn` has
 * a socket of its own, else by reads and writes. Parks while the peer is slow; like every file that
 * is read, one that is not in memory yet keeps the thread until the disk has given it.
 *
 * @param conn where it goes
 * @param file a path, or the number of a descriptor that is open for reading; that one stays open,
 * and its position is neither used nor changed. On Windows only a path saves the copy, and while the
 * file is sent nobody can open it for writing
 * @param options see {@linkcode SendFileOptions}
 * @returns how many bytes were sent: fewer than `length` if the file ended before, also because it
 * was made shorter meanwhile
 * @throws {OpError} as `write`, with `bytesWritten`; the error of `node:fs` when the file cannot be
 * opened; {@linkcode TypeError} when an option or `file` is wrong; Deno's own error without its
 * permission to read
 * @example
 * ```ts
 * yield* conn.write(head);
 * yield* sendFile(conn, "large.iso", { offset: 1 << 20 });
 * ```
 */
export function* sendFile(
  conn: Conn,
  file: string | URL | number,
  options: SendFileOptions = {},
): Routine<number> {
  const { offset = 0, length = Infinity, cancel } = checkOptions("send a file", OPTIONS, options);
  needMethods("send a file", "the destination", "a Conn", conn, "write");
  checkFile(file);
  const path = file instanceof URL ? fileURLToPath(file) : typeof file === "string" ? file : null;
  const descriptor = path === null ? file as number : openSync(path, "r");
  try {
    const fd = descriptorOf(conn);
    const opened = { descriptor, path };
    const sent = fd === null ? null : yield* sendFileFD(fd, opened, offset, length, cancel);
    return sent ?? (yield* readAndWrite(conn, descriptor, offset, length, cancel));
  } finally {
    if (path !== null) closeSync(descriptor);
  }
}

function checkFile(file: unknown): void {
  if (typeof file === "string" || file instanceof URL) return;
  if (typeof file !== "number") {
    throw wrongArgument("send a file", "it", "a path, a URL or a descriptor", file);
  }
  if (Number.isInteger(file) && file >= 0 && file < 2 ** 31) return;
  throw new RangeError(
    `Cannot send a file as its descriptor must be a whole number: current value is ${file}`,
  );
}

function* readAndWrite(
  conn: Conn,
  file: number,
  offset: number,
  length: number,
  cancel: Cancel | undefined,
): Routine<number> {
  const buffer = lend();
  let sent = 0;
  try {
    while (sent < length) {
      const most = Math.min(length - sent, buffer.bytes.length);
      const n = readSync(file, buffer.bytes, 0, most, offset + sent);
      if (n === 0) break;
      sent += yield* conn.write(buffer.first(n), cancel);
    }
  } catch (error) {
    throw withBytesWritten(error, sent);
  } finally {
    giveBack(buffer);
  }
  return sent;
}
