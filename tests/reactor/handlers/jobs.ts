// SPDX-License-Identifier: MIT
/** Jobs for the tests of pools. */
import process from "node:process";
import { DeadlineExceededError, type Routine, sleep } from "../../../mod.ts";
import { jobCancelled } from "../../../reactor.ts";

/** Adds. */
export function add(a: number, b: number): number {
  return a + b;
}

/** Computes for `ms` milliseconds. */
export function spin(ms: number): number {
  for (const end = performance.now() + ms; performance.now() < end;);
  return ms;
}

/** Writes 1 when it begins, and goes on when it finds another number there. */
export function hold(memory: SharedArrayBuffer): void {
  const words = new Int32Array(memory);
  Atomics.store(words, 0, 1);
  Atomics.wait(words, 0, 1);
}

/** Computes longer than any timeout; not forever, since nothing can end a busy thread on Deno. */
export function spinTooLong(): void {
  spin(2500);
}

/** Writes 1 when it begins, and 2 when it sees that its caller has given up. */
export function watch(memory: SharedArrayBuffer): void {
  const words = new Int32Array(memory);
  Atomics.store(words, 0, 1);
  while (!jobCancelled());
  Atomics.store(words, 0, 2);
}

/** As a goroutine. */
export function* slowly(value: string, ms: number, memory?: SharedArrayBuffer): Routine<string> {
  const words = memory === undefined ? null : new Int32Array(memory);
  words?.set([1]);
  try {
    yield* sleep(ms);
  } finally {
    words?.set([2]);
  }
  return value;
}

/** Returns a promise. */
export function later(value: string): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, 1, value));
}

/** How many bytes there are, and the memory itself. */
export function take(buffer: ArrayBuffer): { length: number; buffer: ArrayBuffer } {
  return { length: buffer.byteLength, buffer };
}

/** Throws an error with everything. */
export function fail(): never {
  const cause = new DeadlineExceededError();
  throw Object.assign(new RangeError("out of range", { cause }), { code: "E_RANGE", at: 7 });
}

/** Throws no error. */
export function failOddly(): never {
  throw { odd: true };
}

/** Throws what has no text. */
export function failWithoutText(): never {
  throw Object.create(null);
}

/** Throws an error that throws when it is looked at. */
export function failUnreadably(): never {
  const get = () => {
    throw new RangeError("thrown by the error itself");
  };
  throw Object.defineProperty(new Error("unreadable"), "detail", { enumerable: true, get });
}

/** Returns a value that cannot be cloned. */
export function uncloneable(): unknown {
  return () => {};
}

/** Ends the thread. */
export function exit(): void {
  process.exit(3);
}

/** No function. */
export const constant = 1;
