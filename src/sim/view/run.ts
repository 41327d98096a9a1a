// SPDX-License-Identifier: MIT
/** A run of a simulation, as it is shown: its events, what they mean, how it ended. */
import * as errnos from "../../../platforms/sim/errno.ts";
import type { SimEvent } from "../../../platforms/sim/log.ts";
import { needObject, wrongArgument } from "../../validate/argument.ts";
import { SimulationError } from "../errors.ts";
import type { SimulationResult } from "../simulate.ts";

/** Run of a simulation: the result of one that ended, or the error of one that failed. */
export type SimulationRun = SimulationResult<unknown> | SimulationError;

/** Names of errnos, by number. */
const ERRNO_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(errnos).map(([name, number]) => [number, name]),
);

/** Checks that `run` is one. Throws TypeError. */
export function checkRun(call: string, run: SimulationRun): void {
  needObject(call, "run", run);
  if (!Array.isArray(run.events)) {
    throw wrongArgument(call, "run", "the result or the error of a simulation", run);
  }
}

/** Why the run failed, in one line; null if it did not. */
export function failureOf(run: SimulationRun): string | null {
  if (!(run instanceof SimulationError)) return null;
  const { cause } = run;
  const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return why.split("\n", 1)[0];
}

/** Virtual time of the run, in milliseconds. */
export function lengthOf(run: SimulationRun): number {
  return run instanceof SimulationError ? run.at : run.virtual;
}

/** Names of goroutines by number, as far as the events of their turns are kept. */
export function goroutineNames(events: readonly SimEvent[]): Map<number, string> {
  const names = new Map<number, string>();
  for (const { kind, goroutine, text } of events) {
    if (kind === "turn") names.set(goroutine, text);
  }
  return names;
}

/** Whether an event is one of a fault: on purpose, or by chance of the network. */
export function isFault({ kind, text }: SimEvent): boolean {
  if (kind === "fault") return !/^(?:heal|quiet)\b/.test(text);
  return kind === "drop" || (kind === "host" && /^(?:crashed|paused)$/.test(text)) ||
    (kind === "property" && !/ is (?:true|reached)$/.test(text));
}

/** Whether a fault lasts until an event "heal" with the same text. */
export function lasts({ kind, text }: SimEvent): boolean {
  return kind === "fault" &&
    /^(?:partition|hold|isolate|halves|bridge|majorities ring)\b/.test(text);
}

/** Describes an event in a few words. */
export function wordsOf(event: SimEvent): string {
  const { kind, text, packet, peer, bytes, port, fd, result, operation } = event;
  const content = bytes === undefined || bytes === 0 ? "" : ` ${bytes} bytes`;
  switch (kind) {
    case "turn":
      return `runs ${text}`;
    case "call":
      return `${text}(${fd}) = ${result! < 0 ? ERRNO_NAMES[-result!] ?? result : result}`;
    case "send":
      return `#${packet} ${text}${content} -> ${peer}:${port}`;
    case "deliver":
      return `#${packet} ${text}${content} <- ${peer}`;
    case "drop":
      return `#${packet} lost -> ${peer}:${port}: ${text}`;
    case "operation":
      return `operation ${operation} ${text}`;
    default:
      return text;
  }
}
