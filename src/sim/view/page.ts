// SPDX-License-Identifier: MIT
/** A run of a simulation as one page of HTML. */
import type { SimEvent } from "../../../platforms/sim/log.ts";
import { SimulationError } from "../errors.ts";
import { CSS, CSS_HASH, HTML, JS, JS_HASH } from "./page_source.ts";
import {
  checkRun,
  failureOf,
  goroutineNames,
  isFault,
  lasts,
  lengthOf,
  type SimulationRun,
  wordsOf,
} from "./run.ts";

/** Allows the page's own script and style, and nothing else: no request can leave it. */
const POLICY = [
  "default-src 'none'",
  `script-src '${JS_HASH}'`,
  // The script sets positions of single elements, which no policy hinders.
  `style-src '${CSS_HASH}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/**
 * Returns a run as one page of HTML, to be saved in a file and opened in a browser: a space-time
 * diagram with a line for each host and an arrow for each packet, in the order of time. Lost
 * packets, partitions, crashes, pauses and other faults are drawn in, and so are the operations of
 * a {@linkcode History}. Hosts and kinds of events can be hidden, a click shows an event's details.
 * The page loads nothing, and its policy allows no request. The text is the same on every runtime.
 * Never parks.
 *
 * @param run result of a simulation, or its {@linkcode SimulationError}; with the option `record`
 * it has all events, otherwise the last few
 * @throws {TypeError} if `run` is neither
 * @example
 * ```ts
 * try {
 *   simulateSync({ seed: 7, record: true }, main);
 * } catch (error) {
 *   if (error instanceof SimulationError) writeFileSync("failure.html", pageOfRun(error));
 * }
 * ```
 */
export function pageOfRun(run: SimulationRun): string {
  checkRun("make a page of a run", run);
  const failure = failureOf(run);
  const title = `${failure === null ? "passed" : "failed"}: seed ${run.seed}`;
  return HTML
    .replace("POLICY", () => POLICY)
    .replace("TITLE", () => title)
    .replace('["DATA"]', () => dataOf(run))
    .replace(/\s*\/\* page\.css \*\/\s*/, () => CSS)
    .replace(/\s*\/\* page\.js \*\/\s*/, () => JS);
}

/** The run as JSON. Without "<" nothing in it ends its element or begins a comment. */
function dataOf(run: SimulationRun): string {
  const { seed, hash, turns, hosts, events, properties } = run;
  const goroutines = Object.fromEntries(goroutineNames(events));
  const first = events[0]?.index ?? 0;
  const data = {
    failure: failureOf(run),
    about: `seed ${seed}, hash ${hash}, ${lengthOf(run).toFixed(3)} ms of virtual time, ` +
      `${turns} turns${first === 0 ? "" : `; ${first} earlier events were not recorded`}`,
    hosts,
    events: events.map(shownEvent),
    properties,
    goroutines,
    dump: run instanceof SimulationError ? run.dump.trimEnd() : "",
  };
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

function shownEvent(event: SimEvent): SimEvent & { words: string; bad?: true; lasts?: true } {
  return {
    ...event,
    words: wordsOf(event),
    ...(isFault(event) ? { bad: true } : {}),
    ...(lasts(event) ? { lasts: true } : {}),
  };
}
