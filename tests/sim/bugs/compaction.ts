// SPDX-License-Identifier: MIT
/** A reader looks up where a record is, and reads it there: a compaction has moved it in between. */
import assert from "node:assert/strict";
import { go, gosched, Mutex, type Routine } from "../../../mod.ts";
import { type Bug, BY_PRIORITY } from "./bug.ts";

const RECORDS = 12;

/** Records, the first half deleted, and the places of the others. */
class Store {
  file: (number | null)[] = Array.from({ length: 2 * RECORDS }, (_, i) => i < RECORDS ? null : i);
  places: Map<number, number> = new Map(
    this.file.flatMap((key, place) => key === null ? [] : [[key, place]]),
  );
  readonly lock: Mutex = new Mutex();

  *compact(): Routine<void> {
    const file: number[] = [];
    const places = new Map<number, number>();
    for (const key of this.file) {
      if (key === null) continue;
      places.set(key, file.push(key) - 1);
      yield* gosched();
    }
    [this.file, this.places] = [file, places];
  }

  *read(key: number): Routine<number | null | undefined> {
    const place = this.places.get(key)!;
    // Where a disk would be asked.
    yield* gosched();
    return this.file[place];
  }
}

function compacting(locked: boolean) {
  return function* (): Routine<void> {
    const store = new Store();
    const guarded = function* <T>(f: () => Routine<T>): Routine<T> {
      if (!locked) return yield* f();
      using _ = yield* store.lock.locked();
      return yield* f();
    };
    const compaction = go(() => guarded(() => store.compact()));
    const reader = go(function* reader() {
      const key = 2 * RECORDS - 1;
      assert.equal(yield* guarded(() => store.read(key)), key, "the record is gone");
    });
    yield* reader.join();
    yield* compaction.join();
  };
}

/** See the top of this file. The whole compaction must fit between two turns of the reader. */
export const movedRecord: Bug = {
  name: "place kept over a compaction",
  failure: /the record is gone/,
  options: {},
  strategies: BY_PRIORITY,
  broken: compacting(false),
  mended: compacting(true),
};
