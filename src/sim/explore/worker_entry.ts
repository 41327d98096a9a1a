// SPDX-License-Identifier: MIT
/** Entry point of a thread that explores. Started by workers.ts, and imported by no module. */
import { parentPort, workerData } from "node:worker_threads";
import { driven, mainOf } from "./drive.ts";
import { Exploration } from "./exploration.ts";
import type { WorkerReport, WorkerStart } from "./workers.ts";

async function work(start: WorkerStart): Promise<WorkerReport> {
  const { module, settings, at, of, failed } = start;
  try {
    const main = await mainOf(new URL(module));
    const share = { at, of, failed: new Int32Array(failed) };
    const exploration = new Exploration({ ...settings, onRun: () => {} }, share);
    const result = await driven(exploration.run(), main);
    return { result, failure: exploration.failure };
  } catch (error) {
    return { problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

parentPort!.postMessage(await work(workerData as WorkerStart));
