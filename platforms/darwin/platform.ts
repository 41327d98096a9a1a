// SPDX-License-Identifier: MIT
/** The platform that ../bsd makes of the data of macOS. */
import type { Platform } from "../contract/platform.ts";
import { bsd } from "../bsd/platform.ts";
import { DARWIN } from "./system.ts";

/** Opens the C library and binds what the library needs of macOS. */
export function darwin(): Platform {
  return bsd(DARWIN);
}
