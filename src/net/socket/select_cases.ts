// SPDX-License-Identifier: MIT
/** Sockets as cases of `select`, which Go does not support. See src/chan/retry_case.ts. */
import { NOTHING } from "../../chan/outcome.ts";
import { type Retried, RetryCase } from "../../chan/retry_case.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { FD } from "../../fd/fd.ts";
import type { PollMode } from "../../netpoll/poll_state.ts";

/** Waiting at the descriptor itself. */
function watching(fd: FD, mode: PollMode): Pick<Retried<unknown>, "watch" | "unwatch"> {
  return {
    watch: (waiter) => fd.pd!.watch(mode, waiter),
    unwatch: (waiter) => fd.pd!.unwatch(mode, waiter),
  };
}

/**
 * Returns a case that is ready when a call in `mode` would not have to wait; it consumes nothing.
 */
export function readyCase(fd: FD, mode: PollMode): SelectCase<{ value: undefined; ok: true }> {
  return new RetryCase<undefined>({
    ...watching(fd, mode),
    attempt: () => fd.ready(mode) ? undefined : NOTHING,
    describe: () => `${mode} of ${fd.describe()}`,
  });
}

/** Returns a case that is ready when there is a connection; `adopt` converts its descriptor. */
export function acceptCase<C>(
  fd: FD & { tryAccept(): number | null },
  adopt: (sysfd: number) => C,
): SelectCase<{ value: C; ok: true }> {
  return new RetryCase<C>({
    ...watching(fd, "read"),
    attempt: () => {
      const sysfd = fd.tryAccept();
      return sysfd === null ? NOTHING : adopt(sysfd);
    },
    describe: () => `accept of ${fd.describe()}`,
  });
}
