// SPDX-License-Identifier: MIT
/** What every trial of a seed keeps: a log of what was done, and the first thing that was wrong. */
import { isCanceled, isTimeout, type OpError } from "../../mod.ts";

/** Lines of the log that a failure shows. */
const SHOWN = 40;

/** Thrown for what must not be; its message has all that is needed to try it again. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** See the top of this file. */
export class Trial {
  readonly seed: number;
  readonly kind: string;
  failure: Violation | null = null;
  readonly #log: string[] = [];

  constructor(kind: string, seed: number) {
    this.kind = kind;
    this.seed = seed;
  }

  /** Adds a line to the log. */
  note(line: string): void {
    this.#log.push(line);
  }

  /** Notes that something is wrong; the first that is counts. */
  wrong(what: string): void {
    this.failure ??= new Violation(
      `${this.kind}, seed ${this.seed}: ${what}\n` +
        `npm run fuzz -- --only ${this.kind} --from ${this.seed} --seeds 1\n  ` +
        this.#log.slice(-SHOWN).join("\n  "),
    );
  }

  /** Notes that something is wrong unless `right`. */
  check(right: boolean, what: string): void {
    if (!right) this.wrong(what);
  }
}

/** How a call ended that threw. */
export type Outcome = "closed" | "late" | "gone" | "unknown";

/** Codes of what a peer does, or what this side did to its own direction. */
const GONE = new Set(["ECONNRESET", "EPIPE"]);

/** Says how: by this side's close, by a deadline or a cancel, or by the peer. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof Error)) return "unknown";
  const { code, timeout } = error as OpError;
  if (code === "ERR_SOCKET_CLOSED") return "closed";
  if (timeout || code === "ETIMEDOUT" || code === "ABORT_ERR") return "late";
  if (isCanceled(error.cause) || isTimeout(error.cause)) return "late";
  return code !== undefined && GONE.has(code) ? "gone" : "unknown";
}
