// SPDX-License-Identifier: MIT
/** A run of a simulation as text. */
import type { SimEvent } from "../../../platforms/sim/log.ts";
import { shown } from "../../validate/argument.ts";
import { SimulationError } from "../errors.ts";
import {
  checkRun,
  failureOf,
  goroutineNames,
  isFault,
  lengthOf,
  type SimulationRun,
  wordsOf,
} from "./run.ts";

/** Options of {@linkcode formatRun}. */
export interface FormatOptions {
  /** Number of events at most, the last ones; 60 by default. */
  readonly last?: number;
  /** Names of the hosts whose events are shown; by default all. */
  readonly hosts?: readonly string[];
}

/**
 * Returns a run as text: what it was, its last events, its properties. An event is a line with its
 * virtual time in milliseconds, host, goroutine and what happened; `!` marks faults and lost
 * packets. A goroutine that does something has no line of its own for its turn. The text is the
 * same on every runtime. Never parks.
 *
 * @param run result of a simulation, or its {@linkcode SimulationError}; with the option `record`
 * it has all events, otherwise the last few
 * @throws {TypeError} or {@linkcode RangeError} for an invalid argument
 * @example
 * ```ts
 * try {
 *   simulateSync({ seed: 7, record: true }, main);
 * } catch (error) {
 *   if (error instanceof SimulationError) console.error(formatRun(error));
 * }
 * ```
 */
export function formatRun(run: SimulationRun, options: FormatOptions = {}): string {
  checkRun("format a run", run);
  const { last = 60, hosts } = options;
  if (!(last > 0)) {
    throw new RangeError(
      `Cannot format a run as last must be above 0: current value is ${shown(last)}`,
    );
  }
  const wanted = (event: SimEvent) =>
    hosts === undefined || event.host === "" || hosts.includes(event.host) ||
    (event.peer !== undefined && hosts.includes(event.peer));
  const events = run.events.filter((event, i) =>
    wanted(event) && !isPlainTurn(event, run.events[i + 1])
  );
  const names = goroutineNames(run.events);
  const rows = events.slice(-last).map((event) => columnsOf(event, names));
  const before = (run.events[0]?.index ?? 0) > 0 || rows.length < events.length;
  return [
    ...headOf(run),
    "",
    ...table([
      ["ms", "host", "goroutine", "event"],
      ...(before ? [["...", "", "", ""]] : []),
      ...rows,
    ]),
    ...propertyLines(run),
    ...goroutineLines(run),
    "",
  ].join("\n");
}

/** A turn whose goroutine does something that has a line of its own. */
function isPlainTurn({ kind, goroutine }: SimEvent, next: SimEvent | undefined): boolean {
  return kind === "turn" && next !== undefined && next.kind !== "turn" &&
    next.goroutine === goroutine;
}

function headOf(run: SimulationRun): string[] {
  const failure = failureOf(run);
  const { seed, hash, turns } = run;
  const where = run instanceof SimulationError
    ? [run.host && `host ${run.host}`, run.goroutine].filter((word) => word !== "").join(", ")
    : "";
  return [
    failure === null ? "passed" : `failed: ${failure}${where && ` (${where})`}`,
    `seed ${seed}, hash ${hash}, ${lengthOf(run).toFixed(3)} ms of virtual time, ${turns} turns`,
  ];
}

function columnsOf(event: SimEvent, names: ReadonlyMap<number, string>): string[] {
  const { time, host, goroutine } = event;
  const name = names.get(goroutine);
  const on = goroutine === 0 ? "" : `${goroutine}${name === undefined ? "" : ` ${name}`}`;
  const mark = isFault(event) ? "! " : "  ";
  return [time.toFixed(3), host === "" ? "(network)" : host, on, mark + wordsOf(event)];
}

/**
 * Lines of columns; the first one is aligned to the right, the last one ends where its text does.
 */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map(([time, host, goroutine, text]) =>
    `${time.padStart(widths[0])}  ${host.padEnd(widths[1])}  ${
      goroutine.padEnd(widths[2])
    }  ${text}`
      .trimEnd()
  );
}

function propertyLines({ properties }: SimulationRun): string[] {
  if (properties.length === 0) return [];
  const lines = properties.map(({ kind, name, passed, failed }) =>
    `  ${kind} "${name}": ${kind === "reachable" ? passed : `${passed} true, ${failed} false`}`
  );
  return ["", "properties:", ...lines];
}

function goroutineLines(run: SimulationRun): string[] {
  if (!(run instanceof SimulationError)) return [];
  return ["", "goroutines:", ...run.dump.trimEnd().split("\n").map((line) => `  ${line}`)];
}
