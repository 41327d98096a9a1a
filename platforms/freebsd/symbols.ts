// SPDX-License-Identifier: MIT
/** Location of FreeBSD's C library; the declarations are in ../bsd/symbols.ts. */
import type { LibraryNames } from "../contract/platform.ts";

/** The C library, whose `kevent` uses the structure of FreeBSD 12 and later. */
export const LIBRARY: LibraryNames = {
  title: "the C library",
  names: ["libc.so.7"],
  paths: ["/lib/libc.so.7"],
};
