// SPDX-License-Identifier: MIT
/** The monotonic clock. `performance.now()` costs Deno 90 ns, clock_gettime(2) by FFI 43. */
import { deno } from "./global.ts";

const CLOCK_MONOTONIC = 1;
/** Number of readings of both clocks for the comparison. */
const SAMPLES = 50;

/** See {@linkcode JsRuntime.clock}. Never prompts for permission to call the C library. */
export function clock(): () => number {
  const permitted = deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (deno.build.os !== "linux" || !permitted) return () => performance.now();
  try {
    return monotonic("libc.so.6");
  } catch {
    return () => performance.now();
  }
}

function monotonic(library: string): () => number {
  const { clock_gettime } = deno.dlopen(library, {
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  }).symbols as { clock_gettime: (clock: number, time: Int32Array) => number };
  // Seconds and nanoseconds, 64 bits each; the upper halves are zero for 68 years.
  const time = new Int32Array(4);
  const read = () => {
    clock_gettime(CLOCK_MONOTONIC, time);
    return time[0] * 1000 + time[2] / 1e6;
  };
  // Each reading of the first clock precedes that of the second, so even the largest difference is
  // too small.
  let offset = -Infinity;
  for (let i = 0; i < SAMPLES; i++) offset = Math.max(offset, performance.now() - read());
  return () => read() + offset;
}
