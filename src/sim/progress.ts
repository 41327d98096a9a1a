// SPDX-License-Identifier: MIT
/** Whether a simulated program still gets anywhere. */
import type { SimEvent } from "../../platforms/sim/log.ts";
import type { World } from "../../platforms/sim/world.ts";
import { scheduler } from "../sched/thread.ts";

/**
 * Counts turns without progress. Progress is an event of the log that is no turn, such as a system call
 * or a packet, and a wait: a moment when no goroutine could run, and time went on to the next timer or
 * packet.
 */
export class Progress {
  readonly #world: World;
  /** Events that are no turns, and turns, at the last progress. */
  #events = 0;
  #turns = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Returns the turns since the last progress, after a pass of the scheduler. */
  turnsWithout(): number {
    const { log, turns } = this.#world;
    const events = log.count - turns;
    if (events !== this.#events || scheduler.waited > 0 || !scheduler.runnable) {
      this.#events = events;
      this.#turns = turns;
    }
    return turns - this.#turns;
  }
}

/** Returns which goroutines had the last turns among `events`, the busiest first. */
export function lastTurns(events: readonly SimEvent[]): string {
  const turns = events.filter(({ kind }) => kind === "turn");
  const names = Map.groupBy(turns, ({ goroutine, text }) => `goroutine ${goroutine} [${text}]`);
  const counts = [...names].map(([name, list]) => [name, list.length] as const)
    .sort(([, a], [, b]) => b - a);
  return `the last ${turns.length} turns: ${
    counts.map(([name, count]) => `${name} ${count}`).join(", ")
  }`;
}
