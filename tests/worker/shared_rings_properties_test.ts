// SPDX-License-Identifier: MIT
/** Queues between threads behave as a list does, wherever their indices stand. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Accepted,
  DescriptorRing,
  MOST_TOKENS,
  TokenRing,
} from "../../src/worker/shared_rings.ts";
import { bytes, property } from "../support/property.ts";

/** Words of the indices: both ends of a queue begin at any number, also right before the largest. */
const [HEAD, TAIL] = [0, 1];
const start = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0x7fffffff - 20, max: 0x7fffffff }),
  fc.integer({ min: -20, max: -1 }),
  fc.integer(),
);

/** Sets both indices of an empty queue. */
function startAt(memory: SharedArrayBuffer, index: number): void {
  const words = new Int32Array(memory);
  words[HEAD] = words[TAIL] = index;
}

/** How many are put in, then how many are taken out, again and again. */
const rounds = fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { maxLength: 12 });

property(
  "tokens arrive unchanged, at the other end of the ring",
  [start, rounds],
  (index, turns) => {
    const back = new TokenRing();
    startAt(back.memory, index);
    const front = new TokenRing(back.memory);
    const model: number[] = [];
    let next = 0;
    for (const [pushes, shifts] of turns) {
      for (let i = 0; i < pushes; i++, next++) {
        back.push(next);
        model.push(next);
      }
      for (let i = 0; i < shifts; i++) assert.equal(front.shift(), model.shift() ?? -1);
    }
    for (const token of model) assert.equal(front.shift(), token);
    assert.equal(front.shift(), -1);
  },
);

test("the ring has room for all tokens", () => {
  for (const index of [0, 0x7fffffff, -1]) {
    const ring = new TokenRing();
    startAt(ring.memory, index);
    for (let token = 0; token < MOST_TOKENS; token++) ring.push(token);
    for (let token = 0; token < MOST_TOKENS; token++) {
      if (ring.shift() !== token) assert.fail(`token ${token} is lost`);
    }
    assert.equal(ring.shift(), -1);
  }
});

/** What is said of a connection: a network, an address of at most 110 bytes, what closing does. */
const accepted: fc.Arbitrary<Accepted> = fc.record({
  network: fc.nat(20),
  peer: bytes(110),
  linger: fc.oneof(fc.constant(undefined), fc.constant(null), fc.nat(0x7fff)),
  lingerTimeout: fc.oneof(fc.constant(undefined), fc.nat(0x7fffffff)),
}, { noNullPrototype: true });

/** Whether two results are equal: faster than a deep comparison, for there are many. */
function same(a: Accepted, b: Accepted): boolean {
  return a.network === b.network && a.linger === b.linger &&
    a.lingerTimeout === b.lingerTimeout && a.peer.length === b.peer.length &&
    a.peer.every((byte, i) => byte === b.peer[i]);
}

property(
  "connections arrive unchanged, until the queue is full",
  [start, fc.array(accepted, { minLength: 1, maxLength: 20 }), rounds],
  (index, kinds, turns) => {
    const back = new DescriptorRing();
    startAt(back.memory, index);
    const front = new DescriptorRing(back.memory);
    const model: [fd: number, said: Accepted][] = [];
    let fd = 3;
    for (const [pushes, shifts] of turns) {
      for (let i = 0; i < pushes && !back.full; i++, fd++) {
        const said = kinds[fd % kinds.length];
        back.push(fd, ~fd, said);
        model.push([fd, said]);
      }
      assert.equal(back.length, model.length);
      for (let i = 0; i < shifts && model.length > 0; i++) {
        const [expected, said] = model.shift()!;
        assert.deepEqual([front.peek(), front.token], [expected, ~expected]);
        assert.ok(same(front.accepted, said));
        front.shift();
      }
      assert.equal(front.peek(), model[0]?.[0] ?? -1);
      assert.equal(front.length, model.length);
    }
  },
);
