// SPDX-License-Identifier: MIT
/**
 * Starts a worker in a bundle. There is no worker_entry.ts beside a bundle, so the user's module is
 * the thread's program, and by its import of the library this module begins the work.
 */
import { isMainThread, workerData } from "node:worker_threads";
import type { WorkerStart } from "../worker/protocol.ts";
import { runWorker } from "./worker_main.ts";

const start = isMainThread ? null : workerData as Partial<WorkerStart> | null;
if (start?.bundled === true && start.words instanceof SharedArrayBuffer) {
  runWorker(start as WorkerStart);
}
