// SPDX-License-Identifier: MIT
/** The kernel of a simulated host: its descriptors, ports and addresses. */
import { ANY, isLoopback, isV4, LOOPBACK4, LOOPBACK6 } from "./address.ts";
import { EBADF, EMFILE, ENETUNREACH } from "./errno.ts";
import { CALL, HOST } from "./log.ts";
import type { Faults } from "./faults.ts";
import type { Link } from "./link.ts";
import type { Station } from "./packet.ts";
import type { Registration, SimPoller } from "./poller.ts";
import { type PortHolder, Ports } from "./ports.ts";
import type { SegmentTarget } from "./segment.ts";
import { UnixNames } from "./unix_names.ts";
import type { World } from "./world.ts";

/** Descriptors of a host are numbered from its own multiple of this: a number tells its host. */
export const NUMBERS = 1 << 16;
/** 0, 1 and 2 are taken in every process. */
const FIRST_FD = 3;
/** The limit of descriptors that a process has mostly. getrlimit(2), RLIMIT_NOFILE. */
const MOST_DESCRIPTORS = 65_000;

/** An open file: what descriptors stand for. */
export interface OpenFile {
  readonly station: Kernel;
  /** Descriptors that stand for it. */
  references: number;
  readonly registrations: Registration[];
  readonly mode: number;
  /** The last descriptor was closed. */
  closed(): void;
}

/** What lies between the hosts; network.ts implements it. */
export interface Net {
  readonly world: World;
  readonly poller: SimPoller;
  readonly hosts: readonly Kernel[];
  /** The host that has an address, or null. */
  hostAt(ip: string): Kernel | null;
  /** The link in this direction. */
  link(from: Kernel, to: Kernel): Link;
}

/** A socket of TCP that has a port. */
export interface TcpHolder extends PortHolder, SegmentTarget {
  /** Something between it and its peer ends their connection by a reset. */
  cutOff(): void;
}

/** See the top of this file. */
export class Kernel implements Station {
  readonly world: World;
  readonly network: Net;
  readonly index: number;
  readonly name: string;
  /** Its addresses, as keys; the first of a version is the one that it speaks from. */
  readonly addresses: readonly string[];
  up = true;
  /** Counts how often it was started: sockets of a start before are gone. */
  boot = 1;
  /** Faults of its system calls; null for none. */
  faults: Faults | null = null;
  /** Descriptors that may be open. */
  limit: number = MOST_DESCRIPTORS;
  /** Ports of TCP. */
  readonly tcp: Ports<TcpHolder>;
  /** Ports of UDP. */
  readonly udp: Ports<PortHolder>;
  readonly unixNames: UnixNames<OpenFile> = new UnixNames();
  readonly #files: (OpenFile | undefined)[] = [];
  #open = 0;
  /** No place before this one is free. */
  #lowest = 0;

  constructor(network: Net, index: number, name: string, addresses: readonly string[]) {
    this.network = network;
    this.world = network.world;
    this.index = index;
    this.name = name;
    this.addresses = addresses;
    const now = () => this.world.now;
    this.tcp = new Ports(now, false);
    this.udp = new Ports(now, true);
  }

  /** How many descriptors are open. */
  get descriptors(): number {
    return this.#open;
  }

  /** How many open files are sockets. */
  get sockets(): number {
    return new Set(this.#files.filter((file) => file !== undefined && "domain" in file)).size;
  }

  /**
   * Gives `file` the lowest number that is free, as POSIX does; minus an errno if there is none.
   */
  allocate(file: OpenFile): number {
    if (this.#open >= this.limit || this.faults?.happens("descriptors")) return -EMFILE;
    const files = this.#files;
    let at = this.#lowest;
    while (files[at] !== undefined) at++;
    this.#lowest = at + 1;
    files[at] = file;
    file.references++;
    this.#open++;
    return this.index * NUMBERS + FIRST_FD + at;
  }

  /** The open file behind `fd`, or undefined. */
  file(fd: number): OpenFile | undefined {
    return this.#files[fd - this.index * NUMBERS - FIRST_FD];
  }

  /** Closes a descriptor. */
  close(fd: number): number {
    const at = fd - this.index * NUMBERS - FIRST_FD;
    const file = this.#files[at];
    if (file === undefined) return -EBADF;
    this.#files[at] = undefined;
    this.#open--;
    this.#lowest = Math.min(this.#lowest, at);
    if (--file.references === 0) file.closed();
    return 0;
  }

  /** Loses power: nothing that was open says goodbye. */
  crash(): void {
    this.up = false;
    this.boot++;
    this.#files.length = this.#open = this.#lowest = 0;
    this.tcp.clear();
    this.udp.clear();
    this.unixNames.crash();
    this.log(HOST, "crashed");
  }

  /** Has power again. */
  start(): void {
    this.up = true;
    this.log(HOST, "started");
  }

  /** Whether it answers to this address. */
  has(ip: string): boolean {
    return isLoopback(ip) || this.addresses.includes(ip);
  }

  /** The address that it speaks to `ip` from, or minus an errno. */
  sourceFor(ip: string): string | number {
    if (isLoopback(ip)) return isV4(ip) ? LOOPBACK4 : LOOPBACK6;
    if (this.addresses.includes(ip)) return ip;
    return this.addresses.find((own) => isV4(own) === isV4(ip)) ?? -ENETUNREACH;
  }

  /** The host at this address, or null: itself for what every host calls itself. */
  hostAt(ip: string): Kernel | null {
    return ip === ANY || this.has(ip) ? this : this.network.hostAt(ip);
  }

  /** Adds an event of this host to the log; `operation` is the number of one. */
  log(kind: number, text: string, operation = 0): void {
    const { world } = this;
    world.log.add(world.now, kind, this.index, world.goroutine, text, 0, -1, operation);
  }

  /** A system call begins: what is due has happened by now. */
  enter(): void {
    const { world } = this;
    if (world.events.next <= world.now) world.catchUp();
  }

  /** A system call is over. */
  called(name: string, fd: number, result: number): number {
    const { world } = this;
    world.log.add(world.now, CALL, this.index, world.goroutine, name, 0, -1, fd, result);
    return result;
  }
}
