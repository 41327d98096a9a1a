// SPDX-License-Identifier: MIT
/** Interface of a simulated host to the main function. */
import { FAULT, HOST } from "../../platforms/sim/log.ts";
import type { Goroutine, Routine } from "../sched/goroutine.ts";
import { PanicError } from "../sched/goroutine.ts";
import { bodyOf, spawn } from "../sched/spawn.ts";
import { shown } from "../validate/argument.ts";
import type { SimClock } from "./calendar.ts";
import { type Environment, type Place, textOf } from "./environment.ts";

/** Program of a host: started with the host, and again at each restart. */
export type HostMain = (host: SimHost) => Routine<unknown>;

/** Host of a simulation: a machine with a kernel, addresses, a clock and one process. */
export class SimHost {
  /** Calendar clock of the host. */
  readonly clock: SimClock;
  /** Values that survive a crash, like a disk; the program loses everything else. */
  readonly kept: Map<string, unknown> = new Map();
  readonly #environment: Environment;
  /** @internal */
  readonly place: Place;
  readonly #main: HostMain | null;

  /** @internal */
  constructor(environment: Environment, place: Place, main: HostMain | null) {
    this.#environment = environment;
    this.place = place;
    this.clock = place.clock;
    this.#main = main;
    this.#start();
  }

  /** Name of the host, which is also its DNS name. */
  get name(): string {
    return this.place.kernel.name;
  }

  /** Addresses of the host as text, IPv4 first. */
  get addresses(): readonly string[] {
    return this.place.kernel.addresses.map(textOf);
  }

  /** Whether the host is running. */
  get up(): boolean {
    return this.place.kernel.up;
  }

  /** Number of open descriptors. */
  get descriptors(): number {
    return this.place.kernel.descriptors;
  }

  /**
   * Starts a goroutine on this host. An error that it does not catch, and that no `join` waits for,
   * fails the simulation. Never parks.
   *
   * @param f a `function*`, or a function that returns a {@linkcode Routine}
   * @param args arguments for `f`
   * @throws {PanicError} if the host is down; {@linkcode TypeError} if `f` is not a `function*`
   * @example
   * ```ts
   * const answer = web.go(function* () { return yield* readAll(yield* dial("tcp", "db:80")); });
   * ```
   */
  go<A extends unknown[], T>(f: (...args: A) => Routine<T>, ...args: A): Goroutine<T> {
    if (!this.up) throw new PanicError(`go on ${this.name}: the host is down`);
    const body = bodyOf("start a goroutine", f, args, this.go);
    return spawn(this.#environment.runOf(this.place), f.name || "anonymous", body);
  }

  /**
   * Crashes the host. Its goroutines end without running `finally` blocks. Its connections end
   * without notice; peers detect that by their own timeouts, or by a reset once the host is up
   * again. No effect on a host that is down. Never parks.
   *
   * @throws {PanicError} if a goroutine of this host calls it
   */
  crash(): void {
    if (!this.up) return;
    const { place } = this;
    place.run?.crash();
    place.run = null;
    place.paused = false;
    place.suspended.length = 0;
    place.kernel.crash();
  }

  /** Boots the host and starts its `main` again. A running host crashes first. Never parks. */
  restart(): void {
    this.crash();
    this.place.kernel.start();
    this.#start();
  }

  /**
   * Stops the host's program, like SIGSTOP: its goroutines have no turns, while its kernel
   * continues. Never parks.
   */
  pause(): void {
    if (this.place.paused) return;
    this.place.paused = true;
    this.place.kernel.log(HOST, "paused");
  }

  /** Resumes the host's program, like SIGCONT. Never parks. */
  resume(): void {
    if (!this.place.paused) return;
    this.place.kernel.log(HOST, "resumed");
    this.#environment.resume(this.place);
  }

  /**
   * Sets limits of the host. Never parks.
   *
   * @param limits `descriptors`: maximum number of open descriptors, beyond which calls fail with
   * "EMFILE"
   * @throws {RangeError} if a limit is not an integer
   */
  limit({ descriptors }: { readonly descriptors?: number }): void {
    if (descriptors === undefined) return;
    if (!Number.isInteger(descriptors) || descriptors < 0) {
      throw new RangeError(
        `Cannot limit ${this.name} as descriptors must be a whole number: current value is ${
          shown(descriptors)
        }`,
      );
    }
    this.place.kernel.limit = descriptors;
    this.place.kernel.log(FAULT, `${descriptors} descriptors at most`);
  }

  #start(): void {
    if (this.#main !== null) this.go(this.#main, this);
  }
}
