// SPDX-License-Identifier: MIT
/** Errors of the raw poller that are not system call errors. */

/** Thrown when the poller is closed, before or during the call. */
export class PollerClosedError extends Error {
  /** "PollerClosedError". */
  override readonly name = "PollerClosedError";
  /** "ERR_POLLER_CLOSED". */
  readonly code = "ERR_POLLER_CLOSED";
  /** @internal */
  constructor() {
    super("use of closed poller");
  }
}
