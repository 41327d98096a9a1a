// SPDX-License-Identifier: MIT
/** The platform in use. */
import { platform } from "../../platforms/platform.ts";

/** The platform in use, see {@linkcode platformInfo}. */
export interface PlatformInfo {
  /** JavaScript runtime. */
  readonly runtime: "bun" | "deno";
  /** Operating system, named as in Go's GOOS. */
  readonly os: string;
  /** Poller of the operating system: "epoll", "kqueue" or "iocp". */
  readonly poller: string;
  /**
   * Whether the kernel can encrypt TLS records, for the option `kTLS` of TLS connections: Linux with
   * its `tls` module loaded, or one that may load it.
   */
  readonly kernelTLS: boolean;
}

/**
 * Returns the runtime, operating system and poller in use. Never parks.
 *
 * @throws {PlatformError} if the platform is not supported
 * @example
 * ```ts
 * const { runtime, poller } = platformInfo(); // "bun", "epoll"
 * ```
 */
export function platformInfo(): PlatformInfo {
  const { runtime, os, pollerName, kernelTLS } = platform();
  return {
    runtime: runtime.name,
    os,
    poller: pollerName,
    kernelTLS: kernelTLS?.available() ?? false,
  };
}
