// SPDX-License-Identifier: MIT
/**
 * Descriptors that other processes or owners share, as far as the library knows: passed or received
 * by SCM_RIGHTS, duplicated, inherited. shutdown(2) and SO_LINGER act on the shared socket, so
 * closing such a descriptor is a plain close(2).
 */
import { netpoll } from "../netpoll/netpoll.ts";
import { registerState } from "../sched/thread_state.ts";

/** Shared descriptors that have no connection or listener on this thread. */
let loose = new Set<number>();

registerState<Set<number>>("shared descriptors", {
  fresh: () => new Set(),
  save: () => loose,
  restore: (state) => loose = state,
});

/** Marks `fd` as shared, whatever owns it here. */
export function markShared(fd: number): void {
  const holder = netpoll.holderOf(fd);
  if (holder === null) loose.add(fd);
  else holder.share?.();
}

/** Marks `fd` as shared, which has no owner here. */
export function noteShared(fd: number): void {
  loose.add(fd);
}

/** Returns whether `fd` is shared, and forgets it: from now on it has an owner, or is closed. */
export function takeShared(fd: number): boolean {
  return loose.delete(fd);
}
