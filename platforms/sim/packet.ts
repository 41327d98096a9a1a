// SPDX-License-Identifier: MIT
/** A packet on its way from one host to another. */
import { NetEvent } from "./event_heap.ts";
import { DELIVER, DROP } from "./log.ts";
import type { World } from "./world.ts";

/** A host, as a packet sees it. */
export interface Station {
  readonly world: World;
  /** Its number in the simulation. */
  readonly index: number;
  readonly name: string;
  /** Whether it has power. */
  up: boolean;
}

/** Bytes of the headers of Ethernet, IP and TCP, which a link carries besides the payload. */
export const HEADERS = 54;

/** See the top of this file. */
export abstract class Packet extends NetEvent {
  readonly from: Station;
  readonly to: Station;
  /** What it is, in a word or two: "tcp syn". */
  readonly what: string;
  /** Bytes of payload. */
  readonly bytes: number;
  /** The port that it goes to. */
  readonly port: number;
  /** Its number; 0 until it is sent. */
  id = 0;

  constructor(from: Station, to: Station, what: string, bytes: number, port: number) {
    super();
    this.from = from;
    this.to = to;
    this.what = what;
    this.bytes = bytes;
    this.port = port;
  }

  /** It has arrived at a host that is up. */
  protected abstract arrive(): void;

  /** Returns a copy for a network that duplicates packets. */
  abstract copy(): Packet;

  override fire(): void {
    const { to, from, id, bytes, port } = this;
    if (!to.up) return this.drop("host down");
    to.world.log.add(to.world.now, DELIVER, to.index, 0, this.what, id, from.index, bytes, port);
    this.arrive();
  }

  /** It is lost. */
  drop(why: string): void {
    const { from, to, id, bytes, port } = this;
    from.world.log.add(from.world.now, DROP, from.index, 0, why, id, to.index, bytes, port);
  }
}
