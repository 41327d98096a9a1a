// SPDX-License-Identifier: MIT
/**
 * Replaces the environment of the program while a simulation runs: the thread's state, the clocks,
 * and the platform, which is that of the current host.
 */
import { bytesOf } from "../../platforms/sim/address.ts";
import { exchangePlatform } from "../../platforms/platform.ts";
import type { Platform } from "../../platforms/contract/platform.ts";
import { Choices, type Stream } from "../../platforms/sim/choices.ts";
import type { Kernel } from "../../platforms/sim/kernel.ts";
import { type FaultRates, Faults } from "../../platforms/sim/faults.ts";
import { LOCAL_NETWORK, LOOPBACK } from "../../platforms/sim/link.ts";
import { Log, OPERATION, PROPERTY } from "../../platforms/sim/log.ts";
import { Network } from "../../platforms/sim/network.ts";
import { simulatedPlatform } from "../../platforms/sim/platform.ts";
import { World } from "../../platforms/sim/world.ts";
import { seedSelect } from "../chan/select_random.ts";
import { setClock } from "../sched/clock.ts";
import { formatIP } from "../net/addr/ip.ts";
import type { G } from "../sched/goroutine.ts";
import { Run } from "../sched/run.ts";
import { scheduler } from "../sched/thread.ts";
import { exchangeState, type ThreadState } from "../sched/thread_state.ts";
import { SimClock } from "./calendar.ts";
import { type Checked, setChecked } from "./check/properties.ts";
import { PropertyCounts } from "./check/property_counts.ts";
import { checkFaults, ratesOf } from "./fault_options.ts";
import { Globals } from "./globals.ts";
import { checkLink } from "./link_options.ts";
import type { Settings } from "./options.ts";
import { type TurnWatcher, watcherOf } from "./turns.ts";

/** A host: the `place` of its goroutines. */
export class Place {
  readonly kernel: Kernel;
  readonly platform: Platform;
  readonly clock: SimClock;
  /** Run of its goroutines; a new one after each start. */
  run: Run | null = null;
  /** Whether its program is stopped, while its kernel continues. */
  paused = false;
  /** Goroutines whose turns are deferred in the meantime. */
  readonly suspended: G[] = [];

  /** Source of `Math.random` and similar functions. */
  readonly random: Stream;

  constructor(kernel: Kernel, platform: Platform, clock: SimClock) {
    this.kernel = kernel;
    this.platform = platform;
    this.clock = clock;
    this.random = kernel.world.choices.stream(`host ${kernel.name} random`);
  }
}

/** Converts an address key of the network to text. */
export function textOf(key: string): string {
  return formatIP(bytesOf(key, false));
}

/** See the top of this file. */
export class Environment {
  readonly settings: Settings;
  readonly choices: Choices;
  readonly world: World;
  readonly network: Network;
  /** Hosts by kernel number; the first runs the main function. */
  readonly places: Place[] = [];
  /** Addresses of additional names. */
  readonly names: Map<string, readonly string[]> = new Map();
  /** Name servers for all other names. */
  nameservers: readonly string[] = [];
  /** Called for each uncaught error of a host's goroutine. */
  onFailure: (error: unknown, place: Place) => void = () => {};
  /** Ends all faults. */
  onQuiet: () => void = () => {};
  /** Properties that the program has stated. */
  readonly properties: PropertyCounts = new PropertyCounts();
  readonly #globals: Globals;
  readonly #rates: FaultRates | null;
  #real: ThreadState | null = null;
  #realPlatform: (() => Platform) | null = null;
  #own: ThreadState | undefined;
  readonly #platform = () => this.place.platform;
  /** Observer of turns. */
  readonly #watcher: TurnWatcher | null;
  /** Ends the observation, while it lasts. */
  #unwatch: (() => void) | null = null;

