// SPDX-License-Identifier: MIT
/** Location of macOS's C library; the declarations are in ../bsd/symbols.ts. */
import type { LibraryNames } from "../contract/platform.ts";

/** There is no file of this name on disk: the linker finds it in its shared cache. */
export const LIBRARY: LibraryNames = {
  title: "the C library",
  names: ["/usr/lib/libSystem.B.dylib"],
  paths: ["/usr/lib/libSystem.B.dylib"],
};
