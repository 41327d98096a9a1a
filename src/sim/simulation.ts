// SPDX-License-Identifier: MIT
/** Interface of a simulation to its main function: hosts, links, faults. */
import { keyOf } from "../../platforms/sim/address.ts";
import type { Link } from "../../platforms/sim/link.ts";
import { NOTE } from "../../platforms/sim/log.ts";
import { parseIP } from "../net/addr/ip.ts";
import { shown } from "../validate/argument.ts";
import { unknownOption } from "../validate/unknown_option.ts";
import { type Environment, textOf } from "./environment.ts";
import { type HostMain, SimHost } from "./host.ts";
import { between, bridge, type Direction, halves, majoritiesRing, shuffled } from "./nemesis.ts";
import { checkLink, type LinkOptions } from "./link_options.ts";

/** Options of {@linkcode Simulation.host}. */
export interface HostOptions {
  /** Addresses of the host; by default one of 10.0.0.0/16 and one of fd00::/64. */
  ip?: string | readonly string[];
  /** Program of the host, started with it and at each restart. */
  main?: HostMain;
  /** `skew`: offset of the host's calendar clock in milliseconds. */
  clock?: { readonly skew?: number };
}

const KEYS = ["ip", "main", "clock"];

/** Throws TypeError for an option that does not exist, such as a `skew` outside of `clock`. */
function checkHost({ clock = {}, ...options }: HostOptions): void {
  for (const name of Object.keys(options)) {
    if (!KEYS.includes(name)) throw unknownOption("add a host", name, KEYS);
  }
  for (const name of Object.keys(clock)) {
    if (name !== "skew") throw unknownOption("add a host", name, ["skew"], " of a clock");
  }
  if (!Number.isFinite(clock.skew ?? 0)) {
    throw new RangeError(
      `Cannot add a host as skew must be a time: current value is ${shown(clock.skew)}`,
    );
  }
}

/** A fault that lasts until it is healed. */
export interface Cut {
  /** Heals it; a second call has no effect. Never parks. */
  heal(): void;
}

/** Stream of random decisions of a simulation. Each is an integer, and 0 is the harmless one. */
export interface SimStream {
  /** Returns an integer from 0 to `n` - 1; `n` is at most 2^32. */
  choose(n: number): number;
  /** Returns true with this probability. */
  chance(probability: number): boolean;
  /** Returns a number from `least` to `most`. */
  between(least: number, most: number): number;
}

/** One or several hosts. */
export type Hosts = SimHost | readonly SimHost[];

/** Simulated network with its hosts. The main function of a simulation receives it. */
export class Simulation {
  /** Host that the main function runs on. */
  readonly test: SimHost;
  readonly #environment: Environment;
  readonly #hosts: SimHost[] = [];
  readonly #lastingFaults = new Set<Cut>();

  /** @internal */
  constructor(environment: Environment) {
    this.#environment = environment;
    environment.onQuiet = () => this.quiet();
    const addresses = ["10.255.0.1", "fd00::ff:1"].map(keyOfText);
    this.test = new SimHost(environment, environment.add("test", addresses, 0), null);
  }

  /** Seed of the simulation. */
  get seed(): number {
    return this.#environment.choices.seed;
  }

  /** Virtual time since the start, in milliseconds. */
  get now(): number {
    return this.#environment.world.now;
  }

  /** Hosts in the order in which they were added, without that of the main function. */
  get hosts(): readonly SimHost[] {
    return this.#hosts;
  }

