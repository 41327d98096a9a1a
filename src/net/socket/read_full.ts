// SPDX-License-Identifier: MIT
/** Reads until a buffer is full. Go: io.ReadFull. */
import { UnexpectedEOFError } from "../../fd/errors.ts";
import { checkBytes, lengthOf, takenAway, viewOf } from "../../fd/check_bytes.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { Conn } from "../net.ts";
import { withProgress } from "../../sched/progress.ts";
import { refuseAwait } from "../../sched/misuse.ts";

/** See {@linkcode Conn.readFull}. */
export function readFull(
  conn: Pick<Conn, "read">,
  p: Uint8Array,
  cancel?: Cancel,
): Routine<number | null> {
  const progress = { bytesRead: 0 };
  return withProgress(fill(conn, p, cancel, progress), () => progress);
}

function* fill(
  conn: Pick<Conn, "read">,
  p: Uint8Array,
  cancel: Cancel | undefined,
  progress: { bytesRead: number },
): Routine<number | null> {
  const length = checkBytes("read", p);
  try {
    do {
      const filled = progress.bytesRead;
      const n = yield* conn.read(filled === 0 ? p : rest(p, filled, length), cancel);
      if (n === null) {
        if (filled === 0) return null;
        throw new UnexpectedEOFError(filled);
      }
      progress.bytesRead += n;
    } while (progress.bytesRead < length);
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, progress) : error;
  }
  return progress.bytesRead;
}

refuseAwait(fill.prototype, "conn.readFull");

/**
 * Returns the unfilled rest of `p`. Throws TypeError if its memory was detached in the meantime.
 */
function rest(p: Uint8Array, filled: number, length: number): Uint8Array {
  if (lengthOf(p) < length) throw takenAway("read");
  return viewOf(p, filled, length);
}
