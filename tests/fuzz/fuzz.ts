// SPDX-License-Identifier: MIT
/** Tries a range of seeds, several at a time: what one leaves behind, another may meet. */
import { go, type Routine } from "../../mod.ts";
import { fuzzAccept } from "./accept_fuzz.ts";
import { fuzzConn } from "./conn_fuzz.ts";
import { fuzzTLS } from "./tls_fuzz.ts";

/** The fuzzers by their names. */
export const FUZZERS: Readonly<Record<string, (seed: number) => Routine<Error | null>>> = {
  conn: fuzzConn,
  accept: fuzzAccept,
  tls: fuzzTLS,
};

/** Seeds under way at a time. */
const AT_ONCE = 20;

/** Tries `count` seeds from `first` on; returns what was wrong. Parks. */
export function* fuzz(kind: string, first: number, count: number): Routine<Error[]> {
  const failures: Error[] = [];
  let next = first;
  const worker = function* () {
    while (next < first + count) {
      const failure = yield* FUZZERS[kind](next++);
      if (failure !== null) failures.push(failure);
    }
  };
  const workers = Array.from({ length: Math.min(AT_ONCE, count) }, () => go(worker));
  for (const each of workers) yield* each.join();
  return failures;
}
