// SPDX-License-Identifier: MIT
/** The error of a dial whose attempts are all used up. */

/** How an attempt failed. */
export interface FailedAttempt {
  /** The address that was dialed, "host:port". */
  readonly address: string;
  /** The error of the attempt, usually an {@linkcode OpError}. */
  readonly error: unknown;
}

/** Verdicts of the cause. */
interface Verdict {
  readonly timeout?: boolean;
  readonly code?: string;
}

/**
 * Thrown by {@linkcode retryDial} when no attempt connected. `cause` is the error of the last attempt,
 * or what ended the call: a {@linkcode DeadlineExceededError} or a {@linkcode CanceledError}, which
 * {@linkcode isTimeout} and {@linkcode isCanceled} recognize here too.
 */
export class RetryError extends Error {
  /** "RetryError". */
  override readonly name = "RetryError";
  /** See {@linkcode RetryError}. */
  declare readonly cause: Error;
  /** Number of attempts that were made. */
  readonly attempts: number;
  /** The last error of each address that was tried, in the order of the addresses. */
  readonly failures: readonly FailedAttempt[];

  /** @internal */
  constructor(cause: Error, attempts: number, failures: readonly FailedAttempt[]) {
    super(
      `no connection after ${attempts} ${
        attempts === 1 ? "attempt" : "attempts"
      }: ${cause.message}`,
      {
        cause,
      },
    );
    this.attempts = attempts;
    this.failures = failures;
  }

  /** True if the call, or the last attempt, took too long. */
  get timeout(): boolean {
    return (this.cause as Verdict).timeout ?? false;
  }

  /** Code of the cause, such as "ECONNREFUSED"; "" if it has none. */
  get code(): string {
    return (this.cause as Verdict).code ?? "";
  }
}
