// SPDX-License-Identifier: MIT
/**
 * Giving back what is open when the runtime throws a thread's program away and the process lives on,
 * as `deno run --watch` does at every save: the ports of the program before must be free.
 */
import { platform } from "../../platforms/platform.ts";
import { registerState } from "../sched/thread_state.ts";
import { FdTable, fdTable, keepFdTable } from "./fd_table.ts";

/** Whether this thread's program has been asked to tell when it is thrown away. */
let watching = false;

registerState("unload", {
  fresh: () => false,
  save: () => watching,
  restore: (state) => watching = state,
});

/**
 * Has every descriptor of this thread closed when its program is thrown away; `before` is called
 * first. Does nothing on a runtime that ends the process instead.
 */
export function closeAtUnload(before: () => void): void {
  const { runtime, sockets } = platform();
  if (watching || runtime.onUnload === undefined) return;
  watching = true;
  const table = fdTable() ?? new FdTable();
  keepFdTable(table);
  runtime.onUnload(() => {
    before();
    for (const fd of table) {
      // Crossed out first: a reactor's main thread closes what a dead worker's table still has.
      table.remove(fd);
      sockets.close(fd);
    }
  });
}
