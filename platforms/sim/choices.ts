// SPDX-License-Identifier: MIT
/**
 * Every random decision of a simulation: which goroutine runs next, whether a packet is lost, its
 * latency.
 *
 * Decisions are drawn from named streams ("schedule", "link a>b loss"), each with its own
 * generator, so that draws in one part do not affect those in another. A decision is an integer; 0
 * is always the harmless one: the goroutine that has waited longest, no fault, minimum latency. A
 * run is repeated by its seed, or by the list of its non-zero decisions: then all others are 0, and
 * the list can be shortened while the run still fails.
 */

/** A non-zero decision: the stream, the index of the draw in it, the value. */
export type Choice = readonly [stream: string, index: number, value: number];

/** Resolution of a fractional draw. */
const FINE = 0x1_0000;

/** Hashes a string to a 32-bit number. */
function mix(text: string, start: number): number {
  let hash = start | 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** State shared by the streams. */
interface Source {
  readonly seed: number;
  /** Decisions by stream and index; null if they are drawn. */
  readonly script: ReadonlyMap<string, ReadonlyMap<number, number>> | null;
  /** Records non-zero decisions; null if they are not recorded. */
  readonly record: Choice[] | null;
  /** Number of decisions. */
  draws: number;
}

/** Decisions of one kind at one place. */
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

  /** Returns an integer from 0 to `n` - 1; `n` is at most 2^32. */
  choose(n: number): number {
    if (this.#script !== null) return this.#scripted(n);
    return this.#noted(Math.floor(this.#bits() / 0x1_0000_0000 * n));
  }

  /** Returns true with this probability. A probability of 0 makes no decision. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    if (this.#script !== null) return this.#scripted(2) === 1;
    return this.#noted(this.#bits() < probability * 0x1_0000_0000 ? 1 : 0) === 1;
  }

  /** Returns a number from `least` to `most`. */
  between(least: number, most: number): number {
    return least === most ? least : least + (most - least) * (this.choose(FINE) / FINE);
  }

  /**
   * Returns a decision below `n` made by a custom strategy, recorded like all others. In a scripted
   * run the strategy is not called.
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
    this.#source.draws++;
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

/** Options of a simulation's decisions. */
export interface ChoicesOptions {
  /** The seed of all streams, a 32-bit number. */
  readonly seed: number;
  /** Non-zero decisions; by default all are drawn. */
  readonly script?: readonly Choice[];
  /** Whether to record non-zero decisions. */
  readonly record?: boolean;
}

/** All streams of one simulation. */
export class Choices {
  readonly seed: number;
  /** Non-zero decisions so far, in order; null unless recorded. */
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
      draws: 0,
    };
  }

  /** Number of decisions so far. */
  get draws(): number {
    return this.#source.draws;
  }

  /** Returns the stream of this name, the same one at each call. */
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
