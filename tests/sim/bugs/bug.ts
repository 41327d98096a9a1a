// SPDX-License-Identifier: MIT
/** Programs with a planted bug and their mended twins: what a simulation must find, and must not. */
import {
  BufferedReader,
  type Conn,
  dial,
  listen,
  OpError,
  type Routine,
  serve,
} from "../../../mod.ts";
import type { SimOptions, Simulation, Strategy } from "../../../sim.ts";

/** The strategies that find most bugs. */
export const STRATEGIES: readonly Strategy[] = ["fifo", "random", { pct: 3 }];
/** For a bug that needs a goroutine to wait for long. */
export const BY_PRIORITY: readonly Strategy[] = [{ pct: 3 }];
/** For a bug that needs the order of production but for one exchange. */
export const BY_DELAYS: readonly Strategy[] = [{ delays: 2 }];

/** A program with a bug, and the same without it. */
export interface Bug {
  readonly name: string;
  /** Message of the failure. A run that fails otherwise has not found this bug. */
  readonly failure: RegExp;
  readonly options: SimOptions;
  /** Strategies that must find it; {@linkcode STRATEGIES} by default. */
  readonly strategies?: readonly Strategy[];
  readonly broken: (sim: Simulation) => Routine<void>;
  readonly mended: (sim: Simulation) => Routine<void>;
}

/** Returns the program of a host that answers each line on port 7 with a line. */
export function lineServer(answer: (line: string) => string): () => Routine<void> {
  return function* () {
    using listener = yield* listen("tcp", ":7");
    const handler = function* (conn: Conn): Routine<void> {
      const reader = new BufferedReader(conn);
      for (let line; (line = yield* reader.line()) !== null;) {
        yield* conn.write(`${answer(line)}\n`);
      }
    };
    yield* serve(listener, handler, { onError: exceptNetwork });
  };
}

/** Throws errors other than those of the network: a client that has gone is not the server's error. */
function exceptNetwork(error: unknown): void {
  if (!(error instanceof OpError)) throw error;
}

/** Client of a {@linkcode lineServer}. */
export class LineClient implements Disposable {
  readonly conn: Conn;
  readonly #reader: BufferedReader;

  private constructor(conn: Conn) {
    this.conn = conn;
    this.#reader = new BufferedReader(conn);
  }

  /** Connects to port 7 of a host. */
  static *to(host: string): Routine<LineClient> {
    return new LineClient(yield* dial("tcp", `${host}:7`, { timeout: 5000 }));
  }

  /** Sends a line and returns the answer. */
  *ask(line: string): Routine<string> {
    yield* this.conn.write(`${line}\n`);
    const answer = yield* this.#reader.line();
    if (answer === null) throw new Error("the server has closed the connection");
    return answer;
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}
