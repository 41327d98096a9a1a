// SPDX-License-Identifier: MIT
/** The bytes that wait to be sent: in order, whole, and whose turn it is to be told. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { WriteQueue } from "../../src/event/conn/write_queue.ts";
import { pattern } from "../support/serving.ts";

/** The bytes that a send would take now, at most `most`. */
function taken(outbox: WriteQueue, most: number): Uint8Array {
  return outbox.head().slice(0, Math.min(most, outbox.length));
}

test("output is sent in order, whatever the size of each send", () => {
  const all = pattern(300_000);
  const out: Uint8Array[] = [];
  let outbox = WriteQueue.take();
  for (let at = 0, size = 1; at < all.length; at += size, size = (size * 3) % 7919) {
    outbox.append(all.subarray(at, at + size));
    const sent = taken(outbox, size >> 1);
    out.push(sent);
    outbox.sent(sent.length);
    if (size % 5 === 0) outbox = outbox.settle();
  }
  out.push(taken(outbox, Infinity));
  assert.deepEqual(new Uint8Array(Buffer.concat(out)), all);
  outbox.release();
});

test("the callback of a write is called once its last byte is sent, and not before", () => {
  const told: string[] = [];
  let outbox = WriteQueue.take();
  const write = (name: string, length: number) => {
    outbox.append(new Uint8Array(length));
    outbox.tell(() => told.push(name));
  };
  const sent = (n: number) => outbox.sent(n)?.forEach((written) => written(null));
  write("a", 10);
  write("b", 10);
  sent(9);
  assert.deepEqual(told, []);
  sent(1);
  assert.deepEqual(told, ["a"]);
  outbox = outbox.settle();
  write("c", 0);
  sent(9);
  assert.deepEqual(told, ["a"]);
  sent(1);
  assert.deepEqual(told, ["a", "b", "c"]);
  write("d", 1);
  assert.equal(outbox.release()?.length, 1);
  assert.equal(outbox.length, 0);
});

test("a nearly full one does not move all of itself for each small append", () => {
  const outbox = WriteQueue.take();
  const whole = 1 << 20;
  outbox.append(new Uint8Array(whole));
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
      outbox.sent(small.length);
      outbox.append(small);
    }
  } finally {
    // Deleted: its own would shadow those above it, and be enumerable.
    for (const name of ["copyWithin", "set"]) Reflect.deleteProperty(Uint8Array.prototype, name);
  }
  assert.equal(outbox.length, whole);
  assert.ok(moved < 8 * whole, `${moved} bytes moved`);
  outbox.release();
});
