// SPDX-License-Identifier: MIT
/**
 * The two ways in which a call ends early, each with one shape wherever it comes from: canceled,
 * and deadline exceeded. Go: context/context.go, Canceled and DeadlineExceeded;
 * os.ErrDeadlineExceeded; net/net.go, errCanceled and timeoutError.
 *
 * An error of a connection wraps one of the two as its `cause` and has the same `code` and
 * `timeout`.
 */

/** Thrown when a context or a signal cancels a call. Its text is that of Go's net.errCanceled. */
export class CanceledError extends Error {
  /** "CanceledError". */
  override readonly name = "CanceledError";
  /** Error code, as in Node. */
  readonly code = "ABORT_ERR";
  /** Not a timeout. */
  readonly timeout = false;
  /** A retry does not help. */
  readonly temporary = false;

  /** @internal */
  constructor(message = "operation was canceled", options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * A deadline has passed: that of a connection, of a context, or the timeout of a call.
 * Go: `os.ErrDeadlineExceeded`, `context.DeadlineExceeded`.
 */
export class DeadlineExceededError extends Error {
  /** "DeadlineExceededError". */
  override readonly name = "DeadlineExceededError";
  /** As Node names it. */
  readonly code = "ETIMEDOUT";
  /** A timeout. */
  readonly timeout = true;
  /** With a later deadline the call may be tried again. */
  readonly temporary = true;

  /** @internal */
  constructor(message = "i/o timeout", options?: ErrorOptions) {
    super(message, options);
  }
}

/** Why a context ended: {@linkcode Canceled} or {@linkcode DeadlineExceeded}. */
export type ContextError = CanceledError | DeadlineExceededError;

/**
 * Makes `error` one that is compared by identity: frozen, as it is shared, and without the stack of
 * the place that made it, which says nothing of the place where a context ended.
 */
function sentinel<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}`;
  return Object.freeze(error);
}

/**
 * The `err` of a context that was canceled. There is one, compared by identity; it has no stack.
 * Go: `context.Canceled`.
 */
export const Canceled: CanceledError = sentinel(new CanceledError("context canceled"));

/**
 * The `err` of a context whose deadline has passed. There is one, compared by identity; it has no
 * stack. Go: `context.DeadlineExceeded`.
 */
export const DeadlineExceeded: DeadlineExceededError = sentinel(
  new DeadlineExceededError("context deadline exceeded"),
);

/** Fields that tell what an error means. */
interface Verdict {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly timeout?: unknown;
}

/**
 * Reports whether `error` says that a call was canceled: by its context, by its signal, or as the
 * host's own functions say it ("AbortError"). False for a deadline, see {@linkcode isTimeout}.
 * Never parks. Go: `errors.Is(err, context.Canceled)`.
 *
 * @param error what was thrown; anything may be
 * @example
 * ```ts
 * try {
 *   yield* conn.read(buf, ctx);
 * } catch (error) {
 *   if (!isCanceled(error)) throw error;
 * }
 * ```
 */
export function isCanceled(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, code } = error as Verdict;
  return code === "ABORT_ERR" || name === "AbortError";
}

/**
 * Reports whether `error` says that it took too long: a deadline of a connection or a context, the
 * timeout of a call, a system that gave up waiting, or the host's own "TimeoutError". Never parks.
 * Go: `errors.Is(err, os.ErrDeadlineExceeded)`, `net.Error` Timeout.
 *
 * @param error what was thrown; anything may be
 * @example
 * ```ts
 * conn.setReadDeadline(Date.now() + 5_000);
 * try {
 *   yield* conn.read(buf);
 * } catch (error) {
 *   if (isTimeout(error)) console.log("silent for five seconds");
 *   else throw error;
 * }
 * ```
 */
export function isTimeout(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, code, timeout } = error as Verdict;
  return timeout === true || code === "ETIMEDOUT" || name === "TimeoutError";
}
