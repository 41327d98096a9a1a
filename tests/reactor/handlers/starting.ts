// SPDX-License-Identifier: MIT
/** A table of events whose workers end, in the ways that `data` names, while others are starting. */
import { go, type Routine, sleep } from "../../../mod.ts";
import type { Events } from "../../../event.ts";
import type { HandlerContext } from "../../../reactor.ts";

/** What the tests pass as `data`. */
export interface Starting {
  /**
   * "shutdown": worker 0 shuts the reactor down, and the others never begin. "throw": and the others
   * fail. "restart": worker 0 dies once it is up, and the others begin after its restart.
   */
  readonly way: "shutdown" | "throw" | "restart";
  /** A counter of the starts of worker 0, for all threads. */
  readonly starts: Int32Array;
}

let shutsDown = false;

export function* init({ worker, data }: HandlerContext): Routine<void> {
  const { way, starts } = data as Starting;
  if (worker === 0) {
    shutsDown = way !== "restart";
    const first = Atomics.add(starts, 0, 1) === 0;
    if (way === "restart" && first) go(dies);
    return;
  }
  while (Atomics.load(starts, 0) < (way === "restart" ? 2 : 1)) yield* sleep(1);
  // Until the reactor's end reaches it.
  if (way === "shutdown") yield* sleep(600_000);
  if (way === "throw") throw new RangeError("init failed");
}

function* dies(): Routine<void> {
  yield* sleep(1);
  throw new RangeError("died");
}

export const handle: Events = { serving: () => shutsDown ? "shutdown" : undefined };
