// SPDX-License-Identifier: MIT
/** Selects the pair of JavaScript runtime and operating system, once per thread, at first use. */
import { os } from "./contract/host.ts";
import { darwin } from "./darwin/platform.ts";
import { freebsd } from "./freebsd/platform.ts";
import { linux } from "./linux/platform.ts";
import { windows } from "./windows/platform.ts";
import { type Platform, PlatformError } from "./contract/platform.ts";

/** The platform of this process, once opened. */
let real: Platform | undefined;

function realPlatform(): Platform {
  return real ??= open();
}

/**
 * Returns the platform. Importing the library opens nothing; the first call here does. Throws
 * PlatformError if the system is not supported or a permission is missing.
 *
 * A live binding: see {@linkcode exchangePlatform}.
 */
export let platform: () => Platform = realPlatform;

/**
 * Makes `platform` return the result of `next`, and returns the function that it replaces. Without
 * `next` it restores the platform of this process.
 *
 * Open resources stay with the platform that opened them: exchange it together with the scheduler
 * and the poller (src/sched/thread_state.ts), or before the first call.
 *
 * @internal exported for tests
 */
export function exchangePlatform(next: () => Platform = realPlatform): () => Platform {
  const before = platform;
  platform = next;
  return before;
}

function open(): Platform {
  if (os === "linux") return linux();
  if (os === "darwin") return darwin();
  if (os === "freebsd") return freebsd();
  if (os === "win32") return windows();
  throw new PlatformError(
    `Cannot run on ${os}: supported systems are Linux, macOS, FreeBSD and Windows`,
    os,
  );
}
