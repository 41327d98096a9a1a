// SPDX-License-Identifier: MIT
/** Reading until a buffer is full. Go: io.ReadFull. */
import { UnexpectedEOFError } from "../../fd/errors.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { Conn } from "../net.ts";
import { refuseAwait } from "../../sched/misuse.ts";

/** See {@linkcode Conn.readFull}. */
export function* readFull(
  conn: Pick<Conn, "read">,
  p: Uint8Array,
  cancel?: Cancel,
): Routine<number | null> {
  let filled = 0;
  try {
    do {
      const n = yield* conn.read(filled === 0 ? p : p.subarray(filled), cancel);
      if (n === null) {
        if (filled === 0) return null;
        throw new UnexpectedEOFError(filled);
      }
      filled += n;
    } while (filled < p.length);
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { bytesRead: filled }) : error;
  }
  return filled;
}

refuseAwait(readFull.prototype, "conn.readFull");
