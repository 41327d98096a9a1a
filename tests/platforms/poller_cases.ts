// SPDX-License-Identifier: MIT
/** What every poller must do, whatever the system. scripts/poller_matrix.mjs shows which do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { POLL_HANGUP, POLL_READ, POLL_WRITE } from "../../platforms/types.ts";
import { Bench, modeText, type PollerSystem } from "./poller_bench.ts";

type Case = (bench: Bench) => void | Promise<void>;

/** No descriptor has this number. */
const NO_DESCRIPTOR = 1_000_000;

/** The cases, by what they show. */
export const CASES: Readonly<Record<string, Case>> = {
  "add: a connection can be written to from the start": (b) => {
    const [a] = b.pair();
    b.open(a, 3, 7);
    b.system.want(b.poller, a, "write");
    let sequence = -1;
    for (; sequence < 0;) for (const each of b.poll(1e9)) sequence = each.sequence;
    assert.equal(sequence, 7);
  },

  "add: what came before is told": (b) => {
    const [a, peer] = b.pair();
    b.send(peer, "x");
    b.open(a, 1, 0);
    b.system.want(b.poller, a, "read");
    b.until(1, POLL_READ);
  },

  "add: a number that is no descriptor is refused": (b) => {
    assert.ok(b.poller.open(NO_DESCRIPTOR, 1, 0) < 0);
  },

  "edge: each arrival is told once": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    for (const text of ["one", "two", "three"]) {
      b.system.want(b.poller, a, "read");
      b.send(peer, text);
      b.until(1, POLL_READ);
      assert.equal(modeText(b.quiet(1) & POLL_READ), "nothing", "told again, with nothing new");
      assert.equal(b.recv(a), text);
    }
  },

  "edge: what comes while the last is unread is told as well": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    for (const text of ["one", "two"]) {
      b.system.want(b.poller, a, "read");
      b.send(peer, text);
      b.until(1, POLL_READ);
    }
    assert.equal(b.recv(a), "onetwo");
  },

  "close: nothing is told any more": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    assert.equal(b.poller.close(a), 0);
    b.send(peer, "x");
    assert.equal(b.quiet(1), 0);
    assert.equal(b.recv(a), "x", "the descriptor itself goes on");
  },

  "close: what is not registered is refused": (b) => {
    const [a] = b.pair();
    assert.ok(b.poller.close(a) < 0);
    b.open(a, 1, 0);
    assert.equal(b.poller.close(a), 0);
    assert.ok(b.poller.close(a) < 0);
  },

  "close: it can be added again": (b) => {
    const [a, peer] = b.pair();
    for (const slot of [1, 2, 3]) {
      b.open(a, slot, slot);
      b.system.want(b.poller, a, "read");
      b.send(peer, "x");
      b.until(slot, POLL_READ);
      assert.equal(b.recv(a), "x");
      assert.equal(b.poller.close(a), 0);
    }
  },

  "reopen: the same number is a stranger": (b) => {
    const listener = b.listener();
    const [a, peer] = b.pair(listener);
    b.open(a, 1, 0);
    b.settle();
    b.send(peer, "for the old one");
    assert.equal(b.poller.close(a), 0);
    b.close(a);
    const spare: number[] = [];
    let again = b.socket();
    for (; again !== a && spare.length < 100; again = b.socket()) spare.push(again);
    assert.equal(again, a, "the number is given out again");
    const [, newPeer] = b.connect(again, listener);
    b.open(again, 2, 5);
    b.system.want(b.poller, again, "read");
    b.send(newPeer, "new");
    b.until(2, POLL_READ);
    assert.equal(b.quiet(1), 0);
    assert.equal(b.recv(again), "new");
  },

  "late: an event that stood when it was closed is never another's": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 10);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    assert.equal(b.poller.close(a), 0);
    b.open(a, 1, 11);
    b.system.want(b.poller, a, "read");
    const seen = [...b.poll(1e9), ...b.poll(20e6)];
    assert.ok(seen.length > 0);
    for (const { sequence } of seen) assert.equal(sequence, 11);
  },

  "both: a reader and a writer are told": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    const sent = b.fill(a);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.system.want(b.poller, a, "write");
    b.send(peer, "x");
    b.until(1, POLL_READ);
    b.drain(peer, sent);
    b.until(1, POLL_WRITE);
  },

  "EOF: told with data left, which is still there": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "the last");
    assert.equal(b.system.sockets.shutdown(peer, "write"), 0);
    b.until(1, POLL_READ | POLL_HANGUP);
    assert.equal(b.recv(a), "the last");
    assert.equal(b.recv(a), "");
  },

  "EOF: the other direction goes on": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    assert.equal(b.system.sockets.shutdown(peer, "write"), 0);
    b.until(1, POLL_READ | POLL_HANGUP);
    b.settle();
    const sent = b.fill(a);
    b.settle();
    b.system.want(b.poller, a, "write");
    b.drain(peer, sent);
    b.until(1, POLL_WRITE);
  },

  "shutdown: one's own is no hang-up, and reading goes on": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    assert.equal(b.system.sockets.shutdown(a, "write"), 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    assert.equal(b.until(1, POLL_READ) & POLL_HANGUP, 0);
    assert.equal(b.recv(a), "x");
  },

  "reset: both directions are told, and a call says why": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.fill(a);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.system.want(b.poller, a, "write");
    assert.equal(b.system.sockets.setLinger(peer, 0), 0);
    b.close(peer);
    b.until(1, POLL_READ | POLL_WRITE | POLL_HANGUP);
    const { sockets } = b.system;
    assert.ok(sockets.recv(a, new Uint8Array(1), 1) < 0, "the error is there to be seen");
  },

  "connect: one that is refused tells the writer": (b) => {
    const { sockets, errno } = b.system;
    const listener = b.listener();
    const address = sockets.localAddress(listener);
    b.close(listener);
    const fd = b.socket();
    const done = sockets.connect(fd, address as Uint8Array<ArrayBuffer>);
    if (done !== -errno.EINPROGRESS) return assert.ok(done < 0);
    b.open(fd, 1, 0);
    b.system.want(b.poller, fd, "write");
    b.until(1, POLL_WRITE);
    assert.ok(sockets.getOption(fd, "SO_ERROR") > 0);
  },

  "accept: a listener is told of each arrival": (b) => {
    const listener = b.listener();
    b.open(listener, 1, 0);
    b.settle();
    for (let i = 0; i < 3; i++) {
      b.system.want(b.poller, listener, "read");
      b.dial(b.socket(), listener);
      b.until(1, POLL_READ);
      b.accept(listener);
    }
  },

  "wake: before the wait": (b) => {
    b.poller.break();
    assert.deepEqual(b.poll(-1), []);
    assert.deepEqual(b.poll(0), []);
  },

  "wake: many are one": (b) => {
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

  "wake: beside events": (b) => {
    const [a] = b.pair();
    b.open(a, 1, 0);
    b.system.want(b.poller, a, "write");
    b.poller.break();
    b.until(1, POLL_WRITE);
    b.settle();
  },

  "delay: zero only looks": (b) => {
    for (let i = 0; i < 100; i++) assert.deepEqual(b.poll(0), []);
  },

  "delay: below a millisecond is a wait, and ends": (b) => {
    const start = performance.now();
    for (let i = 0; i < 20; i++) assert.deepEqual(b.poll(500_000), []);
    const took = performance.now() - start;
    assert.ok(took > 5, `20 waits of half a millisecond took ${took} ms`);
  },

  "delay: one that is too long for the system waits as well": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    assert.equal(b.poll(Number.MAX_SAFE_INTEGER)[0].mode & POLL_READ, POLL_READ);
  },

  "delay: endless ends by an event": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    assert.equal(b.poll(-1)[0].slot, 1);
  },
};

/** The cases with more than one poller, or with many descriptors. */
export const LARGER_CASES: Readonly<Record<string, Case>> = {
  "many: more events than one wait takes": (b) => {
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

  "two: one descriptor in two pollers is told by both": (b) => {
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

  "two: a break is of one alone": (b) => {
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

  "own: it can be polled while there is something to tell": (b) => {
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

/** Makes a test of each case. */
export function pollerCases(system: PollerSystem): void {
  for (const [name, body] of Object.entries({ ...CASES, ...LARGER_CASES })) {
    const skip = system.skip[name];
    test(`${system.name}: ${name}`, skip ? { skip } : {}, async () => {
      const bench = new Bench(system);
      try {
        await body(bench);
      } finally {
        bench.dispose();
      }
    });
  }
}
