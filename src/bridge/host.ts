// SPDX-License-Identifier: MIT
/** The host's modules, loaded at the first need of them, and calls between its code and goroutines. */
import { getBuiltinModule } from "node:process";
import { ERR_CLOSED } from "../poll/errors.ts";
import { PanicError, type Routine } from "../sched/goroutine.ts";
import type { Run } from "../sched/run.ts";
import { backgroundRun, spawn } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";

/** `node:stream`. */
export function nodeStream(): typeof import("node:stream") {
  return getBuiltinModule("node:stream");
}

/** `node:tls`. */
export function nodeTLS(): typeof import("node:tls") {
  return getBuiltinModule("node:tls");
}

/** Throws where the host's loop, which `what` needs, stands still. */
export function requireLoop(what: string): void {
  if (!scheduler.blocking) return;
  throw new PanicError(`${what} under runSync: the host's loop stands still; use run`);
}

/** What came of a goroutine's work. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Starts goroutines for the host's code, in the run in which it was made while that lasts: they, and
 * what they wait for, end with it.
 */
export class Errands {
  readonly #run: Run | null = scheduler.current?.run ?? null;

  /** Runs `body`; the host is told what came of it, outside any goroutine. */
  start<T>(name: string, body: Routine<T>, done: (outcome: Outcome<T>) => void): void {
    const run = this.#run === null || this.#run.over ? backgroundRun() : this.#run;
    spawn(run, name, errand(body, done));
  }
}

function* errand<T>(body: Routine<T>, done: (outcome: Outcome<T>) => void): Routine<void> {
  // What is told if the goroutine is ended together with its run.
  let outcome: Outcome<T> = { error: ERR_CLOSED };
  try {
    outcome = { value: yield* body };
  } catch (error) {
    outcome = { error };
  } finally {
    scheduler.handOver(() => done(outcome));
  }
}

/** `error` as an Error, which streams want. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
