// SPDX-License-Identifier: MIT
/**
 * Running a program in a simulation.
 *
 * A simulation is given by its options and its main function alone: the same ones give the same run, on
 * every system and runtime, also beside a real run. What it did is told by its hash; the events behind
 * that, and the decisions that led to them, are kept on request.
 *
 *   options (seed or choices) -> Choices   every decision: schedule, latency, loss, faults
 *                             -> World     virtual time, events of the network
 *                             -> Log       what happened, and its hash
 */
import type { Choice } from "../../platforms/sim/choices.ts";
import type { SimEvent } from "../../platforms/sim/log.ts";
import { DeadlockError } from "../sched/deadlock.ts";
import { dumpAll } from "../sched/dump.ts";
import { G, PanicError, type Routine } from "../sched/goroutine.ts";
import { Run } from "../sched/run.ts";
import { bodyOf } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";
import { Environment, type Place } from "./environment.ts";
import { SimulationError, SimulationLimitError } from "./errors.ts";
import { checkSimOptions, type SimOptions } from "./options.ts";
import { Simulation } from "./simulation.ts";

/** Passes that goroutines have for their `finally` blocks after a simulation has failed. */
const LAST_PASSES = 10_000;
/** Events that an error carries if not all were kept. */
const LAST_EVENTS = 40;

/** Result of a simulation. */
export interface SimulationResult<T> {
  /** What the main function returned. */
  readonly value: T;
  /** Virtual time that passed, in milliseconds. */
  readonly virtual: number;
  /** Turns of goroutines. */
  readonly turns: number;
  /** Packets that were sent. */
  readonly packets: number;
  /** Hash over all events: two runs with the same hash did the same at the same times. */
  readonly hash: string;
  /** The events: the last 64, or all of them with the option `record`. */
  readonly events: readonly SimEvent[];
  /** The decisions that were not 0, with the option `record`; else null. */
  readonly choices: readonly Choice[] | null;
}

/** One simulation, from its start to its end. */
class Execution<T> {
  readonly #environment: Environment;
  readonly #main: (sim: Simulation) => Routine<T>;
  #run: Run | null = null;
  #failure: SimulationError | null = null;

  constructor(options: SimOptions, main: (sim: Simulation) => Routine<T>) {
    this.#environment = new Environment(checkSimOptions(options));
    this.#main = main;
  }

  /** Runs it to its end. */
  sync(): SimulationResult<T> {
    const environment = this.#environment;
    environment.enter();
    try {
      this.#start();
      scheduler.blocking = true;
      while (!this.#over) this.#pass();
      this.#endHosts();
      return this.#result();
    } finally {
      environment.leave();
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
    const body = bodyOf("simulate", this.#main, [sim]);
    run.start(new G<unknown>(run, this.#main.name || "main", body));
  }

  #pass(): void {
    const { world, settings } = this.#environment;
    scheduler.pass(Infinity);
    const idle = !scheduler.runnable && scheduler.timers.size === 0;
    if (this.#over) return;
    if (idle && (world.stuck || scheduler.waiters === 0)) {
      this.#fail(new DeadlockError(dumpAll(scheduler)), null);
    } else if (world.turns > settings.steps) {
      this.#fail(new SimulationLimitError(`livelock: ${settings.steps} turns`), null);
    } else if (world.now > settings.until) {
      this.#fail(
        new SimulationLimitError(`${settings.until} ms of virtual time have passed`),
        null,
      );
    }
  }

  /** The first failure counts; what follows from it does not. */
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
      dump: dumpAll(scheduler),
    });
  }

  /** The main function has ended, or the simulation has failed: so do the hosts. */
  #endHosts(): void {
    for (const place of this.#environment.places) {
      this.#environment.resume(place);
      place.run?.end();
    }
    for (let i = 0; i < LAST_PASSES && scheduler.runs.size > 0; i++) scheduler.pass(Infinity);
  }

  #result(): SimulationResult<T> {
    const { world, choices } = this.#environment;
    const { failure, result } = this.#run!;
    if (this.#failure === null && failure !== null) {
      this.#fail(failure.error, this.#environment.places[0]);
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
    };
  }
}

/**
 * Runs `main` on a simulated network in virtual time, and returns when it has ended. Hosts, addresses,
 * links and faults are made by `main`; everything that this package exports runs unchanged on them.
 * Timers and time-outs take no real time. The same options and the same program give the same run.
 *
 * No promise resolves meanwhile and no timer of the host fires, as under {@linkcode runSync}. It may be
 * called from a goroutine of a real run, which goes on afterwards. Go: testing/synctest, with a network.
 *
 * @param options see {@linkcode SimOptions}
 * @param main the first goroutine; it runs on a host of its own, "test"
 * @returns the value of `main`, and the hash of the run
 * @throws {SimulationError} if a goroutine fails, if nothing can ever happen any more, or if a limit is
 * exceeded; {@linkcode TypeError} or {@linkcode RangeError} for an invalid option
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
