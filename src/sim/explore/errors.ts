// SPDX-License-Identifier: MIT
/** The failure that an exploration found. */
import { SimulationError } from "../errors.ts";
import type { PropertyCount } from "../check/property_counts.ts";
import { formatReplay, type Replay } from "./replay.ts";

/** Sizes of a failing run before and after it was made smaller. */
export interface ShrinkReport {
  /** Decisions that were not 0 when the failure was found. */
  readonly before: number;
  /** Decisions that are not 0 now. */
  readonly after: number;
  /** Runs that it took. */
  readonly runs: number;
  /** Whether nothing more could be left out; false if the runs were used up first. */
  readonly minimal: boolean;
}

/** How a failure was found. */
export interface Found {
  readonly index: number;
  readonly strategy: string;
  /** The run as its text has it: a seed alone, if that repeats it in the exploration. */
  readonly replay: Replay;
  /** The run by all of its decisions, if it repeats. */
  readonly options: Replay;
  readonly repeats: boolean;
  readonly shrink: ShrinkReport | null;
  /** Command that repeats the test, if one is known. */
  readonly command: string;
}

/**
 * Thrown by {@linkcode explore} for a run that fails. It is that of the smallest run with the failure:
 * `choices`, `events`, `dump` and `at` are that run's.
 */
export class ExplorationError extends SimulationError {
  /** "ExplorationError". */
  override readonly name: string = "ExplorationError";
  /** Number of the run that failed first, from 0. */
  readonly index: number;
  /** Name of the strategy that found it, such as "random" or "pct 3". */
  readonly strategy: string;
  /** Value of the environment variable `NETPOLL_SIM` with which {@linkcode explore} makes this run alone. */
  readonly replay: string;
  /** Options of {@linkcode simulate} that repeat the run; its seed alone if it does not repeat. */
  readonly options: Replay;
  /** Whether the failure came back when the run was repeated. If not, the program is not deterministic. */
  readonly repeats: boolean;
  /** How it was made smaller; null if it was not. */
  readonly shrink: ShrinkReport | null;

  /** @internal */
  constructor(error: SimulationError, found: Found) {
    const { index, strategy, replay, options, repeats, shrink } = found;
    super(error.cause, error, linesOf(found));
    this.index = index;
    this.strategy = strategy;
    this.replay = formatReplay(replay);
    this.options = options;
    this.repeats = repeats;
    this.shrink = shrink;
  }
}

function linesOf({ index, strategy, replay, repeats, shrink, command }: Found): string {
  const lines = index < 0 ? [] : [`found by run ${index + 1} (${strategy})`];
  if (!repeats) {
    lines.push(
      "the failure is not reproducible: the program keeps state between runs, or depends on the outside",
    );
  }
  if (shrink !== null) {
    lines.push(
      `${shrink.before} decisions that are not 0, shrunk to ${shrink.after} in ${shrink.runs} runs` +
        (shrink.minimal ? "" : ", which were all there were"),
    );
  }
  if (repeats) lines.push(`repeat it by NETPOLL_SIM=${formatReplay(replay)} ${command}`.trimEnd());
  return lines.map((line) => `\n    ${line}`).join("");
}

/**
 * Thrown by {@linkcode explore} if no run has seen what some run should: a `sometimes` that was never
 * true, a `reachable` that was never reached. The runs do not test what follows from it.
 */
export class CoverageError extends Error {
  /** "CoverageError". */
  override readonly name = "CoverageError";
  /** The properties that no run has seen. */
  readonly missing: readonly PropertyCount[];

  /** @internal */
  constructor(runs: number, missing: readonly PropertyCount[]) {
    const list = missing.map(({ kind, name }) => `\n    ${kind} "${name}"`).join("");
    super(`no run of ${runs} has seen:${list}`);
    this.missing = missing;
  }
}
