// SPDX-License-Identifier: MIT
/** The C library, opened once per thread at its first use. */
import { jsRuntime } from "../shared/js_runtime.ts";
import type { Library } from "../contract/platform.ts";
import { LIBC, SYMBOLS } from "./symbols.ts";
import { withBareCalls } from "./syscalls.ts";

/** C library of this thread. */
export interface Libc {
  readonly symbols: Library<typeof SYMBOLS>;
  /** Name that it was found under. */
  readonly path: string;
  /** Returns this thread's errno; call it before any other call or allocation. */
  readonly errno: () => number;
  /** See {@linkcode JsRuntime.addressReader}. */
  readonly addressOf: (view: ArrayBufferView) => number;
}

let opened: Libc | undefined;

/** Opens the C library. Throws PlatformError if that is not permitted or not possible. */
export function libc(): Libc {
  if (opened) return opened;
  const runtime = jsRuntime();
  const { symbols, path } = runtime.dlopen(LIBC, SYMBOLS);
  const errno = runtime.errnoReader(symbols.__errno_location(), path);
  const addressOf = runtime.addressReader(path);
  return opened = { symbols: withBareCalls(symbols), path, errno, addressOf };
}
