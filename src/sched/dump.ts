// SPDX-License-Identifier: MIT
/** What every goroutine is doing. Go: runtime.Stack(all), and the report on SIGQUIT. */
import type { G } from "./goroutine.ts";
import type { Scheduler } from "./scheduler.ts";
import { lineOf } from "./spawn_site.ts";
import { now } from "./clock.ts";

/** Returns a line about a goroutine, as of the time `now`. */
export function describe(g: G, now: number): string {
  const waiting = g.status === "waiting";
  const state = waiting
    ? `${g.waitReason}, ${Math.max(0, Math.round(now - g.waitSince))} ms`
    : g.status;
  const on = waiting ? g.waitOn?.describe() ?? "" : "";
  const site = g.site === null ? "" : lineOf(g.site);
  return `goroutine ${g.id} [${state}]: ${g.name}${on && ` (${on})`}${
    site && `\n    started at ${site}`
  }`;
}

/** Returns the goroutines of all runs, the oldest first. */
export function allGoroutines(scheduler: Scheduler): G[] {
  const all = [...scheduler.runs].flatMap((run) => [...run.goroutines()]);
  return all.sort((a, b) => a.id - b.id);
}

/** Returns one line per goroutine, the oldest first. */
export function dumpAll(scheduler: Scheduler): string {
  const at = now();
  return allGoroutines(scheduler).map((g) => describe(g, at)).join("\n");
}
