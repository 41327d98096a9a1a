// SPDX-License-Identifier: MIT
/** The C library, opened once per thread at its first use. */
import { jsRuntime } from "../shared/js_runtime.ts";
import type { Library } from "../contract/platform.ts";
import { LIBC, SYMBOLS } from "./symbols.ts";
import { withBareCalls } from "./syscalls.ts";

/** The C library of this thread. */
export interface Libc {
  readonly symbols: Library<typeof SYMBOLS>;
  /** The name under which it was found. */
  readonly path: string;
  /** This thread's errno; to be read before anything else is called or allocated. */
  readonly errno: () => number;
  /** See {@linkcode JsRuntime.addressReader}. */
  readonly addressOf: (view: ArrayBufferView) => number;
}

let opened: Libc | undefined;

/** Opens the C library. Throws PlatformError where that is not permitted or not possible. */
export function libc(): Libc {
  if (opened) return opened;
  const runtime = jsRuntime();
  const { symbols, path } = runtime.dlopen(LIBC, SYMBOLS);
  const errno = runtime.errnoReader(symbols.__errno_location(), path);
  const addressOf = runtime.addressReader(path);
  return opened = { symbols: withBareCalls(symbols), path, errno, addressOf };
}
