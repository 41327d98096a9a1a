// SPDX-License-Identifier: MIT
/** The errors of the raw poller that no system call reports. */

/** The poller was closed, before the call or under it. */
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
