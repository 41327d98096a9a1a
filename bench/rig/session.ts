// SPDX-License-Identifier: MIT
// Scheduling priority of this session relative to others on the machine.
import { readFileSync, writeFileSync } from "node:fs";

const FILE = "/proc/self/autogroup";

/**
 * Sets the niceness of the session until disposed. With autogroups, which most kernels enable, the
 * CPU is shared between sessions first, and the niceness of a process only counts within its
 * session: `nice` alone has no effect against another session.
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

/** Returns "/autogroup-17 nice 0"; null without autogroups. sched(7). */
function niceness(): string | null {
  try {
    return /nice (-?\d+)/.exec(readFileSync(FILE, "utf8"))?.[1] ?? null;
  } catch {
    return null;
  }
}
