// SPDX-License-Identifier: MIT
/** Properties of a simulated program, and how often each was true and false in a run. */

/** Kind of a property, by the function that states it. */
export type PropertyKind = "always" | "sometimes" | "reachable" | "eventually";

/** Property of a program, with its counts in one run. */
export interface PropertyCount {
  /** Function that states it. */
  readonly kind: PropertyKind;
  /** Name of the property. */
  readonly name: string;
  /** Number of times that it was true; for "reachable", that it was reached. */
  readonly passed: number;
  /** Number of times that it was false. */
  readonly failed: number;
}

/** Thrown, or the `cause` of a {@linkcode SimulationError}, when a property does not hold. */
export class PropertyError extends Error {
  /** "PropertyError". */
  override readonly name = "PropertyError";
  /** Kind of the property: "always" or "eventually". */
  readonly kind: PropertyKind;
  /** Name of the property. */
  readonly property: string;
  /** Goroutine that stated it, as "goroutine 3 [serve]". */
  readonly goroutine: string;

  /** @internal */
  constructor(
    kind: PropertyKind,
    property: string,
    what: string,
    goroutine: string,
    cause?: unknown,
  ) {
    super(`${kind} "${property}" ${what}`, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.property = property;
    this.goroutine = goroutine;
  }
}

/** A count that grows. */
interface Count {
  readonly kind: PropertyKind;
  readonly name: string;
  passed: number;
  failed: number;
}

/** The properties of a simulation, or of several, in the order in which they were first stated. */
export class PropertyCounts {
  readonly #counts = new Map<string, Count>();

  /** Returns the count of a property, new if it was not stated before. */
  of(kind: PropertyKind, name: string): Count {
    const key = `${kind} ${name}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      this.#counts.set(key, count = { kind, name, passed: 0, failed: 0 });
    }
    return count;
  }

  /** Adds the counts of another simulation. */
  add(counts: readonly PropertyCount[]): void {
    for (const { kind, name, passed, failed } of counts) {
      const count = this.of(kind, name);
      count.passed += passed;
      count.failed += failed;
    }
  }

  /** Returns all counts as they are now. */
  all(): PropertyCount[] {
    return Array.from(this.#counts.values(), (count) => ({ ...count }));
  }
}
