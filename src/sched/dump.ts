// SPDX-License-Identifier: MIT
/** What every goroutine is doing. Go: runtime.Stack(all), and the report on SIGQUIT. */
import type { Goroutine } from "./goroutine.ts";
import type { Scheduler } from "./scheduler.ts";

function describe(g: Goroutine, now: number): string {
  const state = g.status === "waiting"
    ? `${g.waitReason}, ${Math.max(0, Math.round(now - g.waitSince))} ms`
    : g.status;
  return `goroutine ${g.id} [${state}]: ${g.name}`;
}

/** A line a goroutine, the oldest first. */
export function dumpAll(scheduler: Scheduler): string {
  const now = performance.now();
  const all = [...scheduler.runs].flatMap((run) => [...run.goroutines()]);
  return all.sort((a, b) => a.id - b.id).map((g) => describe(g, now)).join("\n");
}
