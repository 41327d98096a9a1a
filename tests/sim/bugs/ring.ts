// SPDX-License-Identifier: MIT
/** A log keeps its last entries in a ring, and its reader is assumed to keep up: entries are lost. */
import assert from "node:assert/strict";
import { chan, go, gosched, type Routine } from "../../../mod.ts";
import { type Bug, BY_PRIORITY } from "./bug.ts";

const ENTRIES = 20;
const SIZE = 16;

/** The ring between the writer of the entries and their reader. */
interface Buffer {
  put(entry: number): Routine<void>;
  take(): Routine<number | undefined>;
}

/** A ring in which a new entry replaces the oldest. */
function ring(): Buffer {
  const entries: number[] = [];
  let last = 0;
  return {
    *put(entry) {
      if (entries.length === SIZE) entries.shift();
      entries.push(last = entry);
      yield* gosched();
    },
    *take() {
      while (entries.length === 0 && last < ENTRIES) yield* gosched();
      return entries.shift();
    },
  };
}

/** The writer waits for the reader. */
function queue(): Buffer {
  const entries = chan<number>(SIZE);
  return {
    *put(entry) {
      yield* entries.send(entry);
      yield* gosched();
      if (entry === ENTRIES) entries.close();
    },
    take: () => entries.recv(),
  };
}

function log(make: () => Buffer) {
  return function* (): Routine<void> {
    const buffer = make();
    go(function* writer() {
      for (let entry = 1; entry <= ENTRIES; entry++) yield* buffer.put(entry);
    });
    const reader = go(function* reader() {
      let read = 0;
      while ((yield* buffer.take()) !== undefined) read++;
      return read;
    });
    assert.equal(yield* reader.join(), ENTRIES, "entries are lost");
  };
}

/** See the top of this file. A random order hardly ever keeps the reader waiting for so long. */
export const overrunRing: Bug = {
  name: "ring whose reader falls behind",
  failure: /entries are lost/,
  options: {},
  strategies: BY_PRIORITY,
  broken: log(ring),
  mended: log(queue),
};
