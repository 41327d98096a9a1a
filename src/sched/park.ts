// SPDX-License-Identifier: MIT
/**
 * Parking: the value a goroutine yields, and the objects it can wait for. Go: runtime/proc.go,
 * gopark.
 */

/**
 * The value a goroutine yields when it parks. There is only one, and only the library yields it.
 */
export interface Park {
  /** Marks the object as a Park. */
  readonly park: true;
}

/** The one {@linkcode Park}: its identity proves that `yield*` was used. */
export const PARK: Park = Object.freeze({ park: true });

/** Object that a goroutine waits for, as a dump names it. */
export interface Waitable {
  /** "fd 12 tcp 127.0.0.1:80->127.0.0.1:4711", "chan 3, 0 of 128"; it must not throw. */
  describe(): string;
  /**
   * Whether what the goroutine `g` waits for has happened and cannot be undone, so that its call
   * must return although it is canceled. Absent where a call that is ended takes everything back.
   */
  settled?(g: object): boolean;
  /** Releases what the goroutine `g` waited for here: it was abandoned, and runs no `finally`. */
  abandoned?(g: object): void;
}
