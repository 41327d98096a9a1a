// SPDX-License-Identifier: MIT
/** The lock of one direction of a connection, and the watchers of a descriptor. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { go, gosched, PanicError } from "../../mod.ts";
import { Turn } from "../../src/net/io/turn.ts";
import { PollExtras } from "../../src/netpoll/poll_extras.ts";
import { both } from "../support/harness.ts";

both("goroutines take turns, first come, first served", function* () {
  const turn = new Turn();
  const order: number[] = [];
  assert.ok(turn.take());
  const waiting = [1, 2, 3].map((n) =>
    go(function* () {
      yield* turn.lock();
      order.push(n);
      yield* gosched();
      turn.unlock();
    })
  );
  yield* gosched();
  assert.deepEqual(order, []);
  assert.ok(!turn.take());
  turn.unlock();
  for (const each of waiting) yield* each.join();
  assert.deepEqual(order, [1, 2, 3]);
  assert.ok(turn.take(), "it is free afterwards");
  turn.unlock();
  assert.throws(() => turn.unlock(), PanicError);
});

test("a descriptor without watchers keeps no list of them", () => {
  const extras = new PollExtras();
  const [one, other] = [{ retry() {} }, { retry() {} }];
  assert.ok(extras.watch("read", one));
  assert.ok(!extras.watch("read", one), "it is there already");
  assert.ok(extras.watch("read", other));
  const before = extras.watchers("read")!;
  assert.ok(extras.unwatch("read", one));
  assert.deepEqual(before, [one, other], "a list that is being walked does not change");
  assert.ok(!extras.unwatch("read", one));
  assert.ok(extras.unwatch("read", other));
  assert.equal(extras.watchers("read"), null);
});
