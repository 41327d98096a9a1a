// SPDX-License-Identifier: MIT
/** What a simulation's main function leaves behind. */
import { netpoll } from "../netpoll/netpoll.ts";
import { describe } from "../sched/dump.ts";
import { now } from "../sched/clock.ts";
import { MEMBER } from "../sched/goroutine.ts";
import type { Run } from "../sched/run.ts";
import { scheduler } from "../sched/thread.ts";

/**
 * Returns the goroutines of a run that have not ended, but for the current one, and the descriptors
 * that none has closed, one a line. Called by the main goroutine as its last act.
 */
export function leaksOf(run: Run): string[] {
  const at = now();
  const goroutines = [...run.goroutines()]
    .filter((g) => g !== scheduler.current && g.kind === MEMBER)
    .sort((a, b) => a.id - b.id);
  const open = [...netpoll.inUse()].filter((pd) => pd.owner === run);
  return [
    ...goroutines.map((g) => describe(g, at)),
    ...open.map((pd) => `descriptor ${pd.describe()}`),
  ];
}
