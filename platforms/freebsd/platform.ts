// SPDX-License-Identifier: MIT
/** The platform that ../bsd makes of the data of FreeBSD. */
import type { Platform } from "../contract/platform.ts";
import { bsd } from "../bsd/platform.ts";
import { FREEBSD } from "./system.ts";

/** Opens the C library and binds what the library needs of FreeBSD. */
export function freebsd(): Platform {
  return bsd(FREEBSD);
}
