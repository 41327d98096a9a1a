// SPDX-License-Identifier: MIT
// What bench/results has.
import { existsSync, readFileSync } from "node:fs";
import { type Machine, machineLine } from "../rig/machine.ts";
import { inRepository } from "../rig/paths.ts";

/** What `--save` of a benchmark wrote last, or null if it never did. */
export function results<T>(name: string): T & { machine: Machine } | null {
  const file = inRepository("bench", "results", `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}

/** On what it was measured, and when. */
export function measuredOn({ machine }: { machine: Machine }): string {
  return machineLine(machine);
}

/** "Bun" of "bun". */
export function runtimeName(id: string): string {
  return id === "bun" ? "Bun" : "Deno";
}
