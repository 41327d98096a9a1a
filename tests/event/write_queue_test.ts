// SPDX-License-Identifier: MIT
/** The write queue: bytes leave in order and whole, and each callback runs in its turn. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { WriteQueue } from "../../src/event/conn/write_queue.ts";
import { pattern } from "../support/serving.ts";

/** The bytes that a send would take now, at most `most`. */
function taken(queue: WriteQueue, most: number): Uint8Array {
  return queue.head().slice(0, Math.min(most, queue.length));
}

test("output is sent in order, whatever the size of each send", () => {
  const all = pattern(300_000);
  const out: Uint8Array[] = [];
  let queue = WriteQueue.take();
  for (let at = 0, size = 1; at < all.length; at += size, size = (size * 3) % 7919) {
    queue.append(all.subarray(at, at + size));
    const sent = taken(queue, size >> 1);
    out.push(sent);
    queue.sent(sent.length);
    if (size % 5 === 0) queue = queue.settle();
  }
  out.push(taken(queue, Infinity));
  assert.deepEqual(new Uint8Array(Buffer.concat(out)), all);
  queue.release();
});

test("the callback of a write is called once its last byte is sent, and not before", () => {
  const told: string[] = [];
  let queue = WriteQueue.take();
  const write = (name: string, length: number) => {
    queue.append(new Uint8Array(length));
    queue.tell(() => told.push(name));
  };
  const sent = (n: number) => queue.sent(n)?.forEach((written) => written(null));
  write("a", 10);
  write("b", 10);
  sent(9);
  assert.deepEqual(told, []);
  sent(1);
  assert.deepEqual(told, ["a"]);
  queue = queue.settle();
  write("c", 0);
  sent(9);
  assert.deepEqual(told, ["a"]);
  sent(1);
  assert.deepEqual(told, ["a", "b", "c"]);
  write("d", 1);
  assert.equal(queue.release()?.length, 1);
  assert.equal(queue.length, 0);
});

test("a nearly full queue does not move all of its bytes for each small append", () => {
  const queue = WriteQueue.take();
  const whole = 1 << 20;
  queue.append(new Uint8Array(whole));
  let moved = 0;
  const { copyWithin, set } = Uint8Array.prototype;
  const small = new Uint8Array(64);
  try {
    Uint8Array.prototype.copyWithin = function (to, from, end) {
      moved += (end ?? this.length) - from;
      return copyWithin.call(this, to, from, end);
    };
    Uint8Array.prototype.set = function (from, at) {
      moved += from.length;
      set.call(this, from, at);
    };
    // As many bytes go as come: it stays as full as it is.
    for (let i = 0; i < 5000; i++) {
      queue.sent(small.length);
      queue.append(small);
    }
  } finally {
    // Deleted: its own would shadow those above it, and be enumerable.
    for (const name of ["copyWithin", "set"]) Reflect.deleteProperty(Uint8Array.prototype, name);
  }
  assert.equal(queue.length, whole);
  assert.ok(moved < 8 * whole, `${moved} bytes moved`);
  queue.release();
});
