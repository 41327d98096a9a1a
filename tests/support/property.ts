// SPDX-License-Identifier: MIT
/**
 * Property tests: a statement about all values, checked with a few hundred random ones. They are the
 * same in every run. A failure prints the seed and the smallest value that fails;
 * `NETPOLL_SEED=1234` checks other values.
 */
import fc from "fast-check";
import process from "node:process";
import { test } from "node:test";

/** Seed of the values, unless the environment has one. */
const SEED = 20_261_129;
/** Number of values that each property is checked with. */
const RUNS = 300;

/** A test that `holds` throws for none of the values that `arbitraries` describe. */
export function property<Values extends [unknown, ...unknown[]]>(
  name: string,
  arbitraries: { [K in keyof Values]: fc.Arbitrary<Values[K]> },
  holds: (...values: Values) => void,
): void {
  test(name, () => {
    const seed = Number(process.env.NETPOLL_SEED ?? SEED);
    fc.assert(fc.property(...arbitraries, holds), { seed, numRuns: RUNS });
  });
}

/** Random bytes, up to `maxLength` of them; long arrays are as likely as short ones. */
export function bytes(maxLength: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ maxLength, size: "max" }) as fc.Arbitrary<Uint8Array<ArrayBuffer>>;
}
