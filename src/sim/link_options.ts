// SPDX-License-Identifier: MIT
/** Options of a link. */
import type { GilbertElliott, LinkShape } from "../../platforms/sim/link.ts";
import { shown, wrongArgument } from "../validate/argument.ts";
import { unknownOption } from "../validate/unknown_option.ts";

/** Properties of one direction between two hosts, like those of netem(8). */
export interface LinkOptions {
  /** Latency of a packet in milliseconds, or its minimum and maximum; [0.1, 0.3] by default. */
  latency?: number | readonly [least: number, most: number];
  /** Maximum random addition to the latency in milliseconds; 0 by default. */
  jitter?: number;
  /** Correlation of a packet's jitter with that of the previous one, from 0 to 1; 0 by default. */
  correlation?: number;
  /** Probability that a packet is lost, or a model of burst loss; 0 by default. */
  loss?: number | GilbertElliott;
  /** Probability that a packet is duplicated; 0 by default. */
  duplicate?: number;
  /** Probability that a packet is overtaken by later ones; 0 by default: packets stay in order. */
  reorder?: number;
  /** Bandwidth in bits per second, as a number or as "100Mbit"; `Infinity` by default. */
  bandwidth?: number | string;
  /** Size of the queue of a link with a bandwidth, in bytes; 1 MiB by default. */
  queue?: number;
  /** Maximum size of an IP packet in bytes; 1,500 by default. */
  mtu?: number;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };

/** Converts "100Mbit" to bits per second. Throws RangeError. */
function bitsPerSecond(call: string, given: number | string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([kMG]?)bit$/.exec(String(given)) ?? [];
  const bits = typeof given === "number" ? given : Number(digits) * UNITS[unit];
  if (bits > 0) return bits;
  throw wrong(call, "bandwidth", 'bits a second, or a text such as "100Mbit"', given);
}

function wrong(call: string, name: string, what: string, value: unknown): RangeError {
  return new RangeError(
    `Cannot ${call} as ${name} must be ${what}: current value is ${shown(value)}`,
  );
}

/** Properties that are probabilities. */
const PROBABILITIES = ["correlation", "duplicate", "reorder"] as const;
const KEYS = new Set([
  ...PROBABILITIES,
  "latency",
  "jitter",
  "loss",
  "bandwidth",
  "queue",
  "mtu",
]);

/** Minimum MTU of IPv6. */
const LEAST_MTU = 1280;

/** Checks options, and returns the properties that they set. Throws TypeError or RangeError. */
export function checkLink(call: string, options: LinkOptions): Partial<LinkShape> {
  if (typeof options !== "object" || options === null) {
    throw wrongArgument(call, "link", "an object", options);
  }
  for (const name of Object.keys(options)) {
    if (!KEYS.has(name)) throw unknownOption(call, name, KEYS, " of a link");
  }
  const shape: Partial<LinkShape> = {};
  const { latency, loss, jitter, bandwidth, queue, mtu } = options;
  if (latency !== undefined) {
    shape.latency = typeof latency === "number" ? [latency, latency] : latency;
  }
  const [least, most] = shape.latency ?? [0, 0];
  if (!(least >= 0 && most >= least)) throw wrong(call, "latency", "milliseconds", latency);
  for (const name of PROBABILITIES) {
    const value = options[name];
    if (value === undefined) continue;
    if (!isProbability(value)) throw wrong(call, name, "from 0 to 1", value);
    shape[name] = value;
  }
  if (loss !== undefined) shape.loss = checkLoss(call, loss);
  if (jitter !== undefined) shape.jitter = atLeast(call, "jitter", jitter, 0);
  if (bandwidth !== undefined) shape.bandwidth = bitsPerSecond(call, bandwidth);
  if (queue !== undefined) shape.queue = atLeast(call, "queue", queue, 0);
  if (mtu !== undefined) shape.mtu = atLeast(call, "mtu", mtu, LEAST_MTU);
  return shape;
}

function checkLoss(call: string, loss: number | GilbertElliott): number | GilbertElliott {
  if (typeof loss === "number" && isProbability(loss)) return loss;
  const { good, bad, toBad, toGood } = (loss ?? {}) as GilbertElliott;
  if ([good, bad, toBad, toGood].every(isProbability)) return { good, bad, toBad, toGood };
  throw wrong(call, "loss", "from 0 to 1, or { good, bad, toBad, toGood }", loss);
}

function isProbability(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function atLeast(call: string, name: string, value: number, least: number): number {
  if (typeof value === "number" && value >= least) return value;
  throw wrong(call, name, `at least ${least}`, value);
}
