// SPDX-License-Identifier: MIT
/**
 * Why a context was cancelled: one error instance each, compared by identity. Go:
 * context/context.go.
 */

/** Class of {@linkcode Canceled} and {@linkcode DeadlineExceeded}. */
export class ContextError extends Error {
  /** "ContextError". */
  override readonly name = "ContextError";
  /** True for an exceeded deadline. */
  readonly timeout: boolean;
  /** Whether a retry may succeed. */
  readonly temporary: boolean;

  /** @internal */
  constructor(message: string, timeout: boolean) {
    super(message);
    this.timeout = this.temporary = timeout;
    // It is shared: nobody may write into it what is true of one place only.
    Object.freeze(this);
  }
}

/** The context was cancelled. Go: `context.Canceled`. */
export const Canceled: ContextError = new ContextError("context canceled", false);
/** The context's deadline has passed. Go: `context.DeadlineExceeded`. */
export const DeadlineExceeded: ContextError = new ContextError("context deadline exceeded", true);
