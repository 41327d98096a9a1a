// SPDX-License-Identifier: MIT
/** Error of a write after the end of the local side, or to a peer that is gone. */

/** Like a socket's error, with the code "EPIPE". */
export class BrokenPipeError extends Error {
  /** Error code, as in Node. */
  readonly code = "EPIPE";
  /** Not a timeout. */
  readonly timeout = false;
  /** A retry cannot succeed. */
  readonly temporary = false;
  constructor() {
    super("broken pipe");
  }
}
