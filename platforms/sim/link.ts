// SPDX-License-Identifier: MIT
/**
 * One direction between two hosts. netem(8) has the same parts: delay, loss, duplication,
 * reordering, a rate and a queue.
 */
import type { Stream } from "./choices.ts";
import { SEND } from "./log.ts";
import { HEADERS, type Packet, type Station } from "./packet.ts";
import type { World } from "./world.ts";

/** Bytes of the headers of IP and UDP. */
const IP_HEADERS = 28;

/** Loss in bursts. Gilbert and Elliott: a state that loses little, and one that loses much. */
export interface GilbertElliott {
  /** Probability of loss in the good state. */
  readonly good: number;
  /** Probability of loss in the bad state. */
  readonly bad: number;
  /** Probability that a packet finds the good state turned bad. */
  readonly toBad: number;
  /** Probability that a packet finds the bad state turned good. */
  readonly toGood: number;
}

/** How a direction is. */
export interface LinkShape {
  /** Least and most milliseconds that a packet is under way. */
  latency: readonly [least: number, most: number];
  /** Milliseconds at most that are added at random. */
  jitter: number;
  /** From 0 to 1: how much a packet's jitter resembles that of the one before. */
  correlation: number;
  /** Probability of loss. */
  loss: number | GilbertElliott;
  /** Probability that a packet arrives twice. */
  duplicate: number;
  /** Probability that a packet is late and overtaken. */
  reorder: number;
  /** Bits a second, or Infinity. */
  bandwidth: number;
  /** Bytes that wait for their turn at most; more are lost. */
  queue: number;
  /** Bytes of an IP packet at most. */
  mtu: number;
}

/** How the way of a host to itself is: as Linux's loopback device. */
export const LOOPBACK: LinkShape = {
  latency: [0.01, 0.02],
  jitter: 0,
  correlation: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  bandwidth: Infinity,
  queue: Infinity,
  mtu: 65_536,
};

/** How a link is unless it is said: a local network. */
export const LOCAL_NETWORK: LinkShape = {
  ...LOOPBACK,
  latency: [0.1, 0.3],
  queue: 1 << 20,
  mtu: 1500,
};

/** See the top of this file. */
export class Link {
  shape: LinkShape;
  /** How many partitions cut it. */
  cuts = 0;
  /** How many holds stop it. */
  holds = 0;
  readonly #world: World;
  readonly #held: Packet[] = [];
  readonly #latency: Stream;
  readonly #loss: Stream;
  readonly #oddities: Stream;
  /** When the packet arrives that was sent last. */
  #lastArrival = 0;
  /** Until when the wire is busy. */
  #busyUntil = 0;
  #lastJitter = 0;
  #bad = false;

  constructor(from: Station, to: Station, shape: LinkShape) {
    this.shape = shape;
    this.#world = from.world;
    const name = `link ${from.name}>${to.name}`;
    this.#latency = from.world.choices.stream(`${name} latency`);
    this.#loss = from.world.choices.stream(`${name} loss`);
    this.#oddities = from.world.choices.stream(`${name} oddities`);
  }

  /** Sends a packet. */
  send(packet: Packet): void {
    const world = this.#world;
    packet.id = ++world.packets;
    const { from, to, what, id, bytes, port } = packet;
    world.log.add(world.now, SEND, from.index, world.goroutine, what, id, to.index, bytes, port);
    if (this.cuts > 0) return packet.drop("partition");
    if (this.#loses(bytes)) return packet.drop("loss");
    if (this.holds > 0) return void this.#held.push(packet);
    this.#carry(packet);
    const { duplicate } = this.shape;
    if (duplicate === 0 || !this.#oddities.chance(duplicate)) return;
    const copy = packet.copy();
    copy.id = packet.id;
    this.#carry(copy);
  }

  /** Sends on what was held. */
  release(): void {
    for (const packet of this.#held.splice(0)) {
      if (this.cuts > 0) packet.drop("partition");
      else this.#carry(packet);
    }
  }

  /** A packet that is too long for the link goes in pieces, and is lost if one of them is. */
  #loses(bytes: number): boolean {
    const { loss, mtu } = this.shape;
    if (loss === 0) return false;
    for (let left = bytes; left > mtu; left -= mtu - IP_HEADERS) {
      if (this.#losesPiece()) return true;
    }
    return this.#losesPiece();
  }

  #losesPiece(): boolean {
    const { loss } = this.shape;
    if (typeof loss === "number") return this.#loss.chance(loss);
    if (this.#loss.chance(this.#bad ? loss.toGood : loss.toBad)) this.#bad = !this.#bad;
    return this.#loss.chance(this.#bad ? loss.bad : loss.good);
  }

  #carry(packet: Packet): void {
    const { bandwidth, reorder } = this.shape;
    const world = this.#world;
    let sent = world.now;
    if (bandwidth < Infinity) {
      const start = Math.max(sent, this.#busyUntil);
      const waiting = (start - sent) * bandwidth / 8000;
      if (waiting > this.shape.queue) return packet.drop("queue full");
      this.#busyUntil = sent = start + (packet.bytes + HEADERS) * 8000 / bandwidth;
    }
    let arrival = sent + this.#delay();
    if (reorder > 0 && this.#oddities.chance(reorder)) {
      // Late enough to be overtaken, and nobody waits for it.
      arrival += this.#oddities.between(0, 1 + 3 * this.shape.latency[1]);
    } else {
      arrival = this.#lastArrival = Math.max(arrival, this.#lastArrival);
    }
    world.events.add(packet, arrival);
  }

  #delay(): number {
    const { latency, jitter, correlation } = this.shape;
    const delay = this.#latency.between(latency[0], latency[1]);
    if (jitter === 0) return delay;
    const fresh = this.#latency.between(0, jitter);
    this.#lastJitter = correlation * this.#lastJitter + (1 - correlation) * fresh;
    return delay + this.#lastJitter;
  }
}
