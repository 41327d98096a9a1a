// SPDX-License-Identifier: MIT
/** Platform interface for signals that must be noticed while the host's event loop is blocked. */

/** Caught signals of one thread: each arrives as one byte, its number, on a descriptor. */
export interface SignalStream {
  /** Non-blocking stream socket to read from. */
  readonly fd: number;
  /** Redirects `signal` from its current handler to this stream. 0 or minus an errno. */
  catch(signal: number): number;
  /** Restores the handler that `catch` replaced. */
  restore(signal: number): void;
  /** Closes both ends; every signal must have been restored. */
  close(): void;
}

/** Signals of this process. */
export interface SignalCalls {
  /**
   * Opens the thread's stream, of which only one may exist at a time. Returns minus an errno on
   * failure.
   */
  open(): SignalStream | number;
}
