// SPDX-License-Identifier: MIT
/** The hosts of a simulation and the links between them. */
import { Kernel, type Net, NUMBERS, type OpenFile } from "./kernel.ts";
import { Link, type LinkShape } from "./link.ts";
import { type Descriptors, SimPoller } from "./poller.ts";
import type { World } from "./world.ts";

/** See the top of this file. */
export class Network implements Net, Descriptors {
  readonly world: World;
  readonly poller: SimPoller;
  /** Hosts by number. */
  readonly hosts: Kernel[];
  readonly #byAddress = new Map<string, Kernel>();
  readonly #links = new Map<number, Link>();
  readonly #shape: LinkShape;
  readonly #own: LinkShape;

  /** Fills `hosts`; `shape` is that of links, `own` that of a host's loopback link. */
  constructor(world: World, hosts: Kernel[], shape: LinkShape, own: LinkShape) {
    this.world = world;
    this.hosts = hosts;
    this.#shape = shape;
    this.#own = own;
    this.poller = new SimPoller(world, this);
  }

  /** Adds a host. */
  add(name: string, addresses: readonly string[]): Kernel {
    const kernel = new Kernel(this, this.hosts.length, name, addresses);
    this.hosts.push(kernel);
    for (const address of addresses) this.#byAddress.set(address, kernel);
    return kernel;
  }

  hostAt(ip: string): Kernel | null {
    return this.#byAddress.get(ip) ?? null;
  }

  link(from: Kernel, to: Kernel): Link {
    const key = from.index * NUMBERS + to.index;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new Link(from, to, { ...from === to ? this.#own : this.#shape });
      this.#links.set(key, link);
    }
    return link;
  }

  find(fd: number): OpenFile | null {
    return this.hosts[Math.floor(fd / NUMBERS)]?.file(fd) ?? null;
  }
}
