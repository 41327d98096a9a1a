// SPDX-License-Identifier: MIT
/**
 * recv(2) and send(2) without the C library's wrappers. Go makes all its system calls this way.
 *
 * The C library's wrappers are cancellation points of pthread_cancel(3): once there is a second
 * thread, each sets and clears a flag of its thread around the call, by atomic instructions. That
 * is 40 ns for the two calls of an echo, and JavaScript threads are never cancelled.
 */
import { arch } from "../contract/host.ts";
import type { Library } from "../contract/platform.ts";
import type { SYMBOLS } from "./symbols.ts";

type Symbols = Library<typeof SYMBOLS>;

/** System call numbers; without an address, these two are recv and send. */
const NUMBERS: Readonly<Record<string, { recvfrom: number; sendto: number }>> = {
  x64: { recvfrom: 45, sendto: 44 },
  arm64: { recvfrom: 207, sendto: 206 },
};

/** Returns `symbols` with these two in place of the C library's, if their numbers are known. */
export function withBareCalls(symbols: Symbols): Symbols {
  const numbers = NUMBERS[arch];
  if (numbers === undefined) return symbols;
  const { syscall } = symbols;
  const { recvfrom, sendto } = numbers;
  return {
    ...symbols,
    recv: (fd, into, length, flags) => syscall(recvfrom, fd, into, length, flags, 0),
    send: (fd, from, length, flags) => syscall(sendto, fd, from, length, flags, 0),
  };
}
