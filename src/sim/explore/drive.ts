// SPDX-License-Identifier: MIT
/** Making the runs that an exploration asks for. */
import { builtModule } from "../../bundle/worker_program.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { wrongArgument } from "../../validate/argument.ts";
import { SimulationError } from "../errors.ts";
import { simulate } from "../simulate.ts";
import type { Simulation } from "../simulation.ts";
import type { Attempt, Steps } from "./attempt.ts";

/** Main function of a simulation. */
export type SimMain = (sim: Simulation) => Routine<unknown>;

/** Returns what a failed run became; an error that is no failure of a run is thrown on. */
export function failed(error: unknown): Attempt {
  if (error instanceof SimulationError) return { result: null, error };
  throw error;
}

/** Makes all runs of `steps`, with promises. */
export async function driven<R>(steps: Steps<R>, main: SimMain): Promise<R> {
  let step = steps.next();
  while (!step.done) {
    let attempt: Attempt;
    try {
      attempt = { result: await simulate(step.value, main), error: null };
    } catch (error) {
      attempt = failed(error);
    }
    step = steps.next(attempt);
  }
  return step.value;
}

/** Returns the main function, which may be the default export of a module. */
export async function mainOf(main: SimMain | URL): Promise<SimMain> {
  if (!(main instanceof URL)) return main;
  const module = await import(builtModule(main).href) as { default?: unknown };
  if (typeof module.default === "function") return module.default as SimMain;
  const what = `the default export of ${main.href}`;
  throw wrongArgument("explore", what, "a function", module.default);
}
