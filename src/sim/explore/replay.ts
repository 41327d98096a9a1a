// SPDX-License-Identifier: MIT
/**
 * A run as a text that fits on a command line and in a URL: `seed` or `seed:choices`.
 *
 *   17                                          the run of seed 17
 *   17:fifo~link_a-3e-b_loss~3.5                choices, in the order of production
 *   17:any~schedule~3-2.1~program_moments~0-fk  choices, among them those of the schedule
 *
 * After the order follow streams, each as its name and its decisions that are not 0. Letters and digits
 * of a name stand for themselves, `_` for a space, `-3e-` for the character of that hexadecimal code. A
 * decision is the distance from the one before it in its stream, and its value after a `-` unless that
 * is 1; both are numbers to the base 36.
 */
import type { Choice } from "../../../platforms/sim/choices.ts";
import { shown } from "../../validate/argument.ts";

/** Thrown for a text that stands for no run. */
export class ReplayError extends Error {
  /** "ReplayError". */
  override readonly name = "ReplayError";
}

/** A run of a program, by what decides in it: options of {@linkcode simulate}. */
export interface Replay {
  /** Seed of the run. */
  readonly seed: number;
  /** Order of the goroutines; left out for the run of a seed in an exploration. */
  readonly schedule?: "fifo" | "random";
  /** Decisions that are not 0; left out for the run of a seed. */
  readonly choices?: readonly Choice[];
}

/** Values of a decision. */
const MOST = 0xffff_ffff;

/**
 * Returns the text of a run, as the environment variable `NETPOLL_SIM` takes it. Never parks.
 *
 * @example
 * ```ts
 * formatReplay({ seed: 17, schedule: "random", choices: [["schedule", 3, 2]] }); // "17:any~schedule~3-2"
 * ```
 */
export function formatReplay({ seed, schedule = "random", choices }: Replay): string {
  if (choices === undefined) return String(seed);
  const streams = [...Map.groupBy(choices, ([stream]) => stream)];
  const parts = streams.map(([name, list]) => `~${escaped(name)}~${decisions(list)}`);
  return `${seed}:${schedule === "fifo" ? "fifo" : "any"}${parts.join("")}`;
}

function decisions(list: readonly Choice[]): string {
  let before = 0;
  return list.toSorted(([, a], [, b]) => a - b).map(([, index, value]) => {
    const distance = (index - before).toString(36);
    before = index;
    return value === 1 ? distance : `${distance}-${value.toString(36)}`;
  }).join(".");
}

function escaped(name: string): string {
  const code = (char: string) => `-${char.charCodeAt(0).toString(16)}-`;
  return name.replaceAll(/[^a-zA-Z0-9 ]/g, code).replaceAll(" ", "_");
}

/**
 * Returns the run that a text of {@linkcode formatReplay} stands for. Its fields are options of
 * {@linkcode simulate}, where a seed alone is that of the option `schedule`. Never parks.
 *
 * @throws {ReplayError} if it stands for none
 * @example
 * ```ts
 * const again = parseReplay("17:fifo~link_a-3e-b_loss~3.5");
 * simulateSync({ faults: "storm", ...again, record: true }, function* () {});
 * ```
 */
export function parseReplay(text: string): Replay {
  const match = /^(\d{1,10})(?::(fifo|any)((?:~[^~:]+~[^~:]+)*))?$/.exec(text);
  if (match === null) throw bad(text, "is not seed or seed:choices");
  const [, digits, order, streams] = match;
  const seed = Number(digits);
  if (seed > MOST) throw bad(text, "has a seed above 2^32 - 1");
  if (order === undefined) return { seed };
  const words = streams.split("~").slice(1);
  const choices: Choice[] = [];
  for (let i = 0; i < words.length; i += 2) {
    choices.push(...parseDecisions(text, parseName(text, words[i]), words[i + 1]));
  }
  return { seed, schedule: order === "fifo" ? "fifo" : "random", choices };
}

function parseName(text: string, word: string): string {
  if (!/^(?:[a-zA-Z0-9_]|-[0-9a-f]{1,4}-)+$/.test(word)) throw bad(text, `has a name ${word}`);
  return word.replaceAll("_", " ").replaceAll(
    /-([0-9a-f]+)-/g,
    (_, code: string) => String.fromCharCode(parseInt(code, 16)),
  );
}

function parseDecisions(text: string, name: string, word: string): Choice[] {
  let index = 0;
  return word.split(".").map((decision, i) => {
    const match = /^([0-9a-z]{1,8})(?:-([0-9a-z]{1,7}))?$/.exec(decision);
    const value = parseInt(match?.[2] ?? "1", 36);
    const distance = parseInt(match?.[1] ?? "", 36);
    index += distance;
    if (match === null || value === 0 || value > MOST || (distance === 0 && i > 0)) {
      throw bad(text, `has a decision ${decision}`);
    }
    return [name, index, value];
  });
}

function bad(text: string, why: string): ReplayError {
  return new ReplayError(
    `Cannot repeat a run as NETPOLL_SIM ${why}: current value is ${shown(text)}`,
  );
}
