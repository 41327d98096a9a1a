// SPDX-License-Identifier: MIT
/** The C library, opened once per thread at its first use. */
import type { JsRuntime, Library } from "../contract/platform.ts";
import { IOCTL, IOCTL_ON_STACK, SENDFILE_DARWIN, SENDFILE_FREEBSD, SYMBOLS } from "./symbols.ts";
import type { BsdSystem } from "./system.ts";

/** The C library of this thread. */
export interface BsdLibc {
  readonly symbols: Library<typeof SYMBOLS>;
  /** The name under which it was found. */
  readonly path: string;
  /** This thread's errno; to be read before anything else is called or allocated. */
  readonly errno: () => number;
  /** See {@linkcode JsRuntime.addressReader}. */
  readonly addressOf: (view: ArrayBufferView) => number;
  /** ioctl(2), whose argument is a pointer, however the CPU passes that of a variadic function. */
  readonly ioctl: (fd: number, request: number, value: Int32Array) => number;
  /** sendfile(2), however the system orders its arguments. How much went is then in `sent`, also if
   * the call failed. */
  readonly sendfile: (
    to: number,
    from: number,
    offset: number,
    length: number,
    sent: Int32Array,
  ) => number;
}

/** Opens the C library. Throws PlatformError where that is not permitted or not possible. */
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

/** See {@linkcode SENDFILE_FREEBSD}. What the kernel refuses at once it does not count. */
function sendfileOfFreeBSD(runtime: JsRuntime, system: BsdSystem): BsdLibc["sendfile"] {
  const { sendfile } = runtime.dlopen(system.library, SENDFILE_FREEBSD).symbols;
  return (to, from, offset, length, sent) => {
    sent[0] = sent[1] = 0;
    return sendfile(from, to, offset, length, null, sent, 0);
  };
}
