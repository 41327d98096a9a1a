// SPDX-License-Identifier: MIT
/**
 * Connections without a kernel: `alone FORM COUNT...` with ascending numbers of connections. FORM is
 * "run" (goroutines), "event" (an event server), or "plain", which has no library: generators in an
 * array, the least that a goroutine could be. Prints a line of JSON.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Conn, go, listen, runSync } from "../../mod.ts";
import { serve } from "../../event.ts";
import { descriptor, type Script, standIn } from "./stand_in.ts";

/** Connections that have a message in each turn. */
const READY = 1000;
/** Turns with each number of connections; the first ones, until code is compiled, do not count. */
const TURNS = 1200;
const WARM_TURNS = 300;
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
  /** The same in turns in which the program makes garbage, of which some has lived long. */
  garbage: number;
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

  /** Whether the turns that are not timed are under way, in which the program makes garbage. */
  get #littering(): boolean {
    return this.#turns.length > TURNS;
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
    if (this.#turns.length > TURNS + GARBAGE_TURNS) this.#end(target);
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
      garbage: this.#garbage,
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

function plain(measurement: Measurement): never {
  const all: Generator<number>[] = [];
  for (;;) {
    measurement.entered();
    const next = measurement.next();
    measurement.left();
    if (typeof next === "number") {
      for (let i = 0; i < next; i++) all.push(counter(i));
    } else {
      const first = descriptor(0);
      for (let i = 0; i < next.length; i++) all[next[i] - first].next();
    }
  }
}

function main([form, ...counts]: string[]): void {
  const steps = counts.map(Number);
  const measurement = new Measurement(steps);
  if (form === "plain") plain(measurement);
  standIn(measurement, steps[steps.length - 1]);
  if (form === "event") {
    runSync(() => serve({ data: (_conn, input) => input }, "tcp://127.0.0.1:0"));
  } else {
    runSync(goroutines);
  }
}

main(process.argv.slice(2));
