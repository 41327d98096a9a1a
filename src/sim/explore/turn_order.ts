// SPDX-License-Identifier: MIT
/**
 * The order of turns that matters: the partial order of a run, after Mazurkiewicz.
 *
 * A turn is named by its goroutine, the previous turn of that goroutine, and the previous users of every
 * object that it uses. If it uses the world, which is the clock, timers, random draws and new
 * goroutines, its name includes its time, which no other turn of a run has. If goroutines share nothing
 * else, two runs whose goroutines have turns of the same names are in the same state, in whichever order
 * the turns took place.
 */
import type { G, Goroutine } from "../../sched/goroutine.ts";
import type { TurnSource, TurnWatcher } from "../turns.ts";
import { COUNTS, USES, type Uses } from "./uses.ts";

/** Names that are kept: with more, states are no longer compared. */
const MOST_NAMES = 500_000;

/** Numbers of the names of turns, the same for all runs of an exploration. */
export class TurnNames {
  readonly #numbers = new Map<string, number>();

  /** Whether there are so many that no further one is added. */
  get full(): boolean {
    return this.#numbers.size >= MOST_NAMES;
  }

  /** Returns the number of a name. */
  number(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined && !this.full) {
      number = this.#numbers.size + 1;
      this.#numbers.set(name, number);
    }
    return number ?? 0;
  }
}

/** The order of the turns of one run. */
export class TurnOrder implements TurnWatcher, Uses {
  readonly #names: TurnNames;
  #source!: TurnSource;
  /** The last use of each object, as a number. */
  readonly #users = new WeakMap<object, number>();
  /** The last turn of each goroutine. */
  readonly #turns = new Map<number, number>();
  /** Whether state was used whose uses are not all observed. */
  #blind = false;
  /** In a turn: objects that it has used, with their previous users. */
  #objects: Map<object, number> | null = null;
  /** In a turn: its beginning. */
  #began = 0;
  #counts: readonly number[] = [];
  /** In a turn: whether it has used the world. */
  #acted = false;

  constructor(names: TurnNames) {
    this.#names = names;
  }

  watch(source: TurnSource): () => void {
    this.#source = source;
    const ends = USES.map((use) => use.observe(this, source));
    return () => {
      for (const end of ends.reverse()) end();
    };
  }

  began(g: G): void {
    this.#began = this.#source.world.now;
    this.#counts = this.#count();
    this.#objects = new Map();
    this.#acted = false;
    this.object(g);
  }

  object(object: object): void {
    const objects = this.#objects;
    const before = this.#users.get(object) ?? 0;
    if (objects === null) {
      // A timer, which depends on the time alone.
      const name = `timer ${this.#source.world.now} ${before}`;
      this.#users.set(object, this.#names.number(name));
    } else if (!objects.has(object)) objects.set(object, before);
  }

  /** Outside of turns it is the scheduler that looks at its timers. */
  world(): void {
    this.#acted = true;
  }

  unseen(): void {
    if (this.#objects !== null) this.#blind = true;
  }

  ended(g: G): void {
    const objects = this.#objects!;
    this.#objects = null;
    const acted = this.#acted || this.#count().some((count, i) => count !== this.#counts[i]);
    const world = acted ? ` at ${this.#began}` : "";
    const users = [...objects.values()].join(" ");
    const turn = this.#names.number(`${g.id} ${this.#turns.get(g.id) ?? 0} ${users}${world}`);
    let place = 0;
    for (const object of objects.keys()) {
      this.#users.set(object, this.#names.number(`${turn}.${place++}`));
    }
    this.#turns.set(g.id, turn);
    if (this.#cut(g)) this.#blind = true;
  }

  /** Returns the present state with the queue of goroutines, or null if it cannot be known. */
  state(runnable: readonly Goroutine[]): string | null {
    if (this.#blind || this.#names.full) return null;
    const turns = [...this.#turns].sort(([a], [b]) => a - b).map(([, turn]) => turn).join(" ");
    const queue = runnable.map(({ id }) => id).join(" ");
    return `${this.#source.world.now} ${turns} : ${queue}`;
  }

  /**
   * Whether a turn was cut: its goroutine has used up its operations, of which there is one account for
   * all goroutines, or its run ends, which ends goroutines in the midst of their work.
   */
  #cut(g: G): boolean {
    return this.#source.scheduler.budget < 0 || g.run.ending;
  }

  #count(): number[] {
    return COUNTS.map(({ of }) => of(this.#source));
  }
}
