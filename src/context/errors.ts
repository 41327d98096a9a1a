// SPDX-License-Identifier: MIT
/** Why a context ended: one error each, compared by identity. Go: context/context.go. */

/** The class of {@linkcode Canceled} and {@linkcode DeadlineExceeded}. */
export class ContextError extends Error {
  /** "ContextError". */
  override readonly name = "ContextError";
  /** Whether it was the time that ran out. */
  readonly timeout: boolean;
  /** Whether trying again may help. */
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
