// SPDX-License-Identifier: MIT
/** Observers of turns, for explorations with reduction. */
import type { Choices } from "../../platforms/sim/choices.ts";
import type { World } from "../../platforms/sim/world.ts";
import type { G } from "../sched/goroutine.ts";
import type { Scheduler } from "../sched/scheduler.ts";
import type { Schedule } from "./options.ts";

/** The parts of a simulation that turns use. */
export interface TurnSource {
  readonly world: World;
  readonly choices: Choices;
  readonly scheduler: Scheduler;
}

/** Observer of the turns of a run. */
export interface TurnWatcher {
  /** Observes the program until the function that it returns is called. */
  watch(source: TurnSource): () => void;
  /** A turn of `g` begins. */
  began(g: G): void;
  /** The turn of `g` is over. */
  ended(g: G): void;
}

/** Key of the watcher of a schedule. */
export const WATCHER: unique symbol = Symbol("watcher");

/** A schedule that observes its run. */
export interface WatchingSchedule extends Schedule {
  readonly [WATCHER]: TurnWatcher | null;
}

/** Returns the watcher of a schedule, or null. */
export function watcherOf(schedule: "fifo" | "random" | Schedule): TurnWatcher | null {
  return typeof schedule === "object" && WATCHER in schedule
    ? (schedule as WatchingSchedule)[WATCHER]
    : null;
}
