// SPDX-License-Identifier: MIT
/** Errors of a reactor. */

/**
 * Thrown when every worker has died and none is restarted. `cause` is what ended the last one, if
 * known.
 */
export class NoWorkersError extends Error {
  /** "NoWorkersError". */
  override readonly name = "NoWorkersError";
  /** Error code. */
  readonly code = "ERR_NO_WORKERS";
  /** @internal */
  constructor(cause: unknown) {
    super("reactor: all workers have died", cause === null ? {} : { cause });
  }
}
