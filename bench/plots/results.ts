// SPDX-License-Identifier: MIT
// Reads bench/results.
import { existsSync, readFileSync } from "node:fs";
import { type Machine, machineLine } from "../rig/machine.ts";
import { inRepository } from "../rig/paths.ts";

/** Returns the last results that a benchmark saved with `--save`, or null without any. */
export function results<T>(name: string): T & { machine: Machine } | null {
  const file = inRepository("bench", "results", `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}

/** Describes the machine and the date. */
export function measuredOn({ machine }: { machine: Machine }): string {
  return machineLine(machine);
}

/** Returns "Bun" for "bun". */
export function runtimeName(id: string): string {
  return id === "bun" ? "Bun" : "Deno";
}
