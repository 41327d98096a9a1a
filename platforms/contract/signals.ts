// SPDX-License-Identifier: MIT
/** The seam for signals that must be noticed while the host's event loop stands still. */

/** The caught signals of one thread: each arrives as one byte, its number, at a descriptor. */
export interface SignalStream {
  /** Non-blocking stream socket to read from. */
  readonly fd: number;
  /** Directs `signal` here instead of to its present handler. 0 or minus an errno. */
  catch(signal: number): number;
  /** Puts the handler back that `catch` replaced. */
  restore(signal: number): void;
  /** Closes both ends; every signal must have been restored. */
  close(): void;
}

/** The signals of this process. */
export interface SignalCalls {
  /** Opens the thread's stream, of which there is one at a time, or returns minus an errno. */
  open(): SignalStream | number;
}
