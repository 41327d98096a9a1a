// SPDX-License-Identifier: MIT
/** What a handler sees of a connection. Go: evio, type Conn; gnet, type Conn. */
import type { Addr } from "../../net/addr/addr.ts";
import type { Deadline } from "../../net/deadline.ts";

/**
 * A connection of an event loop. Its methods may be called from anywhere on the thread: from its own
 * handlers, from those of others, from goroutines, from callbacks of the host. None of them parks.
 *
 * @typeParam C what `context` is
 */
export interface EventConn<C = unknown> {
  /** Yours: undefined until you set it, most likely in `opened`. */
  context: C;
  /** Which of the server's addresses it came to; -1 if it was dialled. */
  readonly addrIndex: number;
  /** The number of its loop. */
  readonly loop: number;
  /** This end. */
  readonly localAddr: Addr;
  /** The other end. */
  readonly remoteAddr: Addr;
  /** The descriptor's number, or -1 when it is closed. It stays the connection's own. */
  readonly fd: number;
  /** Whether nothing can be written any more: it was closed, or is about to be. */
  readonly closing: boolean;
  /** When the last byte went in either direction, in milliseconds of `performance.now()`, to within a turn. */
  readonly lastActive: number;
  /** How many bytes have come that were not taken. */
  readonly buffered: number;
  /** How many bytes wait to be sent. */
  readonly pending: number;
  /**
   * The next `n` bytes without taking them, or all that are there; null if there are fewer. They are
   * lent: yours until the handler returns.
   */
  peek(n?: number): Uint8Array | null;
  /** As `peek`, and takes them. */
  next(n?: number): Uint8Array | null;
  /** Takes `n` bytes, or all that are there. Gives how many there were. */
  discard(n?: number): number;
  /**
   * Has a copy of `bytes` sent, in the order of the calls: at the end of the loop's turn, together
   * with whatever else is written meanwhile. gnet: AsyncWrite.
   *
   * @param written told when the bytes have been handed to the kernel, or why they never will be
   * @returns whether more may be written: false above the high mark, where `drained` tells when to
   * go on, and when the connection is closed
   * @throws {TypeError} when `bytes` is not a Uint8Array
   */
  write(bytes: Uint8Array, written?: Written): boolean;
  /** Has `data` called, with an empty input if nothing is unread. */
  wake(): void;
  /** Stops reading; what comes stays in the kernel, whose flow control stops the peer. */
  pause(): void;
  /** Goes on reading. */
  resume(): void;
  /** Closes it when everything has been sent. */
  close(): void;
  /** Closes it at once and resets it: what waits to be sent, and what the peer has not read, is lost. */
  abort(): void;
  /** Takes it out of its loop when everything has been sent; see `detached`. */
  detach(): void;
  /** Closes it at a certain time. `at` as of `Conn.setDeadline`; null for never. */
  setDeadline(at: Deadline): void;
  /** Closes it when no byte has gone either way for so many milliseconds; 0 for never. */
  setIdleTimeout(ms: number): void;
}

/** Called when bytes have been handed to the kernel, or with the reason why they never will be. */
export type Written = (error: Error | null) => void;
