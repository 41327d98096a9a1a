// SPDX-License-Identifier: MIT
/** Dumps all goroutines on a signal. Go: SIGQUIT, except that the program continues. */
import { nodeProcess } from "../../platforms/contract/host.ts";
import { dumpAll } from "../sched/dump.ts";
import { scheduler } from "../sched/thread.ts";

/**
 * Makes the process write {@linkcode dump} to standard error when it receives `signal`, and
 * continue. (Go prints the stacks and exits. Without this function, SIGQUIT kills the process.)
 * Never parks.
 *
 * The dump contains the goroutines of this thread only. The host delivers signals to its main
 * thread only, and from its event loop: under `runSync`, where the event loop does not run, the
 * dump is written only after the run.
 *
 * @param signal "SIGQUIT" by default (Ctrl-\ at a terminal)
 * @returns a disposable that removes the handler
 * @example
 * ```ts
 * using _ = dumpOnSignal();
 * await run(main); // kill -QUIT shows what the goroutines are doing
 * ```
 */
export function dumpOnSignal(signal: "SIGQUIT" | "SIGUSR1" | "SIGUSR2" = "SIGQUIT"): Disposable {
  const write = () => void nodeProcess().stderr.write(`${signal}\n${dumpAll(scheduler)}\n`);
  nodeProcess().on(signal, write);
  return { [Symbol.dispose]: () => void nodeProcess().off(signal, write) };
}
