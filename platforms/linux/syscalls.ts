// SPDX-License-Identifier: MIT
/**
 * recv(2) and send(2) without the C library's wrapping. Go makes all its system calls like that.
 *
 * The C library's own are points where pthread_cancel(3) may end a thread: as soon as there is a
 * second thread, each sets and clears a flag of its thread around the call, by atomic instructions.
 * For the two calls of an echo that is 40 ns, and no thread of JavaScript is ever cancelled.
 */
import { arch } from "../contract/host.ts";
import type { Library } from "../contract/platform.ts";
import type { SYMBOLS } from "./symbols.ts";

type Symbols = Library<typeof SYMBOLS>;

/** Numbers of system calls; with no address to fill or to send to, these two are recv and send. */
const NUMBERS: Readonly<Record<string, { recvfrom: number; sendto: number }>> = {
  x64: { recvfrom: 45, sendto: 44 },
  arm64: { recvfrom: 207, sendto: 206 },
};

/** `symbols` with the two in place of the C library's, where their numbers are known. */
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
