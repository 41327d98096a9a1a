// SPDX-License-Identifier: MIT
/** The dump on a signal. Go: what SIGQUIT does, but the program goes on. */
import process from "node:process";
import { dumpAll } from "../sched/dump.ts";
import { scheduler } from "../sched/thread.ts";

/**
 * From now on `signal` makes the process write {@linkcode dump} to its standard error and go on.
 * (Go writes it and exits; that is what SIGQUIT does without this: the process is killed.) Only
 * goroutines of this thread are told of, and a host tells its main thread alone of signals. It tells
 * them in its event loop: under `runSync`, which keeps that standing still, the dump comes only when
 * it is over. Never parks.
 *
 * @param signal "SIGQUIT" (Ctrl-\ at a terminal) unless another is named
 * @returns what ends it, by `using` or by `[Symbol.dispose]()`
 * @example
 * ```ts
 * using _ = dumpOnSignal();
 * await run(main); // kill -QUIT shows what the goroutines are doing
 * ```
 */
export function dumpOnSignal(signal: "SIGQUIT" | "SIGUSR1" | "SIGUSR2" = "SIGQUIT"): Disposable {
  const write = () => void process.stderr.write(`${signal}\n${dumpAll(scheduler)}\n`);
  process.on(signal, write);
  return { [Symbol.dispose]: () => void process.off(signal, write) };
}
