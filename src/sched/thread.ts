// SPDX-License-Identifier: MIT
/** The scheduler of this thread and its driver. Every worker loads its own copy of this module. */
import { HostLoop } from "./host_loop.ts";
import { Scheduler } from "./scheduler.ts";
import { registerState } from "./thread_state.ts";

/** The thread's scheduler. A live binding: a simulation has one of its own. */
export let scheduler: Scheduler = new Scheduler();

/** Drives it beside the host's event loop. */
export let host: HostLoop = new HostLoop(scheduler);

registerState("scheduler", {
  fresh: () => {
    const fresh = new Scheduler();
    return { scheduler: fresh, host: new HostLoop(fresh) };
  },
  save: () => ({ scheduler, host }),
  restore: (state) => ({ scheduler, host } = state),
});
