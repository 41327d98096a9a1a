// SPDX-License-Identifier: MIT
/**
 * Linux with the kqueue adapter over libkqueue, for tests alone: NETPOLL_POLLER=kqueue and the path
 * of the library in NETPOLL_LIBKQUEUE. See docs/pollers.md for what libkqueue lacks; the files
 * beside this one make up for it.
 */
import { KEVENT as DARWINS } from "../../../platforms/darwin/structs.ts";
import type { KeventLayout } from "../../../platforms/bsd/kevent.ts";
import { breaker } from "../../../platforms/bsd/kqueue.ts";
import { KqueuePoller } from "../../../platforms/bsd/poller.ts";
import { KqueueRawPoller } from "../../../platforms/bsd/raw_poller.ts";
import { jsRuntime } from "../../../platforms/shared/js_runtime.ts";
import { type Platform, PlatformError } from "../../../platforms/contract/platform.ts";
import { errnoText } from "../../../platforms/linux/errno.ts";
import { libc } from "../../../platforms/linux/libc.ts";
import { LibkqueueCalls } from "./calls.ts";
import { TakenErrors } from "./so_error.ts";
import { linux } from "../../../platforms/linux/platform.ts";

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
