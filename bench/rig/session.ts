// SPDX-License-Identifier: MIT
// How urgent this session is to Linux, beside the others of the machine.
import { readFileSync, writeFileSync } from "node:fs";

const FILE = "/proc/self/autogroup";

/**
 * Gives the session that niceness until it is disposed. With autogroups, as most kernels have them,
 * the CPU is shared between sessions first, and the niceness of a process counts only among those
 * of its own: without this, `nice` would do nothing against another session.
 */
export function niceSession(nice: number): Disposable {
  const before = nice === 0 ? null : niceness();
  if (before !== null) writeFileSync(FILE, String(nice));
  return {
    [Symbol.dispose]() {
      if (before !== null) writeFileSync(FILE, before);
    },
  };
}

/** "/autogroup-17 nice 0"; null where there are none. sched(7). */
function niceness(): string | null {
  try {
    return /nice (-?\d+)/.exec(readFileSync(FILE, "utf8"))?.[1] ?? null;
  } catch {
    return null;
  }
}
