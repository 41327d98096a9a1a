// SPDX-License-Identifier: MIT
/** How every poller must wait and be woken, with much to tell, and beside another one. */
import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { POLL_READ, POLL_WRITE } from "../../platforms/contract/platform.ts";
import type { Case } from "../support/poller_bench.ts";

/** The cases, by what they show. */
export const WAIT_CASES: Readonly<Record<string, Case>> = {
  "wake: before the wait": (b) => {
    b.poller.break();
    assert.deepEqual(b.poll(-1), []);
    assert.deepEqual(b.poll(0), []);
  },

  "wake: several before a wait are one": (b) => {
    for (let i = 0; i < 100; i++) b.poller.break();
    b.poll(-1);
    const start = performance.now();
    b.poll(5e6);
    assert.ok(performance.now() - start > 4, "the next wait was broken as well");
  },

  "wake: during the wait, from another thread": async (b) => {
    const state = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(new URL("../fixtures/break_worker.ts", import.meta.url), {
      workerData: { state, descriptor: b.poller.breakDescriptor },
    });
    try {
      await new Promise((resolve) => worker.once("message", resolve));
      for (let i = 0; i < 5; i++) {
        Atomics.add(state, 0, 1);
        Atomics.notify(state, 0);
        b.poll(-1);
      }
      assert.equal(Atomics.load(state, 0), 5);
    } finally {
      Atomics.store(state, 0, -1);
      Atomics.notify(state, 0);
      await new Promise((resolve) => worker.once("exit", resolve));
    }
  },

  "wake: together with events": (b) => {
    const [a] = b.pair();
    b.open(a, 1, 0);
    b.system.want(b.poller, a, "write");
    b.poller.break();
    b.until(1, POLL_WRITE);
    b.settle();
  },

  "delay: zero does not wait": (b) => {
    for (let i = 0; i < 100; i++) assert.deepEqual(b.poll(0), []);
  },

  "delay: less than a millisecond waits, and ends": (b) => {
    const start = performance.now();
    for (let i = 0; i < 20; i++) assert.deepEqual(b.poll(500_000), []);
    const took = performance.now() - start;
    assert.ok(took > 5, `20 waits of half a millisecond took ${took} ms`);
  },

  "delay: one longer than the system's maximum waits as well": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    assert.equal(b.poll(Number.MAX_SAFE_INTEGER)[0].mode & POLL_READ, POLL_READ);
  },

  "delay: an unlimited wait ends with an event": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    assert.equal(b.poll(-1)[0].slot, 1);
  },

  "many: more events than one wait returns": (b) => {
    const COUNT = 300;
    const listener = b.listener();
    const pairs = Array.from({ length: COUNT }, () => b.pair(listener));
    for (const [slot, [a, peer]] of pairs.entries()) {
      b.open(a, slot, slot + 1);
      b.system.want(b.poller, a, "read");
      b.send(peer, "x");
    }
    const told = new Set<number>();
    while (told.size < COUNT) {
      for (const { slot, sequence, mode } of b.poll(1e9)) {
        assert.equal(sequence, slot + 1);
        if (mode & POLL_READ) told.add(slot);
      }
    }
    for (const [a] of pairs) assert.equal(b.poller.close(a), 0);
  },

  "two: one descriptor in two pollers is reported by both": (b) => {
    const [a, peer] = b.pair();
    const second = b.another();
    b.open(a, 1, 0);
    b.open(a, 2, 0, second);
    b.settle();
    b.settle(second);
    b.system.want(b.poller, a, "read");
    b.system.want(second, a, "read");
    b.send(peer, "x");
    b.until(1, POLL_READ);
    b.until(2, POLL_READ, second);
    assert.equal(b.poller.close(a), 0);
    b.send(peer, "y");
    b.until(2, POLL_READ, second);
    assert.equal(b.quiet(1), 0);
  },

  "two: a wake-up reaches one poller alone": (b) => {
    const second = b.another();
    b.poller.break();
    assert.deepEqual(b.poll(0, second), []);
    b.poll(-1);
  },

  "own: the poller knows its descriptors": (b) => {
    const { poller } = b;
    assert.equal(poller.isPollDescriptor(poller.waitDescriptor), true);
    assert.equal(poller.isPollDescriptor(poller.breakDescriptor), true);
    assert.equal(poller.isPollDescriptor(b.socket()), false);
  },

  "own: the poller itself can be polled while it has events": (b) => {
    const readable = () => b.system.sockets.ready(b.poller.waitDescriptor, "read") === 1;
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    assert.equal(readable(), false);
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    while (!readable());
    b.until(1, POLL_READ);
    b.settle();
    assert.equal(readable(), false, "told, though not read");
    b.poller.break();
    while (!readable());
    b.poll(0);
    assert.equal(readable(), false, "a break is taken");
  },
};
