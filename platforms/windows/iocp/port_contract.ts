// SPDX-License-Identifier: MIT
/** Interface of the completion port to its sockets. */

/** See the top of this file. */
export interface CompletionPort {
  /** Its handle. */
  readonly handle: number;
  /** Records that an operation has started and will queue a packet. */
  begun(): void;
  /** Defers the start of `receive` to one of the next polls. */
  later(receive: DeferredReceive): void;
  /** Makes `poll` report `mode` of a socket, as if a packet had arrived. */
  report(socket: PortEntry, mode: number): void;
}

/** A socket that the port reports about. */
export interface PortEntry {
  /** Slot of its pollDesc, or -1. */
  readonly slot: number;
  readonly sequence: number;
}

/** A requested receive. */
export interface DeferredReceive {
  /** Socket to report when it has completed. */
  readonly socket: PortEntry;
  /** Starts it, if it is still wanted. Returns whether it has already completed. */
  begin(): boolean;
}
