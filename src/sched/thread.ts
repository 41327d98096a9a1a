// SPDX-License-Identifier: MIT
/** The scheduler of this thread, and what drives it. Every worker loads its own copy of this module. */
import { HostLoop } from "./host_loop.ts";
import { Scheduler } from "./scheduler.ts";

/** The thread's scheduler. */
export const scheduler: Scheduler = new Scheduler();

/** What drives it beside the host's event loop. */
export const host: HostLoop = new HostLoop(scheduler);
