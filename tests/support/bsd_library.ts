// SPDX-License-Identifier: MIT
/** The C library of macOS or FreeBSD, made up: for tests of what is made of its answers. */
import type { BsdLibc } from "../../platforms/bsd/libc.ts";
import { BsdSockets } from "../../platforms/bsd/socket.ts";
import type { BsdSystem } from "../../platforms/bsd/system.ts";

/** Where all memory is. */
export const ADDRESS = 0x1_2345_6789;

/** Substitute for a function: returns a result, or minus an errno. */
type Stub = (...args: never[]) => number;

/** A C library whose results the test sets: a value, or minus an errno. */
export function library(system: BsdSystem, functions: Record<string, Stub>): {
  libc: BsdLibc;
  sockets: BsdSockets;
  /** What was called, with what. */
  calls: [name: string, ...args: unknown[]][];
} {
  const calls: [name: string, ...args: unknown[]][] = [];
  let errno = 0;
  const call = (name: string) => (...args: unknown[]) => {
    calls.push([name, ...args]);
    const result = functions[name]?.(...args as never[]) ?? 0;
    if (result >= 0) return result;
    errno = -result;
    return -1;
  };
  const symbols = new Proxy({}, { get: (_, name) => call(String(name)) });
  const libc = {
    symbols,
    path: "",
    errno: () => errno,
    addressOf: () => ADDRESS,
    ioctl: call("ioctl"),
    sendfile: call("sendfile"),
  } as unknown as BsdLibc;
  return { libc, sockets: new BsdSockets(libc, system), calls };
}
