// SPDX-License-Identifier: MIT
/** Signals by name. signal(7). */
import { nodeModule } from "../../platforms/contract/host.ts";
import { shown } from "../validate/argument.ts";

/**
 * Signals that {@linkcode notify} accepts. SIGUSR1 is not among them, because both runtimes use it
 * themselves; the default action of the others cannot be prevented, or is none.
 */
export type Signal = "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGTERM" | "SIGUSR2" | "SIGWINCH";

const SIGNALS: readonly Signal[] = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR2",
  "SIGWINCH",
];

/** Returns the number of a signal. */
export function numberOf(signal: Signal): number {
  return (nodeModule("node:os").constants.signals as unknown as Record<string, number>)[signal];
}

/** Returns the name of a signal that `notify` accepts. */
export function nameOf(number: number): Signal | undefined {
  return SIGNALS.find((signal) => numberOf(signal) === number);
}

/** Returns `signals` without duplicates. Throws TypeError if one is not a {@linkcode Signal}. */
export function checkSignals(signals: readonly Signal[]): Signal[] {
  if (signals.length === 0) {
    throw new TypeError(`Cannot notify as at least one signal must be named: notify("SIGINT")`);
  }
  for (const signal of signals) {
    if (SIGNALS.includes(signal)) continue;
    throw new TypeError(
      `Cannot notify as a signal must be one of ${SIGNALS.join(", ")}: current value is ${
        shown(signal)
      }`,
    );
  }
  return [...new Set(signals)];
}
