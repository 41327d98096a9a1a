// SPDX-License-Identifier: MIT
/** Sockets as cases of a `select`, which Go cannot. See src/chan/retry_case.ts. */
import { NOTHING } from "../../chan/outcome.ts";
import { type Retried, RetryCase } from "../../chan/retry_case.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { FD } from "../../fd/fd.ts";
import type { PollMode } from "../../netpoll/poll_state.ts";

/** What waits at the descriptor itself. */
function watching(fd: FD, mode: PollMode): Pick<Retried<unknown>, "watch" | "unwatch"> {
  return {
    watch: (waiter) => fd.pd!.watch(mode, waiter),
    unwatch: (waiter) => fd.pd!.unwatch(mode, waiter),
  };
}

/** Returns the case that happens when a call in `mode` would not have to wait; it takes nothing. */
export function readyCase(fd: FD, mode: PollMode): SelectCase<{ value: undefined; ok: true }> {
  return new RetryCase<undefined>({
    ...watching(fd, mode),
    attempt: () => fd.ready(mode) ? undefined : NOTHING,
    describe: () => `${mode} of ${fd.describe()}`,
  });
}

/** Returns the case that happens when there is a connection, which `adopt` makes of its number. */
export function acceptCase<C>(
  fd: FD,
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
