// SPDX-License-Identifier: MIT
/** What a socket must know of the completion port that it belongs to, for life. */

/** See the top of this file. */
export interface CompletionPort {
  /** Its handle. */
  readonly handle: number;
  /** An operation is under way and will send a packet. */
  begun(): void;
  /** Has one of the next polls begin `receive`. */
  later(receive: DeferredReceive): void;
  /** Has `poll` report `mode` of a socket, as if a packet had come. */
  report(socket: PortEntry, mode: number): void;
}

/** What the port reports is about this. */
export interface PortEntry {
  /** The pollDesc that it is registered with, or -1. */
  readonly slot: number;
  readonly sequence: number;
}

/** A receive that was asked for. */
export interface DeferredReceive {
  /** Whom to report when it is over. */
  readonly socket: PortEntry;
  /** Begins it, if it is still wanted. Whether it is over already. */
  begin(): boolean;
}
