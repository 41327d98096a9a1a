// SPDX-License-Identifier: MIT
/** What the library stands on here. */
import { platform } from "../../platforms/platform.ts";

/** See {@linkcode platformInfo}. */
export interface PlatformInfo {
  /** The JavaScript runtime. */
  readonly runtime: "bun" | "deno";
  /** The operating system, as Go's GOOS names it. */
  readonly os: string;
  /** How it is asked what is ready: "epoll", "kqueue", "iocp". */
  readonly poller: string;
}

/**
 * What the library stands on here. Never parks.
 *
 * @throws {PlatformError} where the library cannot run
 * @example
 * ```ts
 * const { runtime, poller } = platformInfo(); // "bun", "epoll"
 * ```
 */
export function platformInfo(): PlatformInfo {
  const { runtime, os, pollerName } = platform();
  return { runtime: runtime.name, os, poller: pollerName };
}
