// SPDX-License-Identifier: MIT
/**
 * Starts a thread that explores in a bundle. There is no worker_entry.ts beside a bundle, so the user's
 * module is the thread's program, and by its import of the library this module begins the work.
 */
import { isMainThread, workerData } from "node:worker_threads";
import { runWorker } from "./worker_main.ts";
import type { WorkerStart } from "./workers.ts";

const start = isMainThread ? null : workerData as Partial<WorkerStart> | null;
// Not with a top-level await: the user's module, which imports this one, must be evaluated first.
if (start?.bundled === true && start.failed instanceof SharedArrayBuffer) {
  void runWorker(start as WorkerStart);
}
