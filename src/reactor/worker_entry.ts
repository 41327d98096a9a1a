// SPDX-License-Identifier: MIT
/** Entry point of a worker's thread. Started by worker_thread.ts, and imported by no module. */
import { workerData } from "node:worker_threads";
import type { WorkerStart } from "../worker/protocol.ts";
import { runWorker } from "./worker_main.ts";

runWorker(workerData as WorkerStart);
