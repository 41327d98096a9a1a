// SPDX-License-Identifier: MIT
/** The host's modules, loaded at first use, and calls between its code and goroutines. */
import { nodeProcess } from "../../platforms/contract/host.ts";
import { ClosedError } from "../fd/errors.ts";
import type { Park } from "../sched/park.ts";
import { PanicError, type Routine, type RunOwner } from "../sched/goroutine.ts";
import type { Run } from "../sched/run.ts";
import { backgroundRun, goBoundedTaskNow, spawnNow } from "../sched/spawn.ts";
import { callDriven } from "../sched/calls.ts";
import { scheduler } from "../sched/thread.ts";

/** Returns `node:stream`. */
export function nodeStream(): typeof import("node:stream") {
  return nodeProcess().getBuiltinModule("node:stream");
}

/** Returns `Buffer` of `node:buffer`. */
export function nodeBuffer(): typeof import("node:buffer").Buffer {
  return nodeProcess().getBuiltinModule("node:buffer").Buffer;
}

/** Returns `node:tls`. */
export function nodeTLS(): typeof import("node:tls") {
  return nodeProcess().getBuiltinModule("node:tls");
}

/** Returns `node:crypto`. */
export function nodeCrypto(): typeof import("node:crypto") {
  return nodeProcess().getBuiltinModule("node:crypto");
}

/** Throws if the host's loop, which `what` needs, is blocked. */
export function requireLoop(what: string): void {
  if (!scheduler.blocking) return;
  throw new PanicError(`${what} under runSync: the host's event loop does not run; use run`);
}

/** Result of a goroutine; null if it was ended together with its run. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown } | null;

/**
 * Starts goroutines for the host's code, in the run that created this object, as long as that run
 * lasts, and otherwise in the background run. From `hold` to `release` that one does not end between
 * two goroutines: beginning it anew costs more than a read.
 */
export class HostTasks {
  readonly #run: RunOwner | null = scheduler.current?.run ?? null;
  #held: Run | null = null;
  #holds = false;

  /** Runs `body` and passes its result to `done`, outside any goroutine. */
  start<T>(name: string, body: Routine<T>, done: (outcome: Outcome<T>) => void): void {
    spawnNow(this.#home(), name, hostTask(body, done));
  }

  /** As `start`, for a task that must complete: the run waits for it within its grace. */
  startToTheEnd<T>(name: string, body: Routine<T>, done: (outcome: Outcome<T>) => void): void {
    goBoundedTaskNow(this.#home(), name, hostTask(body, done));
  }

  /** Keeps the background run between two goroutines. */
  hold(): this {
    this.#holds = true;
    return this;
  }

  /** Called when the host's code starts no more goroutines, except to complete what it began. */
  release(): void {
    this.#holds = false;
    this.#held?.release();
    this.#held = null;
  }

  #home(): RunOwner {
    if (this.#run?.ending === false) return this.#run;
    const run = backgroundRun();
    if (this.#holds && run !== this.#held) {
      this.#held = run;
      run.hold();
    }
    return run;
  }
}

/**
 * Body of such a goroutine. Not a generator: one that is ended before it has started runs no code
 * at all, and the host would wait for ever.
 */
class HostTask<T> {
  readonly #body: Routine<T>;
  readonly #done: (outcome: Outcome<T>) => void;
  #ended = false;

  constructor(body: Routine<T>, done: (outcome: Outcome<T>) => void) {
    this.#body = body;
    // A call that the goroutine of the stream made, and this one drives.
    callDriven(body);
    this.#done = done;
  }

  next(): IteratorResult<Park, void> {
    try {
      const step = this.#body.next();
      if (!step.done) return step;
      return this.#tell(this.#ended ? null : { value: step.value });
    } catch (error) {
      return this.#tell({ error });
    }
  }

  return(): IteratorResult<Park, void> {
    this.#ended = true;
    const step = this.#body.return(undefined as T);
    return step.done ? this.#tell(null) : step;
  }

  throw(error: unknown): IteratorResult<Park, void> {
    this.return();
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  #tell(outcome: Outcome<T>): IteratorResult<Park, void> {
    scheduler.handOver(() => this.#done(outcome));
    return { done: true, value: undefined };
  }
}

function hostTask<T>(body: Routine<T>, done: (outcome: Outcome<T>) => void): Routine<void> {
  return new HostTask(body, done) as unknown as Routine<void>;
}

/** Returns `error` as an Error, as streams require. */
export function hostError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}

/** Returns the error of a goroutine, or null. */
export function failureOf(outcome: Outcome<unknown>): Error | null {
  if (outcome === null) return new ClosedError();
  return "error" in outcome ? hostError(outcome.error) : null;
}
