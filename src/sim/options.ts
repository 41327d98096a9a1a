// SPDX-License-Identifier: MIT
/** Options of a simulation. */
import type { Choice } from "../../platforms/sim/choices.ts";
import type { Goroutine } from "../sched/goroutine.ts";
import { shown, wrongArgument } from "../validate/argument.ts";
import { unknownOption } from "../validate/unknown_option.ts";
import type { FaultRates } from "../../platforms/sim/faults.ts";
import { checkFaults, type FaultPreset } from "./fault_options.ts";
import { checkLink, type LinkOptions } from "./link_options.ts";

/**
 * Strategy that selects the next goroutine to run. Its decisions are recorded as those of the
 * stream "schedule".
 */
export interface Schedule {
  /**
   * Returns the index of the goroutine to run.
   *
   * @param runnable at least two goroutines, the longest waiting first
   */
  pick(runnable: readonly Goroutine[]): number;
}

/** Options of {@linkcode simulateSync}. */
export interface SimOptions {
  /** Seed of every random decision, a 32-bit number; 1 by default. */
  seed?: number;
  /**
   * Decisions that are not 0. With this option nothing is drawn: every other decision is 0, the
   * harmless one. A recorded run is repeated by its `choices`, or by a part of them.
   */
  choices?: readonly Choice[];
  /**
   * Order of the goroutines. "fifo", the default, is the production order: first in, first out, and
   * only the network, timers and faults vary. "random" selects any runnable goroutine at each turn.
   */
  schedule?: "fifo" | "random" | Schedule;
  /** Whether to keep every event and every decision that is not 0; false by default. */
  record?: boolean;
  /**
   * Minimum and maximum virtual time of a goroutine's turn in milliseconds; [0.001, 0.01] by
   * default.
   */
  turn?: readonly [least: number, most: number];
  /** Virtual time of a clock reading in milliseconds; 0.0001 by default. */
  look?: number;
  /** Maximum number of turns; 20 million by default. Exceeding it is an error: a livelock. */
  steps?: number;
  /**
   * Maximum number of turns in a row in which some goroutine can always run and none makes a system
   * call; 2 million by default. Exceeding it is an error: goroutines that wait for each other in loops,
   * a livelock. Programs that calculate for that long set it higher.
   */
  livelock?: number;
  /**
   * Treatment of {@linkcode SimulationResult.leaks}: "report", the default, lists them in the result;
   * "fail" makes them an error.
   */
  leaks?: "report" | "fail";
  /** Maximum virtual time in milliseconds; `Infinity` by default. Exceeding it is an error. */
  until?: number;
  /** Calendar time at the start, in milliseconds since the epoch; 2026-01-01 by default. */
  epoch?: number;
  /**
   * Handling of calls that lead outside the simulation, such as `fetch`, `Bun.listen`,
   * `Deno.connect` and workers: with "refuse", the default, they throw an {@linkcode OutsideError};
   * "allow" permits them, and runs may then differ.
   */
  outside?: "refuse" | "allow";
  /** Faults of system calls on all hosts; "none" by default. See {@linkcode Simulation.quiet}. */
  faults?: FaultPreset | FaultRates;
  /**
   * Whether each seed enables only a random half of the kinds of faults; true by default. Kinds of
   * faults can hide each other.
   */
  swarm?: boolean;
  /** Properties of each host's loopback link; by default without loss, with 0.01 to 0.02 ms. */
  loopback?: LinkOptions;
  /** Properties of links that are not set by {@linkcode Simulation.link}. */
  link?: LinkOptions;
}

/** Options with their defaults. */
export interface Settings {
  readonly seed: number;
  readonly choices: readonly Choice[] | undefined;
  readonly schedule: "fifo" | "random" | Schedule;
  readonly record: boolean;
  readonly turn: readonly [least: number, most: number];
  readonly look: number;
  readonly steps: number;
  readonly livelock: number;
  readonly leaks: "report" | "fail";
  readonly until: number;
  readonly epoch: number;
  readonly outside: "refuse" | "allow";
  readonly faults: FaultPreset | FaultRates;
  readonly swarm: boolean;
  readonly loopback: LinkOptions;
  readonly link: LinkOptions;
}

const DEFAULTS: Settings = {
  seed: 1,
  choices: undefined,
  schedule: "fifo",
  record: false,
  turn: [0.001, 0.01],
  look: 0.0001,
  steps: 20_000_000,
  livelock: 2_000_000,
  leaks: "report",
  until: Infinity,
  epoch: Date.UTC(2026, 0, 1),
  outside: "refuse",
  faults: "none",
  swarm: true,
  loopback: {},
  link: {},
};

/** Checks options and fills in the defaults. Throws TypeError or RangeError. */
export function checkSimOptions(options: SimOptions): Settings {
  if (typeof options !== "object" || options === null) {
    throw wrongArgument("simulate", "options", "an object", options);
  }
  for (const name of Object.keys(options)) {
    if (!(name in DEFAULTS)) throw unknownOption("simulate", name, Object.keys(DEFAULTS));
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: Settings = { ...DEFAULTS, ...Object.fromEntries(given) };
  const { seed, schedule, turn, look, steps, until, epoch } = settings;
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw outOfRange("seed", "a whole number from 0 to 2^32 - 1", seed);
  }
  if (schedule !== "fifo" && schedule !== "random" && typeof schedule?.pick !== "function") {
    throw wrongArgument("simulate", "schedule", '"fifo", "random" or a Schedule', schedule);
  }
  if (settings.outside !== "refuse" && settings.outside !== "allow") {
    throw wrongArgument("simulate", "outside", '"refuse" or "allow"', settings.outside);
  }
  if (!(turn[0] > 0 && turn[1] >= turn[0])) throw outOfRange("turn", "two times above 0", turn);
  if (!(look > 0)) throw outOfRange("look", "a time above 0", look);
  if (!(steps > 0)) throw outOfRange("steps", "above 0", steps);
  if (!(settings.livelock > 0)) throw outOfRange("livelock", "above 0", settings.livelock);
  if (settings.leaks !== "report" && settings.leaks !== "fail") {
    throw wrongArgument("simulate", "leaks", '"report" or "fail"', settings.leaks);
  }
  if (!(until > 0)) throw outOfRange("until", "a time above 0", until);
  if (!Number.isFinite(epoch)) throw outOfRange("epoch", "a time", epoch);
  checkFaults(settings.faults);
  if (typeof settings.swarm !== "boolean") {
    throw wrongArgument("simulate", "swarm", "a boolean", settings.swarm);
  }
  checkLink("simulate", settings.loopback);
  checkLink("simulate", settings.link);
  return settings;
}

function outOfRange(name: string, what: string, value: unknown): RangeError {
  return new RangeError(
    `Cannot simulate as ${name} must be ${what}: current value is ${shown(value)}`,
  );
}
