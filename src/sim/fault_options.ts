// SPDX-License-Identifier: MIT
/** The option `faults`, and the kinds of faults of a seed. */
import type { Choices } from "../../platforms/sim/choices.ts";
import type { FaultKind, FaultRates } from "../../platforms/sim/faults.ts";
import { shown, wrongArgument } from "../validate/argument.ts";

/**
 * - "none": no faults
 * - "mild": faults that the library hides from a program: short reads and writes, EINTR, late and
 *   spurious readiness
 * - "storm": these, more often, and faults that a program must handle: no descriptors, no buffers,
 *   connection resets
 */
export type FaultPreset = "none" | "mild" | "storm";

const MILD: FaultRates = {
  shortRead: 0.05,
  shortWrite: 0.05,
  interrupt: 0.02,
  spurious: 0.02,
  late: 0.05,
};

const STORM: FaultRates = {
  shortRead: 0.3,
  shortWrite: 0.3,
  interrupt: 0.1,
  spurious: 0.1,
  late: 0.2,
  descriptors: 0.02,
  buffers: 0.05,
  aborted: 0.05,
  reset: 0.01,
};

const PRESETS: Readonly<Record<FaultPreset, FaultRates>> = { none: {}, mild: MILD, storm: STORM };
const KINDS = Object.keys(STORM) as FaultKind[];

/** Checks the option. Throws TypeError or RangeError. */
export function checkFaults(faults: FaultPreset | FaultRates): FaultRates {
  if (typeof faults === "string") {
    if (faults in PRESETS) return PRESETS[faults];
  } else if (typeof faults === "object" && faults !== null) {
    for (const [kind, rate] of Object.entries(faults)) {
      if (!KINDS.includes(kind as FaultKind)) {
        throw new TypeError(`Cannot simulate: there is no fault ${kind}`);
      }
      if (!(typeof rate === "number" && rate >= 0 && rate <= 1)) {
        throw new RangeError(
          `Cannot simulate as the rate of ${kind} must be from 0 to 1: current value is ${
            shown(rate)
          }`,
        );
      }
    }
    return faults;
  }
  throw wrongArgument("simulate", "faults", '"none", "mild", "storm" or rates', faults);
}

/**
 * Returns the fault rates of one run: with `swarm`, each kind is enabled for half of the seeds.
 * Kinds can hide each other: a connection that is reset early never shows a late fault.
 */
export function ratesOf(rates: FaultRates, swarm: boolean, choices: Choices): FaultRates | null {
  const stream = choices.stream("swarm");
  const on = KINDS.filter((kind) => (rates[kind] ?? 0) > 0)
    .filter(() => !swarm || stream.choose(2) === 1);
  if (on.length === 0) return null;
  return Object.fromEntries(on.map((kind) => [kind, rates[kind]]));
}
