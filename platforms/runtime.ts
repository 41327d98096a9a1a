// SPDX-License-Identifier: MIT
/** Picks the pair (JavaScript runtime, operating system), once per thread, at its first use. */
import { platform as os } from "node:process";
import { linux } from "./linux/platform.ts";
import { type Platform, PlatformError } from "./types.ts";

let picked: Platform | undefined;

/**
 * The platform underneath. Importing the library opens nothing; the first call here does.
 * Throws PlatformError where the system is not supported or a permission is missing.
 */
export function platform(): Platform {
  return picked ??= open();
}

function open(): Platform {
  if (os === "linux") return linux();
  throw new PlatformError(`Cannot run on ${os}: there is no poller for it yet`, os);
}
