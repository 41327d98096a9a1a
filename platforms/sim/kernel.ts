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

/** Each host's descriptors start at a multiple of this, so a number identifies its host. */
export const NUMBERS = 1 << 16;
/** 0, 1 and 2 are in use in every process. */
const FIRST_FD = 3;
/** Typical descriptor limit of a process. getrlimit(2), RLIMIT_NOFILE. */
const MOST_DESCRIPTORS = 65_000;

/** An open file description. */
export interface OpenFile {
  readonly station: Kernel;
  /** Number of its descriptors. */
  references: number;
  readonly registrations: Registration[];
  readonly mode: number;
  /** Called when the last descriptor is closed. */
  closed(): void;
}

/** The network between the hosts; network.ts implements it. */
export interface Net {
  readonly world: World;
  readonly poller: SimPoller;
  readonly hosts: readonly Kernel[];
  /** Returns the host with an address, or null. */
  hostAt(ip: string): Kernel | null;
  /** Returns the link in this direction. */
  link(from: Kernel, to: Kernel): Link;
}

/** A TCP socket with a port. */
export interface TcpHolder extends PortHolder, SegmentTarget {
  /** Resets the connection from outside, like a firewall. */
  cutOff(): void;
}

/** See the top of this file. */
export class Kernel implements Station {
  readonly world: World;
  readonly network: Net;
  readonly index: number;
  readonly name: string;
  /** Its addresses, as keys; the first one of a version is the source address. */
  readonly addresses: readonly string[];
  up = true;
  /** Number of boots: sockets of an earlier boot are gone. */
  boot = 1;
  /** Faults of its system calls; null for none. */
  faults: Faults | null = null;
  /** Maximum number of open descriptors. */
  limit: number = MOST_DESCRIPTORS;
  /** TCP ports. */
  readonly tcp: Ports<TcpHolder>;
  /** UDP ports. */
  readonly udp: Ports<PortHolder>;
  readonly unixNames: UnixNames<OpenFile> = new UnixNames();
  readonly #files: (OpenFile | undefined)[] = [];
  #open = 0;
  /** No slot before this one is free. */
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

  /** Number of open descriptors. */
  get descriptors(): number {
    return this.#open;
  }

  /** Number of open files that are sockets. */
  get sockets(): number {
    return new Set(this.#files.filter((file) => file !== undefined && "domain" in file)).size;
  }

  /**
   * Assigns the lowest free number to `file`, as POSIX requires; minus an errno if there is none.
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

  /** Returns the open file of `fd`, or undefined. */
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

  /** Crashes: open connections end without notice to their peers. */
  crash(): void {
    this.up = false;
    this.boot++;
    this.#files.length = this.#open = this.#lowest = 0;
    this.tcp.clear();
    this.udp.clear();
    this.unixNames.crash();
    this.log(HOST, "crashed");
  }

  /** Boots again. */
  start(): void {
    this.up = true;
    this.log(HOST, "started");
  }

  /** Whether this host has the address. */
  has(ip: string): boolean {
    return isLoopback(ip) || this.addresses.includes(ip);
  }

  /** Returns the source address for `ip`, or minus an errno. */
  sourceFor(ip: string): string | number {
    if (isLoopback(ip)) return isV4(ip) ? LOOPBACK4 : LOOPBACK6;
    if (this.addresses.includes(ip)) return ip;
    return this.addresses.find((own) => isV4(own) === isV4(ip)) ?? -ENETUNREACH;
  }

  /** Returns the host with this address, or null; this host for loopback addresses. */
  hostAt(ip: string): Kernel | null {
    return ip === ANY || this.has(ip) ? this : this.network.hostAt(ip);
  }

  /** Logs an event of this host; `operation` is the number of one. */
  log(kind: number, text: string, operation = 0): void {
    const { world } = this;
    world.log.add(world.now, kind, this.index, world.goroutine, text, 0, -1, operation);
  }

  /** Called at the beginning of a system call: processes events that are due. */
  enter(): void {
    const { world } = this;
    if (world.events.next <= world.now) world.catchUp();
  }

  /** Called at the end of a system call. */
  called(name: string, fd: number, result: number): number {
    const { world } = this;
    world.log.add(world.now, CALL, this.index, world.goroutine, name, 0, -1, fd, result);
    return result;
  }
}
