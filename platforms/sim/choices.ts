// SPDX-License-Identifier: MIT
/**
 * Every random decision of a simulation: which goroutine goes next, whether a packet is lost, how
 * long it is under way.
 *
 * Decisions are drawn from streams with names ("schedule", "link a>b loss"), each with a generator
 * of its own, so that the draws of one part do not move those of another. A decision is a whole
 * number; 0 is always the harmless one: the goroutine that has waited longest, no fault, the least
 * latency. A run is repeated by its seed, or by the list of its decisions that were not 0: then all
 * others are 0, and the list can be made shorter while the run still fails.
 */

/** One decision that was not 0: the stream, the number of the draw in it, the value. */
export type Choice = readonly [stream: string, index: number, value: number];

/** Values of a draw that stands for a fraction. */
const FINE = 0x1_0000;

/** Mixes a text into a 32-bit number. */
function mix(text: string, start: number): number {
  let hash = start | 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** What a stream needs of all choices. */
interface Source {
  readonly seed: number;
  /** Decisions by stream and number; null where they are drawn. */
  readonly script: ReadonlyMap<string, ReadonlyMap<number, number>> | null;
  /** Where decisions that are not 0 are written down, if they are. */
  readonly record: Choice[] | null;
}

/** The decisions of one kind at one place. */
export class Stream {
  readonly #name: string;
  readonly #source: Source;
  readonly #script: ReadonlyMap<number, number> | null;
  #index = 0;
  // Doty-Humphrey's sfc32.
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(name: string, source: Source) {
    this.#name = name;
    this.#source = source;
    this.#script = source.script === null ? null : source.script.get(name) ?? new Map();
    this.#a = mix(name, source.seed);
    this.#b = mix(name, this.#a ^ 0x85ebca6b);
    this.#c = mix(name, this.#b ^ source.seed);
    for (let i = 0; i < 12; i++) this.#bits();
  }

  /** Returns a whole number from 0 up to but not including `n`, at most 2^32. */
  choose(n: number): number {
    if (this.#script !== null) return this.#scripted(n);
    return this.#noted(Math.floor(this.#bits() / 0x1_0000_0000 * n));
  }

  /**
   * Returns whether something of this probability happens. One that cannot happen is no decision.
   */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    if (this.#script !== null) return this.#scripted(2) === 1;
    return this.#noted(this.#bits() < probability * 0x1_0000_0000 ? 1 : 0) === 1;
  }

  /** Returns a number from `least` up to `most`. */
  between(least: number, most: number): number {
    return least === most ? least : least + (most - least) * (this.choose(FINE) / FINE);
  }

  /**
   * Returns a decision below `n` that a strategy of its own makes, and that is written down as all
   * others are. In a scripted run the strategy is not asked.
   */
  decide(n: number, strategy: () => number): number {
    if (this.#script !== null) return this.#scripted(n);
    return this.#noted(strategy());
  }

  #scripted(n: number): number {
    const value = this.#script!.get(this.#index) ?? 0;
    return this.#noted(Math.min(value, n - 1));
  }

  #noted(value: number): number {
    const index = this.#index++;
    if (value !== 0 && this.#source.record !== null) {
      this.#source.record.push([this.#name, index, value]);
    }
    return value;
  }

  #bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
}

/** How a simulation decides. */
export interface ChoicesOptions {
  /** The seed of all streams, a 32-bit number. */
  readonly seed: number;
  /** The decisions that are not 0; by default all are drawn. */
  readonly script?: readonly Choice[];
  /** Whether decisions that are not 0 are kept. */
  readonly record?: boolean;
}

/** All streams of one simulation. */
export class Choices {
  readonly seed: number;
  /** The decisions that were not 0 so far, in their order; null unless they are kept. */
  readonly recorded: Choice[] | null;
  readonly #source: Source;
  readonly #streams = new Map<string, Stream>();

  constructor({ seed, script, record = false }: ChoicesOptions) {
    this.seed = seed >>> 0;
    this.recorded = record ? [] : null;
    this.#source = {
      seed: this.seed,
      script: script === undefined ? null : byStream(script),
      record: this.recorded,
    };
  }

  /** Returns the stream of this name, the same at each call. */
  stream(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new Stream(name, this.#source);
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

function byStream(script: readonly Choice[]): Map<string, Map<number, number>> {
  const streams = new Map<string, Map<number, number>>();
  for (const [name, index, value] of script) {
    let stream = streams.get(name);
    if (stream === undefined) streams.set(name, stream = new Map());
    stream.set(index, value);
  }
  return streams;
}
