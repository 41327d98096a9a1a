// SPDX-License-Identifier: MIT
/** Where macOS has its C functions; their declarations are in ../bsd/symbols.ts. */
import type { LibraryNames } from "../contract/platform.ts";

/** No file of this name is on the disk: the linker has it in its shared cache. */
export const LIBRARY: LibraryNames = {
  title: "the C library",
  names: ["/usr/lib/libSystem.B.dylib"],
  paths: ["/usr/lib/libSystem.B.dylib"],
};
