// SPDX-License-Identifier: MIT
/** The work of a thread that explores. */
import { parentPort } from "node:worker_threads";
import { driven, mainOf } from "./drive.ts";
import { Exploration } from "./exploration.ts";
import type { WorkerReport, WorkerStart } from "./workers.ts";

/** Makes the runs that `start` describes, and reports them to the main thread. */
export async function runWorker(start: WorkerStart): Promise<void> {
  parentPort!.postMessage(await work(start));
}

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
