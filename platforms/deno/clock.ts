// SPDX-License-Identifier: MIT
/** The monotonic clock. `performance.now()` costs Deno 90 ns, clock_gettime(2) by FFI 43. */
import { deno } from "./global.ts";

const CLOCK_MONOTONIC = 1;
/** Readings of both clocks to compare them by. */
const SAMPLES = 50;

/** See {@linkcode JsRuntime.clock}. Permission to call the C library is not asked for here. */
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
  // Seconds and nanoseconds, of 64 bits each; the upper halves are zero for 68 years.
  const time = new Int32Array(4);
  const read = () => {
    clock_gettime(CLOCK_MONOTONIC, time);
    return time[0] * 1000 + time[2] / 1e6;
  };
  // Each reading of the one is before that of the other, so the greatest difference is still short.
  let offset = -Infinity;
  for (let i = 0; i < SAMPLES; i++) offset = Math.max(offset, performance.now() - read());
  return () => read() + offset;
}
