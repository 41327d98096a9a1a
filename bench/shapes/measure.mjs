// SPDX-License-Identifier: MIT
// Counts operations in time. Plain JavaScript: Node 20 runs it too.
import process from "node:process";

/**
 * The warm-up, in times of what is measured: two seconds of the usual 700 ms, so that the compilers
 * of the runtimes are done.
 */
export const WARMUP = 3;
/** Number of operations between two looks at the clock. */
const LOOK = 64;

function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Counts operations for `ms` milliseconds, after a warm-up. */
export function count(ms) {
  let began = performance.now(), cpuBegan = cpu();
  let ops = 0, warm = false, over = false, until = began + ms * WARMUP;
  let result = null;
  function of(done) {
    const seconds = (performance.now() - began) / 1000;
    return { rate: done / seconds, cpu: (cpu() - cpuBegan) / done };
  }
  function look() {
    const now = performance.now();
    if (now < until) return;
    if (warm) {
      result = of(ops);
      over = true;
      return;
    }
    warm = true;
    [began, cpuBegan, ops, until] = [now, cpu(), 0, now + ms];
  }
  return {
    /** Whether another operation is to be made. */
    goOn() {
      if (++ops % LOOK === 0 && !over) look();
      return !over;
    },
    result: () => result,
    resultOf: of,
  };
}

/** Prints a result. */
export function printed(result) {
  console.log(JSON.stringify(result));
}

/** Returns a function that returns a number below `below`: the same ones in Go. */
export function pseudoRandom(below) {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}
