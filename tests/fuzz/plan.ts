// SPDX-License-Identifier: MIT
/** What the two sides of a connection do, drawn from a seed before anything is done. */
import { Random } from "./random.ts";

/** Networks that are tried; "pipe" has no kernel under it. */
export const NETWORKS = ["tcp", "unix", "pipe"] as const;

/** One of them. */
export type Network = typeof NETWORKS[number];

/** What may end a call before its time: a context's deadline, or its cancel. */
export interface Ending {
  readonly how: "timeout" | "cancel";
  readonly ms: number;
}

/** One call of a reader or a writer, and what goes before it. */
export interface Step {
  /** Milliseconds of sleep; 0 lets the others run, null does neither. */
  readonly pause: number | null;
  /** Milliseconds from now of the deadline that is set; "none" removes it, null leaves it. */
  readonly deadline: number | "none" | null;
  /** Bytes of each piece that is written, or the size of the buffer; none waits for bytes. */
  readonly sizes: readonly number[];
  readonly ending: Ending | null;
}

/** How a side ends its connection while the others are under way. */
export interface Upset {
  readonly after: number;
  readonly how: "close" | "abort" | "closeRead" | "closeWrite";
}

/** One side. */
export interface SidePlan {
  readonly writes: readonly Step[];
  /** Whether the writer ends its direction when it is done; else that comes at the very end. */
  readonly closesWrite: boolean;
  /** The reader begins anew with these until the stream is at its end. */
  readonly reads: readonly Step[];
  readonly chunks: boolean;
  /** Milliseconds after which the reader's goroutine is ended, and replaced by another. */
  readonly lives: readonly number[];
  readonly upset: Upset | null;
}

/** All of it. */
export interface Plan {
  readonly network: Network;
  /** Bytes that the kernel's buffers are asked to hold, or null for what they do. */
  readonly buffers: number | null;
  readonly sides: readonly [SidePlan, SidePlan];
}

/** Draws the plan of a seed. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const network = random.pick(NETWORKS);
  const buffers = network !== "pipe" && random.chance(0.5) ? 4096 : null;
  const largest = buffers === null && random.chance(0.3) ? 200_000 : 3000;
  const upset = random.chance(0.4);
  const side = () => sideOf(random, largest, upset);
  return { network, buffers, sides: [side(), side()] };
}

function sideOf(random: Random, largest: number, upset: boolean): SidePlan {
  return {
    writes: random.list(1 + random.below(25), () => step(random, writeSizes(random, largest))),
    closesWrite: random.chance(0.6),
    reads: random.list(30, () => step(random, readSizes(random, largest))),
    chunks: random.chance(0.3),
    lives: random.list(random.below(4), () => random.next() * 6),
    upset: upset ? upsetOf(random) : null,
  };
}

function step(random: Random, sizes: number[]): Step {
  const sleeps = random.chance(0.2) ? random.next() * 4 : null;
  const pause = random.chance(0.4) ? 0 : sleeps;
  const moment = random.chance(0.4) ? "none" : random.next() * 6 - 1;
  const deadline = random.chance(0.15) ? moment : null;
  const how = random.pick(["timeout", "cancel"] as const);
  return {
    pause,
    deadline,
    sizes,
    ending: random.chance(0.25) ? { how, ms: random.next() * 3 } : null,
  };
}

function writeSizes(random: Random, largest: number): number[] {
  const most = random.chance(0.2) ? largest : 300;
  return random.list(random.chance(0.3) ? 1 + random.below(4) : 1, () => random.below(most));
}

function readSizes(random: Random, largest: number): number[] {
  return random.chance(0.1) ? [] : [1 + random.below(random.chance(0.3) ? largest : 500)];
}

function upsetOf(random: Random): Upset | null {
  if (random.chance(0.3)) return null;
  const how = random.pick(["close", "close", "abort", "closeRead", "closeWrite"] as const);
  return { after: random.next() * 15, how };
}
