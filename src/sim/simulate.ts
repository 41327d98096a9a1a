// SPDX-License-Identifier: MIT
/**
 * Running a program in a simulation.
 *
 * The options and the main function alone determine a simulation: equal ones lead to equal runs, on
 * every system and runtime, also beside a real run. A hash identifies what the run did; its events
 * and the decisions that led to them are kept on request.
 *
 *   options (seed or choices) -> Choices   every decision: schedule, latency, loss, faults
 *                             -> World     virtual time, events of the network
 *                             -> Log       what happened, and its hash
 */
import { setImmediate, setTimeout } from "node:timers";
import type { Choice } from "../../platforms/sim/choices.ts";
import type { SimEvent } from "../../platforms/sim/log.ts";
import type { PropertyCount } from "./check/property_counts.ts";
import { DeadlockError } from "../sched/deadlock.ts";
import { dumpAll } from "../sched/dump.ts";
import { G, PanicError, type Routine } from "../sched/goroutine.ts";
import { Run } from "../sched/run.ts";
import { bodyOf } from "../sched/spawn.ts";
import { host, scheduler } from "../sched/thread.ts";
import { Environment, type Place } from "./environment.ts";
import { LeakError, SimulationError, SimulationLimitError } from "./errors.ts";
import { OutsideError } from "./globals.ts";
import { leaksOf } from "./leaks.ts";
import { lastTurns, Progress } from "./progress.ts";
import { checkSimOptions, type SimOptions } from "./options.ts";
import { Simulation } from "./simulation.ts";

/** Number of passes for `finally` blocks after a simulation has failed. */
const LAST_PASSES = 10_000;
/** Real time in milliseconds after which a promise counts as never settling. */
const LONGEST_SILENCE = 1000;
/** Number of passes between two turns of the host's loop, while goroutines are runnable. */
const PASSES_A_TURN = 1000;
/** Number of events in an error, unless all were kept. */
const LAST_EVENTS = 40;

/** Result of a simulation. */
export interface SimulationResult<T> {
  /** What the main function returned. */
  readonly value: T;
  /** Elapsed virtual time in milliseconds. */
  readonly virtual: number;
  /** Turns of goroutines. */
  readonly turns: number;
  /** Number of packets sent. */
  readonly packets: number;
  /** Hash of all events: two runs with the same hash did the same at the same times. */
  readonly hash: string;
  /** The events: the last 64, or all of them with the option `record`. */
  readonly events: readonly SimEvent[];
  /** The decisions that were not 0, with the option `record`; else null. */
  readonly choices: readonly Choice[] | null;
  /**
   * What the main function has left on its host, "test", when it returned: goroutines that had not
   * ended and descriptors that were not closed, one a line. They are ended and closed then.
   */
  readonly leaks: readonly string[];
  /** Properties that the program has stated, with their counts, in the order of first statement. */
  readonly properties: readonly PropertyCount[];
  /** Seed of the run. */
  readonly seed: number;
  /** Names of the hosts, in the order in which they were added; the first is "test". */
  readonly hosts: readonly string[];
}

/** One simulation, from its start to its end. */
class Execution<T> {
  readonly #environment: Environment;
  readonly #main: (sim: Simulation) => Routine<T>;
  #run: Run | null = null;
  #failure: SimulationError | null = null;
  /** Real time in milliseconds that goroutines have waited for promises alone. */
  #silence = 0;
  #leaks: readonly string[] = [];
  readonly #progress: Progress;

  constructor(options: SimOptions, main: (sim: Simulation) => Routine<T>) {
    this.#environment = new Environment(checkSimOptions(options));
    this.#progress = new Progress(this.#environment.world);
    this.#main = main;
  }

