// SPDX-License-Identifier: MIT
/** The C library, opened once per thread at its first use. */
import type { JsRuntime, Library } from "../contract/platform.ts";
import { IOCTL, IOCTL_ON_STACK, SENDFILE_DARWIN, SENDFILE_FREEBSD, SYMBOLS } from "./symbols.ts";
import type { BsdSystem } from "./system.ts";

/** C library of this thread. */
export interface BsdLibc {
  readonly symbols: Library<typeof SYMBOLS>;
  /** Name that it was found under. */
  readonly path: string;
  /** Returns this thread's errno; call it before any other call or allocation. */
  readonly errno: () => number;
  /** See {@linkcode JsRuntime.addressReader}. */
  readonly addressOf: (view: ArrayBufferView) => number;
  /** ioctl(2) with a pointer argument, passed as the CPU requires for variadic functions. */
  readonly ioctl: (fd: number, request: number, value: Int32Array) => number;
  /**
   * sendfile(2), independent of the system's argument order. `sent` then has the number of bytes
   * sent, also if the call failed.
   */
  readonly sendfile: (
    to: number,
    from: number,
    offset: number,
    length: number,
    sent: Int32Array,
  ) => number;
}

/** Opens the C library. Throws PlatformError if that is not permitted or not possible. */
export function openLibc(runtime: JsRuntime, system: BsdSystem, arch: "x64" | "arm64"): BsdLibc {
  const { symbols, path } = runtime.dlopen(system.library, SYMBOLS);
  const onStack = system.os === "darwin" && arch === "arm64";
  return {
    symbols,
    path,
    errno: runtime.errnoReader(symbols.__error(), path),
    addressOf: runtime.addressReader(path),
    ioctl: onStack ? ioctlOnStack(runtime, system) : plainIoctl(runtime, system),
    sendfile: system.os === "darwin"
      ? sendfileOfDarwin(runtime, system)
      : sendfileOfFreeBSD(runtime, system),
  };
}

function plainIoctl(runtime: JsRuntime, system: BsdSystem): BsdLibc["ioctl"] {
  return runtime.dlopen(system.library, IOCTL).symbols.ioctl;
}

/** See {@linkcode IOCTL_ON_STACK}. */
function ioctlOnStack(runtime: JsRuntime, system: BsdSystem): BsdLibc["ioctl"] {
  const { ioctl } = runtime.dlopen(system.library, IOCTL_ON_STACK).symbols;
  return (fd, request, value) => ioctl(fd, request, 0, 0, 0, 0, 0, 0, value);
}

/** See {@linkcode SENDFILE_DARWIN}. */
function sendfileOfDarwin(runtime: JsRuntime, system: BsdSystem): BsdLibc["sendfile"] {
  const { sendfile } = runtime.dlopen(system.library, SENDFILE_DARWIN).symbols;
  return (to, from, offset, length, sent) => {
    sent[0] = length;
    sent[1] = 0;
    return sendfile(from, to, offset, sent, null, 0);
  };
}

/**
 * See {@linkcode SENDFILE_FREEBSD}. The kernel leaves `sent` unset if it rejects the call at once.
 */
function sendfileOfFreeBSD(runtime: JsRuntime, system: BsdSystem): BsdLibc["sendfile"] {
  const { sendfile } = runtime.dlopen(system.library, SENDFILE_FREEBSD).symbols;
  return (to, from, offset, length, sent) => {
    sent[0] = sent[1] = 0;
    return sendfile(from, to, offset, length, null, sent, 0);
  };
}