  /**
   * Adds a host and starts its program. Never parks.
   *
   * @param name name of the host; other hosts can dial it by that name
   * @throws {TypeError} if the name is taken, an address is none, or there is no such option
   * @example
   * ```ts
   * const web = sim.host("web", { ip: "10.0.0.1", main: echoServer });
   * ```
   */
  host(name: string, options: HostOptions = {}): SimHost {
    checkHost(options);
    const { ip = this.#freeAddresses(), main = null, clock } = options;
    if (!/^[\w.-]+$/.test(name) || this.#place(name)) {
      throw new TypeError(`Cannot add a host as name must be new and a host name: ${shown(name)}`);
    }
    const addresses = (typeof ip === "string" ? [ip] : ip).map(keyOfText);
    const taken = addresses.find((key) => this.#environment.network.hostAt(key) !== null);
    if (taken !== undefined) {
      throw new TypeError(`Cannot add ${name}: another host has the address ${textOf(taken)}`);
    }
    const place = this.#environment.add(name, addresses, clock?.skew ?? 0);
    const host = new SimHost(this.#environment, place, main);
    this.#hosts.push(host);
    return host;
  }

  /**
   * Assigns a name to addresses, in addition to the names of hosts. Never parks.
   *
   * @param addresses one or several IP addresses; an empty list makes the name unknown
   */
  name(name: string, addresses: string | readonly string[]): void {
    const all = typeof addresses === "string" ? [addresses] : addresses;
    this.#environment.names.set(name.toLowerCase(), all.map((text) => textOf(keyOfText(text))));
  }

  /**
   * Enables DNS for names that are neither host names nor set by `name`: the library's resolver
   * queries port 53 of these servers, as if they were in resolv.conf(5). Without servers such names
   * do not exist. Never parks.
   */
  nameservers(servers: readonly (SimHost | string)[]): void {
    this.#environment.nameservers = servers.map((server) =>
      typeof server === "string" ? server : server.addresses[0]
    );
  }

  /**
   * Sets properties of the link between two hosts, or two groups of hosts, in both directions.
   * Omitted properties are unchanged. Never parks.
   *
   * @param oneWay whether only the direction from `a` to `b` is set
   * @throws {TypeError} or {@linkcode RangeError} for an invalid property
   * @example
   * ```ts
   * sim.link(web, db, { latency: [5, 20], loss: 0.01, bandwidth: "100Mbit" });
   * ```
   */
  link(a: Hosts, b: Hosts, options: LinkOptions, { oneWay = false }: OneWay = {}): void {
    const shape = checkLink("set a link", options);
    for (const link of this.#links(a, b, oneWay)) link.shape = { ...link.shape, ...shape };
  }

  /**
   * Partitions two groups of hosts: every packet between them is lost, until the cut is healed.
   * Connections survive; what they send is retransmitted later. Never parks.
   *
   * @param oneWay whether only packets from `a` to `b` are lost
   * @example
   * ```ts
   * const cut = sim.partition([web], [db]);
   * yield* sleep(10_000);
   * cut.heal();
   * ```
   */
  partition(a: Hosts, b: Hosts, { oneWay = false }: OneWay = {}): Cut {
    const links = this.#links(a, b, oneWay);
    for (const link of links) link.cuts++;
    const what = `${namesOf(a)} ${oneWay ? "->" : "<->"} ${namesOf(b)}`;
    return this.#lasting(`partition ${what}`, () => {
      for (const link of links) link.cuts--;
    });
  }

  /**
   * Holds every packet between two groups of hosts until the hold is healed: then all arrive. Never
   * parks.
   */
  hold(a: Hosts, b: Hosts, { oneWay = false }: OneWay = {}): Cut {
    const links = this.#links(a, b, oneWay);
    for (const link of links) link.holds++;
    const what = `${namesOf(a)} ${oneWay ? "->" : "<->"} ${namesOf(b)}`;
    return this.#lasting(`hold ${what}`, () => {
      for (const link of links) if (--link.holds === 0) link.release();
    });
  }

  /**
   * Isolates one host from all others, in both directions.
   *
   * @param hosts the others; all hosts by default
   */
  isolate(host: SimHost, hosts: readonly SimHost[] = this.#hosts): Cut {
    return this.#cut(`isolate ${host.name}`, between([host], hosts));
  }

  /** Partitions the hosts into two random halves. Jepsen: `partition-random-halves`. */
  halves(hosts: readonly SimHost[] = this.#hosts): Cut {
    return this.#cut("halves", halves(this.#shuffled(hosts)));
  }

  /**
   * Partitions the hosts into two random halves, with one host connected to both. Jepsen: `bridge`.
   */
  bridge(hosts: readonly SimHost[] = this.#hosts): Cut {
    return this.#cut("bridge", bridge(this.#shuffled(hosts)));
  }

  /**
   * Partitions the hosts so that each sees a majority and no two see the same one. Jepsen:
   * `majorities-ring`.
   */
  majoritiesRing(hosts: readonly SimHost[] = this.#hosts): Cut {
    return this.#cut("majorities ring", majoritiesRing(this.#shuffled(hosts)));
  }

  /** Resets every TCP connection between two groups of hosts, as a firewall does. Never parks. */
  reset(a: Hosts, b: Hosts): void {
    const ips = new Set(listOf(b).flatMap(({ place }) => place.kernel.addresses));
    this.#environment.world.fault(-1, `reset ${namesOf(a)} <-> ${namesOf(b)}`);
    for (const { place } of listOf(a)) {
      for (const holder of [...place.kernel.tcp.all()]) {
        if (holder.remote !== null && ips.has(holder.remote.ip)) holder.cutOff();
      }
    }
  }

  /**
   * Ends all faults: heals cuts and holds, stops system call faults, and resumes paused hosts.
   * Hosts that are down stay down, and links keep their properties. From here on a program must
   * make progress.
   */
  quiet(): void {
    for (const cut of [...this.#lastingFaults]) cut.heal();
    for (const { kernel } of this.#environment.places) kernel.faults = null;
    for (const host of this.#hosts) host.resume();
    this.#environment.world.fault(-1, "quiet");
  }

  /**
   * Returns a stream of random decisions for the program's own use: they are part of the run's
   * choices, and repeated and shrunk with them.
   *
   * @param name name of the stream; the same name returns the same stream
   */
  stream(name: string): SimStream {
    return this.#environment.choices.stream(`program ${name}`);
  }

  /**
   * Names places that {@linkcode reachable} marks and that runs should come to. A place that no run
   * reaches is then in the results with a count of 0; without its name here, it is in none. Never
   * parks.
   *
   * @param names names of `reachable`
   */
  expectReachable(...names: readonly string[]): void {
    for (const name of names) this.#environment.properties.of("reachable", name);
  }

  /** Adds a note to the event log. Never parks. */
  note(text: string): void {
    this.#environment.place.kernel.log(NOTE, text);
  }

  #lasting(what: string, mend: () => void): Cut {
    const { world } = this.#environment;
    world.fault(-1, what);
    const cut = {
      heal: () => {
        if (!this.#lastingFaults.delete(cut)) return;
        world.fault(-1, `heal ${what}`);
        mend();
      },
    };
    this.#lastingFaults.add(cut);
    return cut;
  }

  #cut(what: string, directions: readonly Direction<SimHost>[]): Cut {
    const links = directions.map(([from, to]) =>
      this.#environment.network.link(from.place.kernel, to.place.kernel)
    );
    for (const link of links) link.cuts++;
    const list = directions.map(([from, to]) => `${from.name}>${to.name}`).join(" ");
    return this.#lasting(`${what}: ${list}`, () => {
      for (const link of links) link.cuts--;
    });
  }

  #shuffled(hosts: readonly SimHost[]): SimHost[] {
    const stream = this.#environment.choices.stream("nemesis");
    return shuffled(hosts, (n) => stream.choose(n));
  }

  #links(a: Hosts, b: Hosts, oneWay: boolean): Set<Link> {
    const links = new Set<Link>();
    const { network } = this.#environment;
    for (const { place: { kernel: from } } of listOf(a)) {
      for (const { place: { kernel: to } } of listOf(b)) {
        if (from === to) continue;
        links.add(network.link(from, to));
        if (!oneWay) links.add(network.link(to, from));
      }
    }
    return links;
  }

  #place(name: string): boolean {
    return this.#environment.places.some(({ kernel }) => kernel.name === name);
  }

  #freeAddresses(): string[] {
    const { network } = this.#environment;
    for (let i = 1;; i++) {
      const both = [`10.0.${i >> 8}.${i & 255}`, `fd00::${i.toString(16)}`];
      if (both.every((text) => network.hostAt(keyOfText(text)) === null)) return both;
    }
  }
}

/** Option of calls about a link. */
export interface OneWay {
  /** Whether only the direction from the first to the second is affected; false by default. */
  readonly oneWay?: boolean;
}

function listOf(hosts: Hosts): readonly SimHost[] {
  return hosts instanceof SimHost ? [hosts] : hosts;
}

function namesOf(hosts: Hosts): string {
  return listOf(hosts).map(({ name }) => name).join(",");
}

function keyOfText(text: string): string {
  const ip = parseIP(text);
  if (ip === null) throw new TypeError(`Cannot add a host: ${shown(text)} is not an IP address`);
  return keyOf(ip);
}
