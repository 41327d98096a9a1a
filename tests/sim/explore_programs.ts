// SPDX-License-Identifier: MIT
/** Programs with bugs that only some runs show, for the tests of explorations. */
import { chan, dial, go, gosched, listen, type Routine, sleep } from "../../mod.ts";
import type { Simulation } from "../../sim.ts";

/** One goroutine must look just between two writes of another: never in the order of production. */
export function* betweenWrites(): Routine<void> {
  let written = 0;
  const writer = go(function* writer() {
    for (let i = 1; i <= 3; i++) {
      written = i;
      yield* gosched();
    }
  });
  const reader = go(function* reader() {
    for (let i = 0; i < 3; i++) yield* gosched();
    if (written === 2) throw new Error(`seen between two writes: ${written}`);
  });
  const other = go(function* other() {
    for (let i = 0; i < 3; i++) yield* gosched();
  });
  for (const g of [writer, reader, other]) yield* g.join();
}

/** Three goroutines that share nothing but a channel: right in any order. */
export function* channels(): Routine<number> {
  const numbers = chan<number>(2);
  for (const i of [1, 2]) {
    go(function* sender() {
      yield* numbers.send(i);
      yield* gosched();
      yield* numbers.send(i);
    });
  }
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += (yield* numbers.recv())!;
  if (sum !== 6) throw new Error(`a sum of ${sum}`);
  return sum;
}

/** A client that expects each read to return a whole message. */
export function* framing(sim: Simulation): Routine<void> {
  const server = sim.host("server", {
    *main() {
      using listener = yield* listen("tcp", ":7");
      for (;;) {
        using conn = yield* listener.accept();
        yield* conn.write("hello world");
      }
    },
  });
  sim.link(server, sim.test, { latency: [1, 20], loss: 0.02 });
  yield* sleep(1);
  for (let i = 0; i < 10; i++) {
    using conn = yield* dial("tcp", "server:7");
    const n = yield* conn.read(new Uint8Array(20));
    if (n !== 11) throw new RangeError(`a message of ${n} bytes`);
  }
}

/** Waits for a number that the seed draws to be large, twice. */
export function* drawn(sim: Simulation): Routine<void> {
  const stream = sim.stream("drawn");
  const numbers = Array.from({ length: 20 }, () => stream.choose(1000));
  yield* sleep(1);
  if (numbers.filter((number) => number >= 700).length >= 2) throw new Error("two are large");
}