  /** Runs it to its end. */
  sync(): SimulationResult<T> {
    const environment = this.#environment;
    environment.enter();
    try {
      this.#start();
      scheduler.blocking = true;
      while (!this.#over) this.#pass(Infinity);
      this.#endHosts();
      return this.#result();
    } finally {
      environment.leave();
    }
  }

  /** Runs it to its end, with turns of the host's loop in which promises settle. */
  async async(): Promise<SimulationResult<T>> {
    const environment = this.#environment;
    const outer = host;
    environment.enter();
    // Suspend a real run: its goroutines would find the simulation's state.
    outer.suspend();
    try {
      this.#start();
      while (!this.#over) await this.#turn();
      this.#endHosts();
      return this.#result();
    } finally {
      environment.leave();
      outer.resume();
    }
  }

  /** Advances time only if no goroutine is runnable and no promise settles. */
  async #turn(): Promise<void> {
    for (let i = 0; i < PASSES_A_TURN && !this.#over; i++) {
      this.#pass(0);
      if (!scheduler.runnable) break;
    }
    if (this.#over) return;
    await new Promise<void>((resolve) => void setImmediate(resolve));
    scheduler.handedOver = false;
    if (scheduler.runnable) this.#silence = 0;
    else this.#pass(Infinity);
    if (this.#over || scheduler.runnable || scheduler.promises === 0 || scheduler.timers.size > 0) {
      return;
    }
    // Work of the runtime's own threads takes real time.
    await new Promise<void>((resolve) => void setTimeout(resolve, 1));
    if (++this.#silence > LONGEST_SILENCE && this.#environment.settings.outside === "refuse") {
      const what = `waits for a promise that nothing in the simulation settles\n${
        dumpAll(scheduler)
      }`;
      this.#fail(new OutsideError(what), null);
    }
  }

  get #over(): boolean {
    return this.#run!.over || this.#failure !== null;
  }

  #start(): void {
    const environment = this.#environment;
    const sim = new Simulation(environment);
    const place = environment.places[0];
    const run = this.#run = new Run(scheduler, { place, detectDeadlock: false });
    place.run = run;
    environment.onFailure = (error, from) => this.#fail(error, from);
    const main = bodyOf("simulate", this.#main, [sim]);
    run.start(new G<unknown>(run, this.#main.name || "main", this.#body(run, main)));
  }

  /** Looks at what the main function leaves before it is cleared away. */
  *#body(run: Run, main: Routine<T>): Routine<T> {
    const value = yield* main;
    this.#leaks = leaksOf(run);
    return value;
  }

  #pass(wait: number): void {
    const { world, settings } = this.#environment;
    scheduler.pass(wait);
    if (this.#over) return;
    const idle = wait > 0 && !scheduler.runnable && scheduler.timers.size === 0;
    if (idle && (world.stuck || scheduler.waiters === 0)) {
      if (scheduler.promises === 0) this.#fail(new DeadlockError(dumpAll(scheduler)), null);
    } else if (this.#progress.turnsWithout() > settings.livelock) {
      const what = `livelock: ${settings.livelock} turns without a wait or a system call`;
      this.#fail(this.#limitError(what), null);
    } else if (world.turns > settings.steps) {
      this.#fail(this.#limitError(`livelock: ${settings.steps} turns`), null);
    } else if (world.now > settings.until) {
      this.#fail(this.#limitError(`${settings.until} ms of virtual time have passed`), null);
    }
  }

  #limitError(what: string): SimulationLimitError {
    const turns = lastTurns(this.#environment.world.log.events(LAST_EVENTS));
    return new SimulationLimitError(`${what}\n${turns}\n${dumpAll(scheduler)}`);
  }

  /** Records the first failure; later ones are consequences. */
  #fail(error: unknown, place: Place | null): void {
    const { world, choices, settings } = this.#environment;
    const named = (error as { goroutine?: unknown } | null)?.goroutine;
    this.#failure ??= new SimulationError(error, {
      seed: choices.seed,
      choices: choices.recorded,
      at: world.now,
      turns: world.turns,
      host: place?.kernel.name ?? "",
      goroutine: typeof named === "string" ? named : "",
      hash: world.log.hash,
      events: world.log.events(settings.record ? Infinity : LAST_EVENTS),
      properties: this.#environment.properties.all(),
      hosts: this.#hostNames(),
      dump: dumpAll(scheduler),
    });
  }

  /** Ends the hosts after the end of the main function, or a failure. */
  #endHosts(): void {
    for (const place of this.#environment.places) {
      this.#environment.resume(place);
      place.run?.end();
    }
    for (let i = 0; i < LAST_PASSES && scheduler.runs.size > 0; i++) scheduler.pass(Infinity);
  }

  #result(): SimulationResult<T> {
    const { world, choices, settings } = this.#environment;
    const { failure, result } = this.#run!;
    if (this.#failure === null && failure !== null) {
      this.#fail(failure.error, this.#environment.places[0]);
    }
    if (this.#leaks.length > 0 && settings.leaks === "fail") {
      this.#fail(new LeakError(this.#leaks), this.#environment.places[0]);
    }
    if (this.#failure !== null) throw this.#failure;
    return {
      value: result as T,
      virtual: world.now,
      turns: world.turns,
      packets: world.packets,
      hash: world.log.hash,
      events: world.log.events(),
      choices: choices.recorded,
      leaks: this.#leaks,
      properties: this.#environment.properties.all(),
      seed: choices.seed,
      hosts: this.#hostNames(),
    };
  }

  #hostNames(): string[] {
    return this.#environment.places.map(({ kernel }) => kernel.name);
  }
}

