// SPDX-License-Identifier: MIT
/** The error of a simulation. */
import type { Choice } from "../../platforms/sim/choices.ts";
import type { SimEvent } from "../../platforms/sim/log.ts";
import type { PropertyCount } from "./check/property_counts.ts";

/** Data of the failed run in a {@linkcode SimulationError}. */
export interface FailedRun {
  readonly seed: number;
  readonly choices: readonly Choice[] | null;
  readonly at: number;
  readonly turns: number;
  readonly host: string;
  readonly goroutine: string;
  readonly hash: string;
  readonly events: readonly SimEvent[];
  readonly properties: readonly PropertyCount[];
  readonly hosts: readonly string[];
  readonly dump: string;
}

/** Thrown when a simulation fails. Its `cause` is the original error. */
export class SimulationError extends Error {
  /** "SimulationError". */
  override readonly name: string = "SimulationError";
  /** Seed of the run, which repeats it. */
  readonly seed: number;
  /** Decisions that were not 0, if they were recorded; otherwise null. */
  readonly choices: readonly Choice[] | null;
  /** Virtual time of the failure, in milliseconds since the start. */
  readonly at: number;
  /** Number of turns until then. */
  readonly turns: number;
  /** Name of the host whose goroutine failed. */
  readonly host: string;
  /** Goroutine that failed, as "goroutine 3 [serve]"; "" if none did. */
  readonly goroutine: string;
  /** Hash of the run's events. */
  readonly hash: string;
  /** The last events; all of them if they were recorded. */
  readonly events: readonly SimEvent[];
  /** Properties that the program has stated, with their counts. */
  readonly properties: readonly PropertyCount[];
  /** Names of the hosts, in the order in which they were added; the first is "test". */
  readonly hosts: readonly string[];
  /** All goroutines at that time, one per line, as {@linkcode dump} returns them. */
  readonly dump: string;

  /** @internal */
  constructor(cause: unknown, run: FailedRun, more = "") {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const where = [run.host && `host ${run.host}`, run.goroutine].filter((word) => word !== "");
    super(
      `${why}\n    seed ${run.seed}, after ${run.at.toFixed(3)} ms of virtual time and ` +
        `${run.turns} turns${where.map((word) => `, ${word}`).join("")}${more}`,
      { cause },
    );
    this.seed = run.seed;
    this.choices = run.choices;
    this.at = run.at;
    this.turns = run.turns;
    this.host = run.host;
    this.goroutine = run.goroutine;
    this.hash = run.hash;
    this.events = run.events;
    this.properties = run.properties;
    this.hosts = run.hosts;
    this.dump = run.dump;
  }
}

/** Thrown when the turns or the virtual time of a simulation exceed their limit. */
export class SimulationLimitError extends Error {
  /** "SimulationLimitError". */
  override readonly name = "SimulationLimitError";
}

/**
 * Thrown with the option `leaks: "fail"` when the main function has returned and something that was
 * started or opened on its host is left.
 */
export class LeakError extends Error {
  /** "LeakError". */
  override readonly name = "LeakError";
  /** What is left, one a line. */
  readonly leaks: readonly string[];

  /** @internal */
  constructor(leaks: readonly string[]) {
    super(`left when the main function returned:${leaks.map((leak) => `\n${leak}`).join("")}`);
    this.leaks = leaks;
  }
}
