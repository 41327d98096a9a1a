// SPDX-License-Identifier: MIT
/** Windows' libraries, opened once per thread at first use. */
import { jsRuntime } from "../../shared/js_runtime.ts";
import {
  type Bound,
  type JsRuntime,
  type Library,
  PlatformError,
} from "../../contract/platform.ts";
import * as C from "./constants.ts";
import { errnoText, win32Errno } from "./errno.ts";
import { TEB_LAST_ERROR, THREAD_INFORMATION, WSADATA_SIZE } from "./structs.ts";
import {
  type Extension,
  EXTENSIONS,
  IPHLPAPI,
  IPHLPAPI_SYMBOLS,
  KERNEL32,
  KERNEL32_SYMBOLS,
  NTDLL,
  NTDLL_SYMBOLS,
  WS2_32,
  WS2_32_SYMBOLS,
} from "./symbols.ts";

/** Extension functions, obtained from a socket's provider. */
export type Extensions = {
  readonly [N in keyof typeof EXTENSIONS]: Bound<typeof EXTENSIONS[N]["declaration"]>;
};

/** Libraries of this thread. */
export interface Winsock {
  readonly runtime: JsRuntime;
  readonly ws2: Library<typeof WS2_32_SYMBOLS>;
  readonly kernel: Library<typeof KERNEL32_SYMBOLS>;
  readonly nt: Library<typeof NTDLL_SYMBOLS>;
  readonly interfaces: Library<typeof IPHLPAPI_SYMBOLS>;
  /**
   * Returns the errno of this thread's last failed call, of Winsock or others. Call it before any
   * other call or allocation.
   */
  readonly errno: () => number;
  /** See {@linkcode JsRuntime.addressReader}. */
  readonly addressOf: (view: ArrayBufferView) => number;
  /**
   * Returns an extension function, obtained from `socket`'s provider at first use. Throws
   * PlatformError.
   */
  readonly extension: <N extends keyof Extensions>(name: N, socket: number) => Extensions[N];
}

/** Version 2.2, as WSAStartup expects it. */
const VERSION = 0x202;
const WORD = 2 ** 32;

let opened: Winsock | undefined;

/** Opens the libraries. Throws PlatformError if that is not permitted or not possible. */
export function winsock(): Winsock {
  return opened ??= open();
}

function open(): Winsock {
  const runtime = jsRuntime();
  const ws2 = { ...runtime.dlopen(WS2_32, WS2_32_SYMBOLS).symbols };
  const kernel = runtime.dlopen(KERNEL32, KERNEL32_SYMBOLS).symbols;
  const { symbols: nt, path } = runtime.dlopen(NTDLL, NTDLL_SYMBOLS);
  const failed = ws2.WSAStartup(VERSION, new Uint8Array(new ArrayBuffer(WSADATA_SIZE)));
  if (failed !== 0) {
    const { name, text } = errnoText(failed);
    throw new PlatformError(`Cannot start Winsock: ${text}`, name);
  }
  const lastError = lastErrorReader(runtime, kernel, nt, path);
  const errno = () => win32Errno(lastError());
  const found: { -readonly [N in keyof Extensions]?: Extensions[N] } = {};
  return {
    runtime,
    ws2,
    kernel,
    nt,
    interfaces: runtime.dlopen(IPHLPAPI, IPHLPAPI_SYMBOLS).symbols,
    errno,
    addressOf: runtime.addressReader(path),
    extension: (name, socket) => found[name] ??= askExtension(runtime, ws2, errno, name, socket),
  };
}

/**
 * Returns a function that reads the last error from the thread's TEB, where GetLastError itself
 * reads it. A second FFI call would be too late: the runtime may have used the thread in between.
 */
function lastErrorReader(
  runtime: JsRuntime,
  kernel: Winsock["kernel"],
  nt: Winsock["nt"],
  ntdllPath: string,
): () => number {
  const information = new Uint32Array(new ArrayBuffer(THREAD_INFORMATION.words * 4));
  const access = C.THREAD_QUERY_LIMITED_INFORMATION;
  const thread = kernel.OpenThread(access, 0, kernel.GetCurrentThreadId());
  const length = information.byteLength;
  const kind = C.THREAD_BASIC_INFORMATION;
  const status = nt.NtQueryInformationThread(thread, kind, information, length, null);
  kernel.CloseHandle(thread);
  if (status < 0) throw new PlatformError("Cannot locate the last error of this thread", "TEB");
  const at = THREAD_INFORMATION.teb;
  const teb = information[at] + information[at + 1] * WORD;
  return runtime.errnoReader(runtime.pointerAt(teb + TEB_LAST_ERROR), ntdllPath);
}

function askExtension<N extends keyof Extensions>(
  runtime: JsRuntime,
  ws2: Winsock["ws2"],
  errno: () => number,
  name: N,
  socket: number,
): Extensions[N] {
  const { guid, declaration }: Extension = EXTENSIONS[name];
  const pointer = new Uint32Array(new ArrayBuffer(8));
  const bytes = new Uint32Array(new ArrayBuffer(4));
  const wanted = Uint8Array.from(guid.match(/../g)!, (byte) => parseInt(byte, 16));
  const code = C.SIO_GET_EXTENSION_FUNCTION_POINTER;
  const done = ws2.WSAIoctl(socket, code, wanted, wanted.length, pointer, 8, bytes, null, null);
  if (done !== 0) {
    const { name: missing, text } = errnoText(errno());
    throw new PlatformError(`Cannot find ${name}: ${text}`, missing);
  }
  const address = runtime.pointerAt(pointer[0] + pointer[1] * WORD);
  return runtime.functionAt(address, declaration) as Extensions[N];
}

const handleFlags = new Uint32Array(new ArrayBuffer(4));

/** Returns whether a number is an open handle: a socket or any other. */
export function isHandle({ kernel }: Winsock, fd: number): boolean {
  return kernel.GetHandleInformation(fd, handleFlags) !== 0;
}