  constructor(settings: Settings) {
    this.settings = settings;
    this.#watcher = watcherOf(settings.schedule);
    const { seed, choices: script, record, turn, look } = settings;
    this.choices = new Choices({ seed, script, record });
    const hosts: Kernel[] = [];
    this.world = new World(this.choices, new Log(hosts, record), { turn, look });
    const shape = { ...LOCAL_NETWORK, ...checkLink("simulate", settings.link) };
    const own = { ...LOOPBACK, ...checkLink("simulate", settings.loopback) };
    this.network = new Network(this.world, hosts, shape, own);
    this.#rates = ratesOf(checkFaults(settings.faults), settings.swarm, this.choices);
    this.#globals = new Globals({
      now: () => this.world.look(),
      epoch: () => this.epoch(),
      random: (n) => this.place.random.choose(n),
      outside: settings.outside === "allow",
    });
  }

  /** The current host; that of the main function if there is no other. */
  get place(): Place {
    const run = scheduler.current?.run ?? scheduler.timers.firing as Run | null;
    const place = run?.place ?? this.#handing() ?? this.places[0];
    return place as Place;
  }

  /** Calendar time of the current host. */
  epoch(): number {
    return this.place.clock.read(this.world.look());
  }

  /** Adds a host. */
  add(name: string, addresses: readonly string[], skew: number): Place {
    const kernel = this.network.add(name, addresses);
    if (this.#rates !== null) {
      kernel.faults = new Faults(this.#rates, this.choices.stream(`host ${name} faults`));
    }
    const clock = new SimClock(this.settings.epoch, () => this.world.now, skew);
    const platform = simulatedPlatform(kernel, {
      lookup: (asked) => this.#lookup(asked),
      resolvConf: () => this.nameservers.map((server) => `nameserver ${server}\n`).join(""),
    });
    const place = new Place(kernel, platform, clock);
    this.places.push(place);
    return place;
  }

  /** Returns the run of a host's goroutines, a new one if the last has ended. */
  runOf(place: Place): Run {
    if (place.run !== null && !place.run.ending) return place.run;
    const run = new Run(scheduler, { whenEmpty: "end", detectDeadlock: false, place });
    run.onOver = () => {
      if (run.failure !== null) this.onFailure(run.failure.error, place);
    };
    return place.run = run;
  }

  /** Installs the simulated environment. */
  enter(): void {
    this.#real = exchangeState(this.#own);
    this.#realPlatform = exchangePlatform(this.#platform);
    if (this.#own === undefined) this.#prepare();
    this.#globals.install();
    const { world, choices } = this;
    this.#unwatch = this.#watcher?.watch({ world, choices, scheduler }) ?? null;
  }

  /** Restores the real environment. */
  leave(): void {
    this.#unwatch?.();
    this.#globals.remove();
    this.#own = exchangeState(this.#real!);
    exchangePlatform(this.#realPlatform!);
  }

  /** Resumes the goroutines of a host. */
  resume(place: Place): void {
    place.paused = false;
    for (const g of place.suspended.splice(0)) scheduler.requeue(g);
  }

  #prepare(): void {
    const { world, choices } = this;
    setClock({ now: () => world.look(), epoch: () => this.epoch() });
    setChecked(this.#checked());
    seedSelect(choices.stream("select").choose(0xffff_ffff));
    scheduler.onOutside = () => {};
    scheduler.timers.owner = () => scheduler.current?.run ?? null;
    scheduler.admit = (g) => this.#admit(g);
    scheduler.picker = this.#picker(choices.stream("schedule"));
    const watcher = this.#watcher;
    if (watcher !== null) scheduler.onTurnEnd = (g) => watcher.ended(g);
  }

  #checked(): Checked {
    const { world, properties } = this;
    return {
      properties,
      get now() {
        return world.now;
      },
      logProperty: (text) => this.place.kernel.log(PROPERTY, text),
      logOperation: (number, text) => this.place.kernel.log(OPERATION, text, number),
      fail: (error) => this.onFailure(error, this.place),
      quiet: () => this.onQuiet(),
    };
  }

  #picker(stream: Stream): ((runnable: readonly G[]) => number) | null {
    const { schedule } = this.settings;
    if (schedule === "fifo") return null;
    if (schedule === "random") return (runnable) => stream.choose(runnable.length);
    return (runnable) => stream.decide(runnable.length, () => schedule.pick(runnable));
  }

  #admit(g: G): boolean {
    const place = (g.run.place ?? this.places[0]) as Place;
    if (place.paused) {
      place.suspended.push(g);
      return false;
    }
    this.world.turn(place.kernel.index, g.id, g.name);
    this.#watcher?.began(g);
    return true;
  }

  #handing(): Place | null {
    const { handing } = this.network.poller;
    return handing === null ? null : this.places[(handing as Kernel).index];
  }

  #lookup(name: string): readonly string[] | null | undefined {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    const host = this.places.find(({ kernel }) => kernel.name.toLowerCase() === name);
    if (host !== undefined) return host.kernel.addresses.map(textOf);
    return this.nameservers.length > 0 ? undefined : null;
  }
}
