// SPDX-License-Identifier: MIT
/** Entry point of a thread that explores. Started by workers.ts, and imported by no module. */
import { workerData } from "node:worker_threads";
import { runWorker } from "./worker_main.ts";
import type { WorkerStart } from "./workers.ts";

await runWorker(workerData as WorkerStart);
