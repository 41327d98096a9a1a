// SPDX-License-Identifier: MIT
/**
 * Connections without a kernel: `alone FORM COUNT...` with ascending numbers of connections. FORM is
 * "run" (goroutines) or "event" (an event server). Two have no library: "plain", generators in an
 * array, the least that a goroutine could be; and "objects", where each generator has OBJECTS
 * objects, as a connection has, and counts in each of them. Prints a line of JSON.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Conn, go, listen, runSync } from "../../mod.ts";
import { serve } from "../../event.ts";
import { AT_ONCE, descriptor, type Script, standIn } from "./stand_in.ts";

/** Connections that have a message in each turn. */
const READY = 1000;
/** Turns with each number of connections; the first ones, until code is compiled, do not count. */
const TURNS = 1200;
const WARM_TURNS = 300;
/** Objects of a connection in the form "objects". */
const OBJECTS = 6;
/** Turns with garbage: enough for several full collections. */
const GARBAGE_TURNS = 1200;
/** Objects per look at the poller, and how many of the last ones are alive. */
const GARBAGE = 400;
const ALIVE = 400_000;

/** Figures with one number of connections. */
export interface Alone {
  connections: number;
  /** Private memory in bytes per connection. */
  own: number;
  /** Microseconds of a turn with 1,000 ready connections: median and 99th percentile. */
  turn_us: number;
  turn99_us: number;
  /** Longest time in milliseconds between two looks at the poller: in turns, and while growing. */
  pause: number;
  growing: number;
  /**
   * The same in turns in which the program makes garbage, of which some has lived long; null except
   * with the largest number of connections.
   */
  garbage: number | null;
}

class Measurement implements Script {
  readonly results: Alone[] = [];
  readonly #steps: number[];
  readonly #order: Int32Array;
  readonly #base = ownMemory();
  #turns: number[] = [];
  #open = 0;
  #memory = 0;
  #pause = 0;
  #growing = 0;
  #garbage = 0;
  readonly #alive: object[] = [];
  #made = 0;
  /** Time of this turn until now, and since when the program has run. */
  #spent = 0;
  #since = -1;

  constructor(steps: number[]) {
    this.#steps = steps;
    this.#order = new Int32Array(steps[steps.length - 1]).map((_, i) => descriptor(i));
  }

  entered(): void {
    if (this.#since < 0) return;
    const took = performance.now() - this.#since;
    this.#spent += took;
    if (this.#turns.length === 0) this.#growing = Math.max(this.#growing, took);
    else if (this.#littering) this.#garbage = Math.max(this.#garbage, took);
    else this.#pause = Math.max(this.#pause, took);
  }

  left(): void {
    this.#since = performance.now();
    if (this.#littering) this.#litter();
  }

  /** Whether the turns are under way in which the program makes garbage. */
  get #littering(): boolean {
    return this.#turns.length > TURNS;
  }

  get #last(): boolean {
    return this.results.length === this.#steps.length - 1;
  }

  #litter(): void {
    for (let i = 0; i < GARBAGE; i++) {
      const at = this.#made++ % ALIVE;
      this.#alive[at] = { at, next: null, text: "" };
    }
  }

  next(): number | Int32Array {
    const target = this.#steps[this.results.length];
    if (this.#open < target) {
      const more = Math.min(64, target - this.#open);
      this.#open += more;
      return more;
    }
    this.#turns.push(this.#spent);
    this.#spent = 0;
    if (this.#turns.length === TURNS) this.#memory = ownMemory();
    if (this.#turns.length > TURNS + (this.#last ? GARBAGE_TURNS : 0)) this.#end(target);
    return this.#done() ? 0 : this.choose();
  }

  /** Returns READY of the open connections, chosen at random. */
  choose(): Int32Array {
    const order = this.#order;
    for (let i = 0; i < READY; i++) {
      const at = i + Math.floor(Math.random() * (this.#open - i));
      [order[i], order[at]] = [order[at], order[i]];
    }
    return order.subarray(0, READY);
  }

  #done(): boolean {
    if (this.results.length < this.#steps.length) return false;
    console.log(JSON.stringify(this.results));
    process.exit();
  }

  #end(connections: number): void {
    const turns = this.#turns.slice(WARM_TURNS, TURNS).toSorted((a, b) => a - b);
    this.results.push({
      connections,
      own: (this.#memory - this.#base) / connections,
      turn_us: turns[turns.length >> 1] * 1000,
      turn99_us: turns[Math.floor(turns.length * 0.99)] * 1000,
      pause: this.#pause,
      growing: this.#growing,
      garbage: this.#last ? this.#garbage : null,
    });
    this.#turns = [];
    this.#pause = this.#growing = this.#garbage = 0;
  }
}

function ownMemory(): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;
}

function* echo(conn: Conn) {
  const chunks = conn.chunks();
  try {
    for (let chunk; (chunk = yield* chunks.next()) !== null;) yield* conn.write(chunk);
  } finally {
    chunks[Symbol.dispose]();
    conn[Symbol.dispose]();
  }
}

function* goroutines() {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  for (;;) go(echo, yield* listener.accept());
}

/** A generator that counts. */
function* counter(from: number): Generator<number> {
  for (let i = from;; i++) yield i;
}

/** An object of a connection, as large as one of the library's. */
interface Part {
  count: number;
  readonly next: Part | null;
}

function part(next: Part | null): Part {
  const [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  const made = { count: 0, next, a, b, c, d, e, f, g, h };
  return made;
}

/** A generator that counts in objects of its own. */
function* partsCounter(): Generator<number> {
  let first: Part | null = null;
  for (let i = 0; i < OBJECTS; i++) first = part(first);
  for (;;) {
    for (let one = first; one !== null; one = one.next) one.count++;
    yield first!.count;
  }
}

function withoutLibrary(measurement: Measurement, make: (i: number) => Generator<number>): never {
  const all: Generator<number>[] = [];
  const first = descriptor(0);
  for (;;) {
    measurement.entered();
    const next = measurement.next();
    const to = typeof next === "number" ? next : next.length;
    for (let at = 0; at < to; at += AT_ONCE) {
      if (at > 0) measurement.entered();
      measurement.left();
      const end = Math.min(at + AT_ONCE, to);
      for (let i = at; i < end; i++) {
        if (typeof next === "number") all[all.push(make(i)) - 1].next();
        else all[next[i] - first].next();
      }
    }
  }
}

function main([form, ...counts]: string[]): void {
  const steps = counts.map(Number);
  const measurement = new Measurement(steps);
  if (form === "plain") withoutLibrary(measurement, counter);
  if (form === "objects") withoutLibrary(measurement, partsCounter);
  standIn(measurement, steps[steps.length - 1]);
  if (form === "event") {
    runSync(() => serve({ data: (_conn, input) => input }, "tcp://127.0.0.1:0"));
  } else {
    runSync(goroutines);
  }
}

main(process.argv.slice(2));