/**
 * Runs `main` on a simulated network in virtual time, and returns when it has ended. Hosts,
 * addresses, links and faults are made by `main`; everything that this package exports runs
 * unchanged on them. Timers and time-outs take no real time. The same options and the same program
 * give the same run.
 *
 * No promise resolves meanwhile and no timer of the host fires, as under {@linkcode runSync}. It
 * may be called from a goroutine of a real run, which goes on afterwards. Go: testing/synctest,
 * with a network.
 *
 * @param options see {@linkcode SimOptions}
 * @param main the first goroutine; it runs on a host of its own, "test"
 * @returns the value of `main`, and the hash of the run
 * @throws {SimulationError} if a goroutine fails, if nothing can ever happen any more, or if a
 * limit is exceeded; {@linkcode TypeError} or {@linkcode RangeError} for an invalid option
 * @example
 * ```ts
 * const { value, virtual } = simulateSync({ seed: 7 }, function* (sim) {
 *   const server = sim.host("server");
 *   server.go(function* () {
 *     using listener = yield* listen("tcp", ":7");
 *     using conn = yield* listener.accept();
 *     yield* copy(conn, conn);
 *   });
 *   using conn = yield* dial("tcp", "server:7");
 *   yield* conn.write("hello");
 *   return yield* conn.readFull(new Uint8Array(5));
 * });
 * ```
 */
export function simulateSync<T>(
  options: SimOptions,
  main: (sim: Simulation) => Routine<T>,
): SimulationResult<T> {
  if (scheduler.admit !== null) throw new PanicError("simulateSync inside a simulation");
  return new Execution(options, main).sync();
}

/** The last simulation of {@linkcode simulate} in this thread, for which the next one waits. */
let last: Promise<unknown> = Promise.resolve();

/**
 * As {@linkcode simulateSync}, with promises: {@linkcode wait}, `async` functions and the host's
 * timers work in virtual time. Time goes on only when no goroutine can run and no promise settles
 * any more.
 *
 * One simulation runs at a time: a second call waits for the first. A real run of this thread
 * stands still meanwhile, and so must other code that uses the library.
 *
 * @param options see {@linkcode SimOptions}
 * @param main the first goroutine; it runs on a host of its own, "test"
 * @returns a promise of the value of `main` and the hash of the run; it rejects as
 * {@linkcode simulateSync} throws, and if goroutines wait for a promise that nothing in the
 * simulation can settle
 * @example
 * ```ts
 * const { virtual } = await simulate({ seed: 7 }, function* () {
 *   yield* wait(new Promise((resolve) => setTimeout(resolve, 60_000)));
 * });
 * ```
 */
export async function simulate<T>(
  options: SimOptions,
  main: (sim: Simulation) => Routine<T>,
): Promise<SimulationResult<T>> {
  const execution = new Execution(options, main);
  if (scheduler.admit !== null && scheduler.current !== null) {
    throw new PanicError("simulate inside a simulation");
  }
  const own = last.then(() => execution.async());
  last = own.catch(() => {});
  return await own;
}
