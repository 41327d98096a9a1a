// SPDX-License-Identifier: MIT
/**
 * One direction between two hosts, with the parameters of netem(8): delay, loss, duplication,
 * reordering, a rate and a queue.
 */
import type { Stream } from "./choices.ts";
import { SEND } from "./log.ts";
import { HEADERS, type Packet, type Station } from "./packet.ts";
import type { World } from "./world.ts";

/** Length of the IP and UDP headers. */
const IP_HEADERS = 28;

/** Burst loss. Gilbert-Elliott model: a state with little loss, and one with much. */
export interface GilbertElliott {
  /** Probability of loss in the good state. */
  readonly good: number;
  /** Probability of loss in the bad state. */
  readonly bad: number;
  /** Probability per packet of a transition to the bad state. */
  readonly toBad: number;
  /** Probability per packet of a transition to the good state. */
  readonly toGood: number;
}

/** Properties of a direction. */
export interface LinkShape {
  /** Minimum and maximum latency of a packet in milliseconds. */
  latency: readonly [least: number, most: number];
  /** Maximum random addition to the latency in milliseconds. */
  jitter: number;
  /** From 0 to 1: correlation of a packet's jitter with that of the previous one. */
  correlation: number;
  /** Loss probability. */
  loss: number | GilbertElliott;
  /** Probability that a packet is duplicated. */
  duplicate: number;
  /** Probability that a packet is delayed and overtaken. */
  reorder: number;
  /** Bandwidth in bits per second, or Infinity. */
  bandwidth: number;
  /** Size of the queue in bytes; packets beyond it are lost. */
  queue: number;
  /** Maximum size of an IP packet in bytes. */
  mtu: number;
}

/** Properties of the loopback link, like Linux's device. */
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

/** Default properties of a link: a local network. */
export const LOCAL_NETWORK: LinkShape = {
  ...LOOPBACK,
  latency: [0.1, 0.3],
  queue: 1 << 20,
  mtu: 1500,
};

/** See the top of this file. */
export class Link {
  shape: LinkShape;
  /** Number of partitions that cut it. */
  cuts = 0;
  /** Number of holds that stop it. */
  holds = 0;
  readonly #world: World;
  readonly #held: Packet[] = [];
  readonly #latency: Stream;
  readonly #loss: Stream;
  readonly #oddities: Stream;
  /** Arrival time of the packet sent last. */
  #lastArrival = 0;
  /** Time until which the wire is busy. */
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

  /** Sends the held packets. */
  release(): void {
    for (const packet of this.#held.splice(0)) {
      if (this.cuts > 0) packet.drop("partition");
      else this.#carry(packet);
    }
  }

  /**
   * Whether a packet is lost. One longer than the MTU is fragmented, and lost with any of its
   * fragments.
   */
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
      // Late enough to be overtaken; does not delay later packets.
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
