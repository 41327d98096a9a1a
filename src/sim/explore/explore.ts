// SPDX-License-Identifier: MIT
/** Running a program under many seeds and schedules, until one fails. */
import { wrongArgument } from "../../validate/argument.ts";
import { simulateSync } from "../simulate.ts";
import type { Attempt } from "./attempt.ts";
import { driven, failed, mainOf, type SimMain } from "./drive.ts";
import { Exploration, type ExploreResult, repeatedRun } from "./exploration.ts";
import { checkExploreOptions, type ExploreOptions, type ExploreSettings } from "./options.ts";
import { exploreInWorkers } from "./workers.ts";

/**
 * Runs `main` in simulations under many seeds and schedules, and throws at the first that fails. Before
 * that the failure is made as small as it gets: decisions of the schedule, the network, the faults and
 * the program become 0, the harmless one, or smaller, while the run fails in the same way.
 *
 * The same options and the same program make the same runs, on every system and runtime, as long as the
 * program keeps no state from run to run: what `main` shares with other runs, such as a variable of a
 * module, makes a failure that does not repeat.
 *
 * With the environment variable `NETPOLL_SIM`, whose value the error reports, only that run is made. Deno
 * needs `--allow-env=NETPOLL_SIM` for it, and is not asked.
 *
 * No promise resolves meanwhile; see {@linkcode simulateSync}.
 *
 * @param options those of a simulation, and {@linkcode ExploreOptions}
 * @param main the first goroutine of each run
 * @returns counts of the runs
 * @throws {ExplorationError} for the first run that fails; {@linkcode CoverageError} if no run has
 * seen what some run should; {@linkcode ReplayError} if `NETPOLL_SIM` is
 * no run; {@linkcode TypeError} or {@linkcode RangeError} for an invalid option
 * @example
 * ```ts
 * const { runs } = exploreSync({ runs: 500, faults: "storm" }, function* (sim) {
 *   const server = sim.host("server");
 *   sim.link(server, sim.test, { latency: [1, 20], loss: 0.01 });
 *   server.go(function* () {
 *     using listener = yield* listen("tcp", ":7");
 *     using conn = yield* listener.accept();
 *     yield* conn.write("hello");
 *   });
 *   using conn = yield* dial("tcp", "server:7");
 *   const n = yield* conn.readFull(new Uint8Array(5));
 *   if (n !== 5) throw new Error(`${n} bytes`);
 * });
 * ```
 */
export function exploreSync(
  options: ExploreOptions,
  main: SimMain,
): ExploreResult {
  const settings = checkExploreOptions(options);
  if (settings.workers > 0) throw new TypeError("Cannot exploreSync with workers: use explore");
  const steps = new Exploration(settings).run();
  let step = steps.next();
  while (!step.done) {
    let attempt: Attempt;
    try {
      attempt = { result: simulateSync(step.value, main), error: null };
    } catch (error) {
      attempt = failed(error);
    }
    step = steps.next(attempt);
  }
  return step.value;
}

/**
 * As {@linkcode exploreSync}, with promises: see {@linkcode simulate}. Each run takes at least one turn
 * of the host's loop.
 *
 * With the option `workers`, that many threads share the runs, and `main` is the URL of a module whose
 * default export is the function. The failure is the same as that of the first run that fails, and is
 * made smaller on this thread. Deno needs permission to read the module.
 *
 * @param options those of a simulation, and {@linkcode ExploreOptions}
 * @param main the first goroutine of each run, or the module that exports it
 * @returns a promise of the counts; it rejects as {@linkcode exploreSync} throws
 * @example
 * ```ts
 * const { runs } = await explore({ runs: 200 }, function* () {
 *   yield* wait(new Promise((resolve) => setTimeout(resolve, 1000)));
 * });
 * ```
 */
export async function explore(
  options: ExploreOptions,
  main: SimMain | URL,
): Promise<ExploreResult> {
  return await exploreWith(checkExploreOptions(options), main);
}

/** See {@linkcode explore}; with settings that were checked. */
export async function exploreWith(
  settings: ExploreSettings,
  main: SimMain | URL,
): Promise<ExploreResult> {
  if (settings.workers > 0) {
    if (!(main instanceof URL)) throw wrongArgument("explore", "main", "a URL with workers", main);
    if (repeatedRun() === null) return await exploreInWorkers(settings, main);
  }
  return await driven(new Exploration(settings).run(), await mainOf(main));
}
