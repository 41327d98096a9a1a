// SPDX-License-Identifier: MIT
/**
 * The history of a program's operations: which process invoked what and when, and the outcome. In
 * Jepsen's terms: an operation is invoked, and then it is ok, failed, or unknown (info).
 */
import { now } from "../../sched/clock.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { PanicError } from "../../sched/goroutine.ts";
import { needFunction } from "../../validate/argument.ts";
import { shortText } from "./plain_text.ts";
import { currentChecked } from "./properties.ts";

/** Kind of a {@linkcode HistoryEvent}. */
export type HistoryEventKind = "invoke" | OperationOutcome;

/**
 * How an operation ended:
 *
 * - "ok": it took effect and returned its output
 * - "fail": it certainly had no effect
 * - "info": unknown. It may have taken effect, may do so later, or never.
 */
export type OperationOutcome = "ok" | "fail" | "info";

/** Beginning or end of an operation. */
export interface HistoryEvent<I, O> {
  /** Number of the event in its history, from 0. */
  readonly index: number;
  /** Time in milliseconds: virtual in a simulation, else of `performance.now()`. */
  readonly time: number;
  /** Process that invoked the operation. */
  readonly process: string | number;
  /** What happened. */
  readonly kind: HistoryEventKind;
  /** Number of the operation, from 1. */
  readonly operation: number;
  /** Input of the operation. */
  readonly input: I;
  /** Output of the operation, at an "ok". */
  readonly output?: O;
}

/** Operation of a history, from its beginning to its end. */
export interface Operation<I, O> {
  /** Number of the operation, from 1, in the order of invocation. */
  readonly number: number;
  /** Process that invoked it. */
  readonly process: string | number;
  /** Its input. */
  readonly input: I;
  /** Its output, if it is "ok". */
  readonly output?: O;
  /** How it ended; "info" if it has not. */
  readonly outcome: OperationOutcome;
  /** Event number of its beginning. */
  readonly invoked: number;
  /** Event number of its end; `Infinity` for "info". */
  readonly returned: number;
  /** Time of its beginning, in milliseconds. */
  readonly start: number;
  /** Time of its end; `Infinity` for "info". */
  readonly end: number;
}

/** Operation that was invoked. Exactly one of its methods is called, once. */
export interface PendingOperation<O> {
  /** Ends it with its output. Never parks. */
  ok(output: O): void;
  /** Ends it as one that certainly had no effect. Never parks. */
  fail(): void;
  /** Ends it with an unknown outcome, as after a timeout. Never parks. */
  info(): void;
}

/**
 * Records operations on something that several processes share, for
 * {@linkcode checkLinearizability}. Their order is that of the calls, which is exact in one thread.
 * In a simulation each event also goes into the event log. It works outside simulations as well.
 *
 * An operation that is never ended has an unknown outcome, as one of a host that crashed.
 *
 * @typeParam I input of an operation, plain data
 * @typeParam O output of an operation, plain data
 * @example
 * ```ts
 * const history = new History<RegisterInput<number>, number | null | boolean>();
 * const write = history.invoke("client 1", { op: "write", value: 3 });
 * try {
 *   yield* conn.write("set 3\n");
 *   write.ok(null);
 * } catch {
 *   write.info();
 * }
 * ```
 */
export class History<I, O> {
  readonly #events: HistoryEvent<I, O>[] = [];
  #operations = 0;

  /** All events so far, in their order. */
  get events(): readonly HistoryEvent<I, O>[] {
    return this.#events;
  }

  /**
   * Records the beginning of an operation. Never parks.
   *
   * @param process name or number of the process, which is sequential: a client, a connection
   * @param input what the operation is asked to do
   * @returns the operation, to be ended; `ok`, `fail` and `info` throw a {@linkcode PanicError}
   * once it has ended
   */
  invoke(process: string | number, input: I): PendingOperation<O> {
    const operation = ++this.#operations;
    let ended = false;
    const end = (kind: OperationOutcome, output?: { readonly output: O }) => {
      if (ended) throw new PanicError(`operation ${operation} has already ended`);
      ended = true;
      this.#add(process, kind, operation, input, output);
    };
    this.#add(process, "invoke", operation, input);
    return {
      ok: (output) => end("ok", { output }),
      fail: () => end("fail"),
      info: () => end("info"),
    };
  }

  /**
   * Records an operation that `f` performs. An error that `f` throws is thrown on, and the outcome
   * is then unknown; one that is known to mean no effect is recorded by `failed`. Parks as `f`
   * does.
   *
   * @param f a `function*` that returns the output
   * @param failed reports whether an error means that the operation certainly had no effect
   * @returns the output
   * @example
   * ```ts
   * const history = new History<string, number | null>();
   * const read = yield* history.record("client 1", "read", () => conn.read(buf));
   * ```
   */
  *record(
    process: string | number,
    input: I,
    f: () => Routine<O>,
    failed: (error: unknown) => boolean = () => false,
  ): Routine<O> {
    needFunction("record an operation", "f", f);
    const operation = this.invoke(process, input);
    try {
      const output = yield* f();
      operation.ok(output);
      return output;
    } catch (error) {
      if (failed(error)) operation.fail();
      else operation.info();
      throw error;
    }
  }

  /** Returns the operations, in the order of invocation. */
  operations(): Operation<I, O>[] {
    const operations: Operation<I, O>[] = [];
    for (const { kind, operation, process, input, index, time, ...rest } of this.#events) {
      if (kind === "invoke") {
        operations.push({
          number: operation,
          process,
          input,
          outcome: "info",
          invoked: index,
          returned: Infinity,
          start: time,
          end: Infinity,
        });
      } else if (kind !== "info") {
        const ended = { ...rest, outcome: kind, returned: index, end: time };
        operations[operation - 1] = { ...operations[operation - 1], ...ended };
      }
    }
    return operations;
  }

  #add(
    process: string | number,
    kind: HistoryEventKind,
    operation: number,
    input: I,
    output?: { readonly output: O },
  ): void {
    const index = this.#events.length;
    const simulation = currentChecked();
    const time = simulation?.now ?? now();
    this.#events.push({ index, time, process, kind, operation, input, ...output });
    const what = output === undefined ? shortText(input) : shortText(output.output);
    simulation?.logOperation(operation, `${kind} ${process}: ${what}`);
  }
}
