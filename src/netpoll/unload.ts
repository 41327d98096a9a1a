// SPDX-License-Identifier: MIT
/**
 * Closing descriptors when the runtime discards a thread's program while the process lives on,
 * as `deno run --watch` does at every save: the ports of the old program must be free.
 */
import { platform } from "../../platforms/platform.ts";
import { registerState } from "../sched/thread_state.ts";
import { FdTable, fdTable, keepFdTable } from "./fd_table.ts";

/** Whether the handler for the end of this thread's program is installed. */
let watching = false;

/** What is done in several steps before descriptors are closed. */
let first: Set<Steps> = new Set();

registerState("unload", {
  fresh: () => ({ watching: false, first: new Set<Steps>() }),
  save: () => ({ watching, first }),
  restore: (state) => ({ watching, first } = state),
});

/** Calls in order; each is made of all that are registered before the next of any. */
export type Steps = readonly (() => void)[];

/**
 * Has `steps` called when this thread's program is discarded, while all of its descriptors are
 * open. Returns a function that undoes this.
 */
export function beforeUnload(steps: Steps): () => void {
  first.add(steps);
  return () => void first.delete(steps);
}

/** Makes the calls of {@linkcode beforeUnload}. */
function takeSteps(): void {
  const count = Math.max(0, ...[...first].map((steps) => steps.length));
  for (let i = 0; i < count; i++) for (const steps of first) steps[i]?.();
}

/**
 * Closes every descriptor of this thread when its program is discarded; `before` is called
 * first. Does nothing on a runtime that ends the process instead.
 */
export function closeAtUnload(before: () => void): void {
  const { runtime, sockets } = platform();
  if (watching || runtime.onUnload === undefined) return;
  watching = true;
  const table = fdTable() ?? new FdTable();
  keepFdTable(table);
  runtime.onUnload(() => {
    takeSteps();
    before();
    for (const fd of table) {
      // Erased first: a reactor's main thread closes what a dead worker's table still lists.
      table.remove(fd);
      sockets.close(fd);
    }
  });
}
