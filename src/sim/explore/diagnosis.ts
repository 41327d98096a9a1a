// SPDX-License-Identifier: MIT
/** What an exploration does with a run that failed: repeats it, makes it smaller, reports it. */
import type { SimulationError } from "../errors.ts";
import type { SimOptions } from "../options.ts";
import type { Steps } from "./attempt.ts";
import { ExplorationError, type Found } from "./errors.ts";
import { failureKind } from "./failure_kind.ts";
import type { ExploreSettings } from "./options.ts";
import type { Replay } from "./replay.ts";
import { Shrinker } from "./shrink.ts";
import type { Plan } from "./strategy.ts";

/** Who found a failure. */
export interface Finder {
  readonly index: number;
  readonly strategy: string;
  /** Whether its seed alone repeats the run. */
  readonly seeded: boolean;
}

/** Returns the options of a run that decides as `plan` says. */
export function planned(settings: ExploreSettings, { seed, schedule, choices }: Plan): SimOptions {
  return { ...settings.simulation, seed, schedule: schedule(), choices };
}

/** Returns the failed run of `plan` by all of its decisions, which were recorded. */
export function recordedRun({ seed, schedule }: Plan, { choices }: SimulationError): Replay {
  return { seed, schedule: schedule() === "fifo" ? "fifo" : "random", choices: choices! };
}

/** Returns the error of a run that failed with `error`, and of the smallest one that fails so. */
export function* diagnose(
  settings: ExploreSettings,
  plan: Plan,
  finder: Finder,
  error: SimulationError,
): Steps<ExplorationError> {
  const { seed } = plan;
  const { command } = settings;
  const alone: Replay = { seed };
  const found = { ...finder, replay: alone, options: alone, shrink: null, command };
  const { error: again } = yield { ...planned(settings, plan), record: true };
  if (again === null || again.hash !== error.hash) {
    return new ExplorationError(error, { ...found, repeats: false });
  }
  const options = recordedRun(plan, again);
  const whole: Found = {
    ...found,
    replay: finder.seeded ? alone : options,
    options,
    repeats: true,
  };
  if (settings.shrink === 0) return new ExplorationError(again, whole);
  const simulation: SimOptions = { ...settings.simulation, seed, schedule: options.schedule };
  const smaller = yield* shrunk(settings, simulation, again, whole);
  return smaller ?? new ExplorationError(again, whole);
}

/** Returns null if the run does not fail in the same way when its decisions are prescribed. */
function* shrunk(
  settings: ExploreSettings,
  options: SimOptions,
  { choices, cause, turns }: SimulationError,
  found: Found,
): Steps<ExplorationError | null> {
  const shrinker = new Shrinker({ options, choices: choices!, cause, turns }, settings.shrink);
  yield* shrinker.run();
  const { runs, hasBudget: minimal } = shrinker;
  const fifo = options.schedule === "fifo" || (yield* shrinker.inOrder());
  const replay: Replay = {
    seed: options.seed!,
    schedule: fifo ? "fifo" : "random",
    choices: shrinker.choices,
  };
  const { error } = yield { ...options, ...replay, record: true };
  if (error === null || failureKind(error.cause) !== failureKind(cause)) return null;
  const shrink = { before: choices!.length, after: shrinker.choices.length, runs, minimal };
  return new ExplorationError(error, { ...found, replay, options: replay, shrink });
}
