// SPDX-License-Identifier: MIT
/** A connection as handlers see it. Go: evio, type Conn; gnet, type Conn. */
import type { Addr } from "../../net/addr/addr.ts";
import type { Deadline } from "../../net/deadline.ts";

/**
 * Connection of an event loop. Its methods may be called from anywhere on the thread: its own
 * handlers, other handlers, goroutines, callbacks of the host. None of them parks.
 *
 * @typeParam C the type of `context`
 */
export interface EventConn<C = unknown> {
  /** User data: undefined until you set it, typically in `opened`. */
  context: C;
  /**
   * Index of the server's address that the connection arrived on; -1 for an outgoing connection.
   */
  readonly addrIndex: number;
  /** Index of its loop. */
  readonly loop: number;
  /** Local address. */
  readonly localAddr: Addr;
  /** Remote address. */
  readonly remoteAddr: Addr;
  /** Descriptor, or -1 once closed. It remains owned by the connection. */
  readonly fd: number;
  /** True if nothing can be written any more: the connection is closed or closing. */
  readonly closing: boolean;
  /**
   * Time of the last byte in either direction, in milliseconds of `performance.now()`, accurate to
   * one turn of the scheduler.
   */
  readonly lastActive: number;
  /** Number of received bytes that were not consumed. */
  readonly buffered: number;
  /** Number of bytes waiting to be sent. */
  readonly pending: number;
  /**
   * Returns the next `n` bytes, or all of them, without consuming them; null if there are fewer.
   * They are valid until the handler returns.
   */
  peek(n?: number): Uint8Array | null;
  /** Like `peek`, and consumes the bytes. */
  next(n?: number): Uint8Array | null;
  /** Consumes `n` bytes, or all of them. Returns the number of bytes consumed. */
  discard(n?: number): number;
  /**
   * Sends a copy of `bytes`, in the order of the calls: at the end of the loop's turn, together
   * with everything else written in that turn. gnet: AsyncWrite.
   *
   * @param written called when the bytes have been passed to the kernel, or with the reason why
   * they never will be
   * @returns false if no more should be written: above the high-water mark, until `drained` is
   * called, or when the connection is closed
   * @throws {TypeError} if `bytes` is not a Uint8Array
   */
  write(bytes: Uint8Array, written?: Written): boolean;
  /** Makes the loop call `data`, with an empty input if no bytes are unread. */
  wake(): void;
  /** Stops reading; flow control in the kernel then stops the peer. */
  pause(): void;
  /** Resumes reading. */
  resume(): void;
  /**
   * Closes the connection once everything has been sent, and within `closeTimeout`. A second close
   * does nothing.
   */
  close(): void;
  /**
   * Closes the connection at once and resets it: unsent data, and data that the peer has not read,
   * is lost.
   */
  abort(): void;
  /**
   * Removes the connection from its loop once everything has been sent, however long the peer
   * takes; see `detached`. Only an idle timeout, a deadline or the end of the server cuts it short.
   */
  detach(): void;
  /** Closes the connection at a given time, as for `Conn.setDeadline`; null for never. */
  setDeadline(at: Deadline): void;
  /**
   * Sets the idle timeout: closes the connection if no byte is transferred in either direction for
   * `ms` milliseconds; 0 disables it.
   */
  setIdleTimeout(ms: number): void;
}

/** Called when bytes have been passed to the kernel, or with the reason why they never will be. */
export type Written = (error: Error | null) => void;
