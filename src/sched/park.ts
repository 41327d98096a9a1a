// SPDX-License-Identifier: MIT
/** Parking: what a goroutine yields, and what it can wait for. Go: runtime/proc.go, gopark. */

/** What a goroutine yields when it parks. There is one, and nobody but the library yields it. */
export interface Park {
  /** Tells it from anything else. */
  readonly park: true;
}

/** The one {@linkcode Park}: the scheduler tells by its identity that `yield*` was used. */
export const PARK: Park = Object.freeze({ park: true });

/** What a goroutine waits for, as a dump names it. */
export interface Waitable {
  /** "fd 12 tcp 127.0.0.1:80->127.0.0.1:4711", "chan 3, 0 of 128"; it must not throw. */
  describe(): string;
}
