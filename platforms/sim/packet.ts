// SPDX-License-Identifier: MIT
/** A packet between two hosts. */
import { NetEvent } from "./event_heap.ts";
import { DELIVER, DROP } from "./log.ts";
import type { World } from "./world.ts";

/** A host, as packets use it. */
export interface Station {
  readonly world: World;
  /** Host number. */
  readonly index: number;
  readonly name: string;
  /** Whether it is running. */
  up: boolean;
}

/** Length of the Ethernet, IP and TCP headers, which a link transmits besides the payload. */
export const HEADERS = 54;

/** See the top of this file. */
export abstract class Packet extends NetEvent {
  readonly from: Station;
  readonly to: Station;
  /** Description in a word or two: "tcp syn". */
  readonly what: string;
  /** Length of the payload. */
  readonly bytes: number;
  /** Destination port. */
  readonly port: number;
  /** Packet number; 0 until it is sent. */
  id = 0;

  constructor(from: Station, to: Station, what: string, bytes: number, port: number) {
    super();
    this.from = from;
    this.to = to;
    this.what = what;
    this.bytes = bytes;
    this.port = port;
  }

  /** Called when it arrives at a running host. */
  protected abstract arrive(): void;

  /** Returns a copy, for duplication. */
  abstract copy(): Packet;

  override fire(): void {
    const { to, from, id, bytes, port } = this;
    if (!to.up) return this.drop("host down");
    to.world.log.add(to.world.now, DELIVER, to.index, 0, this.what, id, from.index, bytes, port);
    this.arrive();
  }

  /** Drops the packet. */
  drop(why: string): void {
    const { from, to, id, bytes, port } = this;
    from.world.log.add(from.world.now, DROP, from.index, 0, why, id, to.index, bytes, port);
  }
}
