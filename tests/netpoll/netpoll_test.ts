// SPDX-License-Identifier: MIT
/** The portable half of the poller over the system's own: late events, latches, deadlines, break. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Conn, go, gosched, type Routine } from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import type { Poller, PollSink } from "../../platforms/contract/platform.ts";
import { Netpoll } from "../../src/netpoll/netpoll.ts";
import { POLL_CLOSING, POLL_OK, POLL_TIMEOUT } from "../../src/netpoll/poll_state.ts";
import type { PollDesc } from "../../src/netpoll/poll_desc.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { both, onWindows, pair } from "../support/harness.ts";

/** The system's poller, which is not told that descriptors are closed. */
class ForgetfulPoller implements Poller {
  readonly #poller = platform().openPoller();
  readonly edgePerArrival = this.#poller.edgePerArrival;
  readonly waitDescriptor = this.#poller.waitDescriptor;
  readonly breakDescriptor = this.#poller.breakDescriptor;
  events: [slot: number, sequence: number][] = [];

  open(fd: number, slot: number, sequence: number): number {
    return this.#poller.open(fd, slot, sequence);
  }

  /** As when the descriptor lives on elsewhere: after dup(2), fork(2) or SCM_RIGHTS. */
  close(): number {
    return 0;
  }

  poll(delay: number, sink: PollSink): number {
    return this.#poller.poll(delay, (slot, sequence, mode) => {
      this.events.push([slot, sequence]);
      return sink(slot, sequence, mode);
    });
  }

  break(): void {
    this.#poller.break();
  }

  isPollDescriptor(fd: number): boolean {
    return this.#poller.isPollDescriptor(fd);
  }

  dispose(): void {
    this.#poller.dispose();
  }
}

/** Why a connection of the library's own poller cannot be opened by another. */
const otherPoller = onWindows && "a socket belongs to one completion port for life";

function opened(netpoll: Netpoll, fd: number): PollDesc {
  const pd = netpoll.open(fd);
  assert.ok(typeof pd !== "number", `open failed with errno ${-(pd as number)}`);
  return pd;
}

both("a stale event for a recycled slot is dropped", function* () {
  const [a, aPeer] = yield* pair();
  const [b, bPeer] = yield* pair();
  using _a = a, _b = b, _aPeer = aPeer, _bPeer = bPeer;
  const poller = new ForgetfulPoller();
  const netpoll = new Netpoll(() => poller);
  const first = opened(netpoll, a.fd);
  netpoll.poll(0);
  netpoll.close(first);
  const second = opened(netpoll, b.fd);
  assert.equal(second, first, "the slot is used again");
  netpoll.poll(0);
  second.rready = false;
  poller.events = [];

  yield* aPeer.write(Uint8Array.of(1));
  netpoll.poll(1e9);
  assert.deepEqual(
    poller.events,
    [[second.slot, second.sequence - 1]],
    "the kernel did deliver it",
  );
  assert.equal(second.rready, false, "and it was not taken for the new descriptor's");

  yield* bPeer.write(Uint8Array.of(1));
  netpoll.poll(1e9);
  assert.equal(second.rready, true, "which gets its own");
  netpoll.close(second);
  netpoll.idle();
}, otherPoller);

both("readiness before the wait is latched", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const netpoll = new Netpoll(() => platform().openPoller());
  const pd = opened(netpoll, a.fd);
  netpoll.poll(0);
  pd.rready = false;
  yield* b.write(Uint8Array.of(1));
  netpoll.poll(1e9);
  assert.equal(pd.rready, true);
  assert.equal(pd.hangup, false);
  b.closeWrite();
  netpoll.poll(1e9);
  assert.equal(pd.hangup, true, "the end of the stream is a hang-up");
  netpoll.close(pd);
  netpoll.idle();
}, otherPoller);

