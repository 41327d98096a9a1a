// SPDX-License-Identifier: MIT
/** The error of a write behind the end of one's own side, or to a peer that is gone. */

/** See the top of this file. As of a socket: "EPIPE". */
export class BrokenPipeError extends Error {
  /** As Node names it. */
  readonly code = "EPIPE";
  /** Not a time-out. */
  readonly timeout = false;
  /** Trying again does not help. */
  readonly temporary = false;
  constructor() {
    super("broken pipe");
  }
}
