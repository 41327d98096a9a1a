// SPDX-License-Identifier: MIT
/** The failure of a simulation, for tests. */
import assert from "node:assert/strict";
import type { Routine } from "../../mod.ts";
import { type SimOptions, simulateSync, type Simulation, SimulationError } from "../../sim.ts";

/** Runs a simulation that must fail. Returns its error. */
export function failureOf(
  options: SimOptions,
  main: (sim: Simulation) => Routine<unknown>,
): SimulationError {
  try {
    simulateSync(options, main);
  } catch (error) {
    assert.ok(error instanceof SimulationError, String(error));
    return error;
  }
  assert.fail("the simulation did not fail");
}
