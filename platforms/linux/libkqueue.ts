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
import { jsRuntime } from "../js_runtime.ts";
import { type Platform, PlatformError } from "../types.ts";
import { libc } from "./libc.ts";
import { LibkqueueCalls } from "./libkqueue_calls.ts";
import { SocketsOverLibkqueue, type TakenErrors } from "./libkqueue_errors.ts";

/** `struct kevent` of libkqueue's own header: macOS's, with FreeBSD's number for EVFILT_USER. */
const KEVENT: KeventLayout = { words: DARWINS.words, EVFILT_USER: -11 };

/** `base` with kqueues for pollers. */
export function overLibkqueue(base: Platform): Platform {
  const path = jsRuntime().variable("NETPOLL_LIBKQUEUE");
  if (!path) {
    throw new PlatformError(
      "Cannot open libkqueue: NETPOLL_LIBKQUEUE must be the path of the library",
      "NETPOLL_LIBKQUEUE",
    );
  }
  const taken: TakenErrors = new Map();
  const calls = new LibkqueueCalls(libc(), path, taken);
  return {
    ...base,
    pollerName: "kqueue",
    registerName: "kevent",
    sockets: new SocketsOverLibkqueue(libc(), taken),
    openPoller: () => new KqueuePoller(calls, KEVENT, base.errnoText),
    openRawPoller: () => new KqueueRawPoller(calls, KEVENT, base.errnoText),
    wakeDescriptor: breaker(calls, KEVENT),
  };
}
