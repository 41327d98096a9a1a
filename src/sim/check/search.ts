// SPDX-License-Identifier: MIT
/**
 * The search for an order of operations that a model accepts and that agrees with real time: Wing
 * and Gong's algorithm with Lowe's memory of configurations, as porcupine has it. An operation of
 * unknown outcome may be anywhere after its beginning, or nowhere.
 */
import type { Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { plainText } from "./plain_text.ts";

/** What the search found. */
export interface Found<S, I, O> {
  readonly verdict: "linearizable" | "violation" | "undecided";
  /** Steps of the model. */
  readonly steps: number;
  /** The longest order found, with the state after each operation. */
  readonly order: readonly Placed<S, I, O>[];
  /**
   * For a violation: an operation that no order reaches; all that ended before it can be ordered.
   */
  readonly blocked: Operation<I, O> | null;
}

/** Operation in an order. */
export interface Placed<S, I, O> {
  readonly operation: Operation<I, O>;
  readonly state: S;
}

/** Beginning or end of an operation in the list of what is not ordered yet. */
class Node<I, O> {
  readonly operation: Operation<I, O>;
  /** The end, for the beginning of an operation that has one. */
  readonly end: Node<I, O> | null;
  readonly isEnd: boolean;
  /** Index among the operations of known outcome, or, if it is -1, of unknown ones. */
  index = 0;
  before!: Node<I, O>;
  after: Node<I, O> | null = null;

  constructor(operation: Operation<I, O>, isEnd: boolean, end: Node<I, O> | null = null) {
    this.operation = operation;
    this.isEnd = isEnd;
    this.end = end;
  }

  /** Event number, by which the list is sorted. */
  get at(): number {
    return this.isEnd ? this.operation.returned : this.operation.invoked;
  }

  get known(): boolean {
    return this.end !== null;
  }

  remove(): void {
    this.before.after = this.after;
    if (this.after !== null) this.after.before = this.before;
  }

  /** Undoes the last `remove` that is not undone. */
  restore(): void {
    this.before.after = this;
    if (this.after !== null) this.after.before = this;
  }
}

/** An operation that is ordered, and what was before. */
interface Frame<S, I, O> {
  readonly node: Node<I, O>;
  readonly state: S;
  readonly key: string;
}

/** See the top of this file. */
export class Search<S, I, O> {
  readonly #model: Model<S, I, O>;
  readonly #head: Node<I, O>;
  /** Beginnings of the operations of known outcome, and of unknown. */
  readonly #known: Node<I, O>[] = [];
  readonly #unknown: Node<I, O>[] = [];
  readonly #ordered = new Set<Node<I, O>>();
  readonly #stack: Frame<S, I, O>[] = [];
  readonly #seen = new Set<string>();
  /** Every operation of known outcome before this one is ordered. */
  #low = 0;
  #state: S;
  #key: string;
  #steps = 0;
  #blocked: Operation<I, O> | null = null;
  #order: Placed<S, I, O>[] = [];

  constructor(model: Model<S, I, O>, operations: readonly Operation<I, O>[]) {
    this.#model = model;
    this.#state = model.initial;
    this.#key = this.#keyOf(model.initial);
    const nodes: Node<I, O>[] = [];
    for (const operation of operations) {
      const end = operation.outcome === "ok" ? new Node(operation, true) : null;
      const begin = new Node(operation, false, end);
      const group = end === null ? this.#unknown : this.#known;
      begin.index = group.push(begin) - 1;
      nodes.push(begin);
      if (end !== null) nodes.push(end);
    }
    nodes.sort((a, b) => a.at - b.at);
    this.#head = new Node(operations[0], false);
    let last = this.#head;
    for (const node of nodes) {
      node.before = last;
      last = last.after = node;
    }
  }

  /** Searches, with at most so many steps of the model. */
  run(steps: number): Found<S, I, O> {
    let left = this.#known.length;
    let node = this.#head.after;
    while (left > 0) {
      // An operation of known outcome is left, and so is its end: the list is not at its end.
      if (node!.isEnd) {
        this.#noteBlocked(node!.operation);
        const frame = this.#stack.pop();
        if (frame === undefined) return this.#found("violation");
        this.#undo(frame);
        if (frame.node.known) left++;
        node = frame.node.after;
      } else if (this.#steps === steps) {
        return this.#found("undecided");
      } else if (this.#place(node!)) {
        if (node!.known) left--;
        node = this.#head.after;
      } else node = node!.after;
    }
    this.#order = this.#placed();
    return this.#found("linearizable");
  }

  /** Orders an operation next, if the model accepts it and the configuration is new. */
  #place(node: Node<I, O>): boolean {
    this.#steps++;
    const { input, output } = node.operation;
    const step = this.#model.apply(this.#state, input);
    if (node.known && "output" in step && !this.#accepts(step.output as O, output as O)) {
      return false;
    }
    const key = this.#keyOf(step.state);
    // An operation of unknown outcome that changes nothing need not be ordered.
    if (!node.known && key === this.#key) return false;
    const low = this.#low;
    this.#ordered.add(node);
    while (this.#low < this.#known.length && this.#ordered.has(this.#known[this.#low])) this.#low++;
    const configuration = this.#configuration(key);
    if (this.#seen.has(configuration)) {
      this.#ordered.delete(node);
      this.#low = low;
      return false;
    }
    this.#seen.add(configuration);
    this.#stack.push({ node, state: this.#state, key: this.#key });
    this.#state = step.state;
    this.#key = key;
    node.remove();
    node.end?.remove();
    return true;
  }

  #undo({ node, state, key }: Frame<S, I, O>): void {
    node.end?.restore();
    node.restore();
    this.#ordered.delete(node);
    if (node.known) this.#low = Math.min(this.#low, node.index);
    this.#state = state;
    this.#key = key;
  }

  /** Which operations are ordered, and the state: what follows depends on nothing else. */
  #configuration(key: string): string {
    const known = this.#known;
    let text = `${this.#low}`;
    // What began after the end of one that is not ordered is not ordered either.
    const until = known[this.#low]?.operation.returned ?? -1;
    for (let i = this.#low + 1; i < known.length && known[i].operation.invoked < until; i++) {
      if (this.#ordered.has(known[i])) text += `,${i}`;
    }
    for (const node of this.#unknown) if (this.#ordered.has(node)) text += `;${node.index}`;
    return `${text} ${key}`;
  }

  /** The end of an operation that is not ordered: whatever began later cannot come first. */
  #noteBlocked(operation: Operation<I, O>): void {
    if (this.#blocked !== null && operation.returned <= this.#blocked.returned) return;
    this.#blocked = operation;
    this.#order = this.#placed();
  }

  #placed(): Placed<S, I, O>[] {
    const states = [...this.#stack.map(({ state }) => state), this.#state];
    return this.#stack.map(({ node: { operation } }, i) => ({ operation, state: states[i + 1] }));
  }

  #accepts(expected: O, actual: O): boolean {
    const { accepts } = this.#model;
    if (accepts !== undefined) return accepts(expected, actual);
    return expected === actual || plainText(expected) === plainText(actual);
  }

  #keyOf(state: S): string {
    return this.#model.key?.(state) ?? plainText(state);
  }

  #found(verdict: Found<S, I, O>["verdict"]): Found<S, I, O> {
    const blocked = verdict === "violation" ? this.#blocked : null;
    return { verdict, steps: this.#steps, order: this.#order, blocked };
  }
}
