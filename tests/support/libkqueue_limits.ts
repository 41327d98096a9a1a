// SPDX-License-Identifier: MIT
/**
 * What libkqueue 2.3.1 lacks of a kqueue. tests/platforms/libkqueue_limits_test.ts has a small program
 * for each; a test that cannot run for one of them names it.
 */
import { platform } from "../../platforms/platform.ts";

/** What it lacks, and what that means here. */
export const LIMITS = {
  "two filters of a descriptor": "the second EV_ADD of a descriptor fails, whatever its filter: " +
    "writing is watched under a duplicate, so that a connection costs two descriptors",
  "EV_ERROR": "a change that fails has neither EV_ERROR nor its own errno: changes are made one " +
    "by one, and receipts written by the adapter for libkqueue",
  "EV_ADD of what is there": "what is registered cannot be added again, also when its number was " +
    "closed and given out anew: it is deleted first",
  "the socket's error": "it reads SO_ERROR for fflags, which clears it: it is kept, and given to " +
    "the next call on the socket",
  "a kqueue that can be polled":
    "its number is that of a pipe, which is never readable: the epoll " +
    "behind it is polled",
  "a close that closes": "a thread of its own closes the epoll and the rest some time after the " +
    "kqueue: it is waited for",
  "urgent data": "nothing tells of it, and it has no NOTE_OOB; kqueue_urgent_test.ts has what a " +
    "kqueue tells",
  "anonymous descriptors": "a timer, an inotify, an epoll have no type that fstat(2) tells, and " +
    "are refused",
} as const;

/** Options of a test that cannot run over libkqueue for one of its limits. */
export function lacking(limit: keyof typeof LIMITS): { skip?: string } {
  const { os, pollerName } = platform();
  return os === "linux" && pollerName === "kqueue" ? { skip: `libkqueue lacks ${limit}` } : {};
}
