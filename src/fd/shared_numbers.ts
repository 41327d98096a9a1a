// SPDX-License-Identifier: MIT
/**
 * Descriptors that others have too, as far as the library knows: passed or received by SCM_RIGHTS,
 * copied, inherited. shutdown(2) and SO_LINGER act on what all of them share, so the close of such a
 * descriptor is a bare close(2).
 */
import { netpoll } from "../netpoll/netpoll.ts";
import { registerState } from "../sched/thread_state.ts";

/** Shared numbers that no connection or listener of this thread holds yet, or any more. */
let loose = new Set<number>();

registerState<Set<number>>("shared descriptors", {
  fresh: () => new Set(),
  save: () => loose,
  restore: (state) => loose = state,
});

/** Notes that others have `fd` too, whatever holds it here. */
export function markShared(fd: number): void {
  const holder = netpoll.holderOf(fd);
  if (holder === null) loose.add(fd);
  else holder.share?.();
}

/** Notes that others have `fd` too, which nothing holds here. */
export function noteShared(fd: number): void {
  loose.add(fd);
}

/** Returns whether others have `fd` too, and forgets it: it is held from now on, or closed. */
export function takeShared(fd: number): boolean {
  return loose.delete(fd);
}
