// SPDX-License-Identifier: MIT
/** Messages in a byte stream: interface of all framings. tokio: tokio_util::codec. */
import type { Writer } from "../net/io/copy.ts";
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { BufferedReader } from "./buffered_reader.ts";
import type { BufferedReadOptions } from "./options.ts";

/** Splits a byte stream into frames, in both directions. */
export interface Framing {
  /**
   * Reads one frame. Parks.
   *
   * @param reader holds bytes that were read ahead between the calls
   * @param options a context, an AbortSignal or {@linkcode BufferedReadOptions}
   * @returns the payload, a view that is valid until the next call of the reader, or with `copy` a
   * copy; null if the stream ended between two frames
   * @throws {TooLongError} if the frame is longer than the maximum; {@linkcode UnexpectedEOFError}
   * if the stream ended within it; the errors of the source's `read`. Nothing was consumed
   */
  read(
    reader: BufferedReader,
    options?: Cancel | BufferedReadOptions,
  ): Routine<Uint8Array | null>;
  /**
   * Writes one frame in one piece. Parks as `write` of the writer.
   *
   * @param writer a {@linkcode BufferedWriter}, a connection or any other writer
   * @param payload bytes, or text that is encoded as UTF-8
   * @param cancel cancels the call
   * @returns the number of bytes written, including those around the payload
   * @throws {TooLongError} if `payload` is longer than the maximum; the errors of `write`
   */
  write(writer: Writer, payload: Uint8Array | string, cancel?: Cancel): Routine<number>;
}

/** Writes all of `pieces` without another write in between. */
export function writePieces(
  writer: Writer & Partial<Pick<Conn, "writev">>,
  pieces: readonly Uint8Array[],
  cancel: Cancel | undefined,
): Routine<number> {
  if (writer.writev !== undefined) return writer.writev(pieces, cancel);
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return writer.write(whole, cancel);
}