both(
  "a poll may leave events to the next, which returns them without a wait",
  function* () {
    const many = 100;
    const conns: Conn[] = [];
    for (let i = 0; i < many / 2; i++) conns.push(...yield* pair());
    const poller = platform().openPoller();
    conns.forEach((conn, slot) => assert.equal(poller.open(conn.fd, slot, 7), 0));
    const seen = new Set<number>();
    // Each can be written; one that was lost would never come.
    while (seen.size < many) {
      const count = poller.poll(5e9, (slot, sequence) => {
        assert.equal(sequence, 7);
        seen.add(slot);
        return true;
      });
      assert.ok(count > 0, `${count} events, and ${many - seen.size} not told yet`);
    }
    // A caller that wakes no goroutine gets all events at once: the thread might go to sleep after it.
    for (const conn of conns) {
      poller.close(conn.fd);
      poller.open(conn.fd, 0, 8);
    }
    let told = 0;
    poller.poll(5e9, () => {
      told++;
      return false;
    });
    assert.ok(told >= many, `${told} events`);
    poller.dispose();
    for (const conn of conns) conn.close();
  },
  otherPoller,
);

both("closing precedes a deadline, and a deadline precedes readiness", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const netpoll = new Netpoll(() => platform().openPoller());
  const pd = opened(netpoll, a.fd);
  assert.equal(pd.readState, POLL_OK);
  pd.setDeadline("read", performance.now() - 1);
  assert.equal(pd.readState, POLL_TIMEOUT);
  assert.equal(pd.writeState, POLL_OK);
  pd.setDeadline("read", Infinity);
  assert.equal(pd.readState, POLL_OK);
  pd.setDeadline("write", 1);
  assert.equal(pd.writeState, POLL_TIMEOUT);
  pd.evict();
  assert.equal(pd.readState, POLL_CLOSING);
  assert.equal(pd.writeState, POLL_CLOSING);
  netpoll.close(pd);
  netpoll.idle();
}, otherPoller);

both("a recycled slot has no deadline of its previous descriptor", function* (): Routine<void> {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const netpoll = new Netpoll(() => platform().openPoller());
  const timers = scheduler.timers.size;
  const first = opened(netpoll, a.fd);
  first.setDeadline("read", performance.now() + 60_000);
  assert.equal(scheduler.timers.size, timers + 1);
  netpoll.close(first);
  assert.equal(scheduler.timers.size, timers, "its timer is gone");
  const second = opened(netpoll, b.fd);
  assert.equal(second.readState, POLL_OK);
  netpoll.close(second);
  netpoll.idle();
}, otherPoller);

test("break() ends the current wait or the next one", () => {
  const netpoll = new Netpoll(() => platform().openPoller());
  netpoll.init();
  for (let i = 0; i < 3; i++) {
    netpoll.break();
    netpoll.break();
    netpoll.poll(-1);
  }
  const start = performance.now();
  netpoll.poll(2e6);
  assert.ok(performance.now() - start >= 1.9, "two breaks made one wake-up");
  netpoll.idle();
});

test("isPollDescriptor() recognizes the poller's own descriptors", () => {
  const netpoll = new Netpoll(() => platform().openPoller());
  const { waitDescriptor, breakDescriptor } = netpoll.init();
  assert.equal(netpoll.isPollDescriptor(waitDescriptor), true);
  assert.equal(netpoll.isPollDescriptor(breakDescriptor), true);
  assert.equal(netpoll.isPollDescriptor(0), false);
  netpoll.idle();
  assert.equal(netpoll.isOpen, false);
});

test("open() of an invalid descriptor returns the errno", () => {
  const netpoll = new Netpoll(() => platform().openPoller());
  const answer = netpoll.open(1_000_000);
  assert.equal(platform().errnoText(-(answer as number)).name, "EBADF");
  netpoll.idle();
});

both("the poller is polled even if the run queue is never empty", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  let got = false;
  const spin = function* (): Routine<void> {
    while (!got) yield* gosched();
  };
  const spinning = go(spin);
  const reading = go(function* () {
    yield* a.read(new Uint8Array(1));
    got = true;
  });
  yield* gosched();
  yield* b.write(Uint8Array.of(1));
  yield* reading.join();
  yield* spinning.join();
});
