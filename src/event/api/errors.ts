// SPDX-License-Identifier: MIT
/** Why an event loop closed a connection, other than by what the network did. */

/** The peer did not read, and more was waiting for it than `maxPending`. What waited was dropped. */
export class SlowConsumerError extends Error {
  /** "SlowConsumerError". */
  override readonly name = "SlowConsumerError";
  /** "ERR_SLOW_CONSUMER". */
  readonly code = "ERR_SLOW_CONSUMER";
  /** How many bytes waited. */
  readonly pending: number;
  /** @internal */
  constructor(pending: number) {
    super(`slow consumer: ${pending} bytes wait to be sent`);
    this.pending = pending;
  }
}

/** A handler left more bytes unread than `maxUnread`. */
export class UnreadLimitError extends Error {
  /** "UnreadLimitError". */
  override readonly name = "UnreadLimitError";
  /** "ERR_UNREAD_LIMIT". */
  readonly code = "ERR_UNREAD_LIMIT";
  /** How many bytes were left. */
  readonly unread: number;
  /** @internal */
  constructor(unread: number) {
    super(`too many bytes left unread: ${unread}`);
    this.unread = unread;
  }
}

/** No byte went either way for the idle time-out. */
export class IdleTimeoutError extends Error {
  /** "IdleTimeoutError". */
  override readonly name = "IdleTimeoutError";
  /** As Node names it. */
  readonly code = "ETIMEDOUT";
  /** A time-out. */
  readonly timeout = true;
  /** @internal */
  constructor() {
    super("idle timeout");
  }
}
