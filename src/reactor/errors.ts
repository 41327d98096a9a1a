// SPDX-License-Identifier: MIT
/** Why a reactor serves no more, where nobody shut it down. */

/**
 * Every worker has died, and none is started again. The `cause` is what ended the last, if anything
 * told.
 */
export class NoWorkersError extends Error {
  /** "NoWorkersError". */
  override readonly name = "NoWorkersError";
  /** For callers that tell errors by their codes. */
  readonly code = "ERR_NO_WORKERS";
  /** @internal */
  constructor(cause: unknown) {
    super("reactor: no worker is left", cause === null ? {} : { cause });
  }
}
