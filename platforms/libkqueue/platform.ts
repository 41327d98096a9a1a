// SPDX-License-Identifier: MIT
/**
 * Linux with the kqueue adapter over libkqueue, for tests alone: NETPOLL_POLLER=kqueue and the path
 * of the library in NETPOLL_LIBKQUEUE. See docs/pollers.md for what libkqueue lacks; the files
 * beside this one make up for it.
 */
import { KEVENT as DARWINS } from "../darwin/structs.ts";
import type { KeventLayout } from "../bsd/kevent.ts";
import { breaker } from "../bsd/kqueue.ts";
import { KqueuePoller } from "../bsd/poller.ts";
import { KqueueRawPoller } from "../bsd/raw_poller.ts";
import { jsRuntime } from "../shared/js_runtime.ts";
import { type Platform, PlatformError } from "../contract/platform.ts";
import { errnoText } from "../linux/errno.ts";
import { libc } from "../linux/libc.ts";
import { LibkqueueCalls } from "./calls.ts";
import { TakenErrors } from "./so_error.ts";
import { linux } from "../linux/platform.ts";

/** `struct kevent` of libkqueue's own header: macOS's, with FreeBSD's number for EVFILT_USER. */
const KEVENT: KeventLayout = { words: DARWINS.words, EVFILT_USER: -11, NOTE_OOB: 0 };

/** Linux with kqueues for pollers. */
export function overLibkqueue(): Platform {
  const path = jsRuntime().variable("NETPOLL_LIBKQUEUE");
  if (!path) {
    throw new PlatformError(
      "Cannot open libkqueue: NETPOLL_LIBKQUEUE must be the path of the library",
      "NETPOLL_LIBKQUEUE",
    );
  }
  const own = libc();
  const taken = new TakenErrors(own);
  const calls = new LibkqueueCalls(own, path, taken);
  return {
    ...linux(taken.libc()),
    pollerName: "kqueue",
    registerName: "kevent",
    openPoller: () => new KqueuePoller(calls, KEVENT, errnoText),
    openRawPoller: () => new KqueueRawPoller(calls, KEVENT, errnoText),
    wakeDescriptor: breaker(calls, KEVENT),
  };
}
