// SPDX-License-Identifier: MIT
/** Errors for which an event loop closes a connection, other than network errors. */

/**
 * The peer did not read, and more than `maxPending` bytes were waiting to be sent. They were
 * dropped.
 */
export class SlowConsumerError extends Error {
  /** "SlowConsumerError". */
  override readonly name = "SlowConsumerError";
  /** "ERR_SLOW_CONSUMER". */
  readonly code = "ERR_SLOW_CONSUMER";
  /** Number of bytes waiting. */
  readonly pending: number;
  /** @internal */
  constructor(pending: number) {
    super(`slow consumer: ${pending} bytes waiting to be sent`);
    this.pending = pending;
  }
}

/** A handler left more than `maxUnread` bytes unread. */
export class UnreadLimitError extends Error {
  /** "UnreadLimitError". */
  override readonly name = "UnreadLimitError";
  /** "ERR_UNREAD_LIMIT". */
  readonly code = "ERR_UNREAD_LIMIT";
  /** Number of bytes left. */
  readonly unread: number;
  /** @internal */
  constructor(unread: number) {
    super(`too many unread bytes: ${unread}`);
    this.unread = unread;
  }
}

/** No byte was transferred in either direction within the idle timeout. */
export class IdleTimeoutError extends Error {
  /** "IdleTimeoutError". */
  override readonly name = "IdleTimeoutError";
  /** Error code, as in Node. */
  readonly code = "ETIMEDOUT";
  /** A timeout. */
  readonly timeout = true;
  /** @internal */
  constructor() {
    super("idle timeout");
  }
}
