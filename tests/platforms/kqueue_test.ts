// SPDX-License-Identifier: MIT
/** The kqueue adapter over kevents as macOS and FreeBSD deliver them, on any system. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_ERROR,
  EV_ONESHOT,
  EV_RECEIPT,
  EVFILT_READ,
  EVFILT_WRITE,
  NOTE_TRIGGER,
} from "../../platforms/bsd/kevent.ts";
import { KqueuePoller, modeOf } from "../../platforms/bsd/poller.ts";
import { KqueueRawPoller } from "../../platforms/bsd/raw_poller.ts";
import { DARWIN } from "../../platforms/darwin/system.ts";
import { FREEBSD } from "../../platforms/freebsd/system.ts";
import {
  PlatformError,
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
} from "../../platforms/contract/platform.ts";
import { Netpoll } from "../../src/netpoll/netpoll.ts";
import type { PollDesc } from "../../src/netpoll/poll_desc.ts";
import { RECORDS } from "../support/kevent_records.ts";
import { RecordedKqueue } from "../support/kqueue_stub.ts";

const FD = 5;
const EINTR = 4;
const EBADF = 9;
const EPIPE = 32;
const BOTH = [EVFILT_READ, EVFILT_WRITE];

function opened(netpoll: Netpoll): PollDesc {
  const pd = netpoll.open(FD);
  assert.ok(typeof pd !== "number");
  pd.rready = pd.wready = false;
  return pd;
}

for (const system of [DARWIN, FREEBSD]) {
  const { os, kevent: layout, errnoText } = system;

  const start = () => {
    const kqueue = new RecordedKqueue(layout);
    const poller = new KqueuePoller(kqueue, layout, errnoText);
    kqueue.changes.length = 0;
    return { kqueue, poller, netpoll: new Netpoll(() => poller) };
  };

  for (const { what, kevents, wakes, only } of RECORDS) {
    if (only !== undefined && only !== os) continue;
    for (const order of ["", ", the other way round"]) {
      if (order && kevents.length === 1) continue;
      test(`${os}: ${what}${order}`, () => {
        const { kqueue, netpoll } = start();
        const pd = opened(netpoll);
        const woken = new Set<string>();
        const watch = (mode: "read" | "write") => {
          const watcher = { retry: () => void woken.add(mode) };
          pd.watch(mode, watcher);
          return () => pd.unwatch(mode, watcher);
        };
        const ends = [watch("read"), watch("write")];
        for (const each of order ? [...kevents].reverse() : kevents) kqueue.deliver(FD, each);
        netpoll.poll(0);
        ends.forEach((end) => end());
        if (pd.hangup) woken.add("hangup");
        assert.deepEqual([...woken].sort(), [...wakes].sort());
        assert.equal(pd.rready, wakes.includes("read"));
        assert.equal(pd.wready, wakes.includes("write"));
        assert.equal(pd.readState, 0, "no call is refused: the next one says what happened");
        netpoll.close(pd);
      });
    }
  }

  test(`${os}: both filters are added once, with EV_CLEAR, and deleted`, () => {
    const { kqueue, poller } = start();
    assert.equal(poller.open(FD, 1, 2), 0);
    const flags = EV_ADD | EV_CLEAR | EV_RECEIPT;
    const added = BOTH.map((filter) => ({ ident: FD, filter, flags, fflags: 0 }));
    // Urgent data is asked for, where there is something to ask.
    added[0].fflags = { darwin: 2, freebsd: 0 }[os];
    assert.deepEqual(kqueue.changes.splice(0), added);
    assert.equal(poller.close(FD), 0);
    assert.deepEqual(
      kqueue.changes,
      added.map((each) => ({ ...each, flags: EV_DELETE | EV_RECEIPT, fflags: 0 })),
    );
  });

  test(`${os}: slot and sequence are stored in udata, to their 32nd bit`, () => {
    const { kqueue, poller } = start();
    for (const [slot, sequence] of [[0, 0], [7, -1], [0x7fffffff, -0x80000000]]) {
      poller.open(FD, slot, sequence);
      kqueue.deliver(FD, [EVFILT_WRITE, 0, 0, 1]);
      poller.poll(0, (...told) => assert.deepEqual(told, [slot, sequence, POLL_WRITE]));
      poller.close(FD);
    }
  });

  test(`${os}: a stale event of a slot wakes no goroutine`, () => {
    const { kqueue, netpoll } = start();
    const pd = opened(netpoll);
    kqueue.deliver(FD, [EVFILT_READ, 0, 0, 1]);
    netpoll.close(pd);
    const next = netpoll.open(FD + 1) as PollDesc;
    next.rready = false;
    netpoll.poll(0);
    assert.equal(next, pd);
    assert.equal(next.rready, false);
    netpoll.close(next);
  });

  test(`${os}: EV_ERROR in a receipt is the result, and nothing stays registered`, () => {
    const { kqueue, poller } = start();
    for (const filter of BOTH) {
      kqueue.refused.set(`${FD}:${filter}`, EBADF);
      kqueue.changes.length = 0;
      assert.equal(poller.open(FD, 1, 0), -EBADF);
      const deleted = kqueue.changes.filter(({ flags }) => flags & EV_DELETE);
      assert.deepEqual(deleted.map((each) => each.filter), BOTH);
      kqueue.refused.clear();
    }
    kqueue.refused.set(`${FD}:${EVFILT_READ}`, 2);
    assert.equal(poller.close(FD), -2);
  });

  test(`${os}: a registered descriptor is not registered again, as the kernel would accept it`, () => {
    const { kqueue, poller } = start();
    assert.equal(poller.open(FD, 1, 0), 0);
    kqueue.changes.length = 0;
    assert.equal(poller.open(FD, 2, 0), -17);
    assert.equal(kqueue.changes.length, 0);
    poller.close(FD);
    assert.equal(poller.open(FD, 2, 0), 0);
  });

  test(`${os}: the write end of a pipe without a reader is registered`, () => {
    const { kqueue, poller } = start();
    kqueue.refused.set(`${FD}:${EVFILT_WRITE}`, EPIPE);
    assert.equal(poller.open(FD, 1, 0), 0);
  });

  test(`${os}: a break is a user event, and is not reported`, () => {
    const { EVFILT_USER: filter } = layout;
    const made = new RecordedKqueue(layout);
    new KqueuePoller(made, layout, errnoText);
    // Without EV_CLEAR every wait after the first would return at once.
    const flags = EV_ADD | EV_CLEAR | EV_RECEIPT;
    assert.deepEqual(made.changes, [{ ident: 0, filter, flags, fflags: 0 }]);
    const { kqueue, poller } = start();
    poller.break();
    assert.deepEqual(kqueue.changes, [{ ident: 0, filter, flags: 0, fflags: NOTE_TRIGGER }]);
    assert.equal(poller.poll(-1, () => assert.fail("told")), 1);
    assert.equal(poller.breakDescriptor, poller.waitDescriptor);
  });

  test(`${os}: the timeout is in nanoseconds, and at most the kernel's maximum`, () => {
    const { kqueue, poller } = start();
    const delays = [0, 1, 999_999, 1e6, 1.5e9, 1e15, 2e15, Number.MAX_SAFE_INTEGER];
    for (const delay of delays) poller.poll(delay, () => {});
    assert.deepEqual(kqueue.timeouts, [0, 1, 999_999, 1e6, 1.5e9, 1e15, 1e15, 1e15]);
  });

  test(`${os}: an interrupted wait continues if it is endless, and returns if it is timed`, () => {
    const { kqueue, poller } = start();
    kqueue.failures.push(-EINTR);
    assert.equal(poller.poll(1e6, () => {}), 0);
    kqueue.failures.push(-EINTR, -EINTR);
    poller.open(FD, 1, 0);
    kqueue.deliver(FD, [EVFILT_READ, 0, 0, 1]);
    assert.equal(poller.poll(-1, () => {}), 1);
    assert.equal(kqueue.failures.length, 0);
    kqueue.failures.push(-EBADF);
    assert.equal(poller.poll(-1, () => {}), -EBADF);
  });

  test(`${os}: a poller that cannot be opened is a clear error, and leaks nothing`, () => {
    const kqueue = new RecordedKqueue(layout);
    kqueue.refused.set(`0:${layout.EVFILT_USER}`, 12);
    assert.throws(() => new KqueuePoller(kqueue, layout, errnoText), (error) => {
      assert.ok(error instanceof PlatformError);
      assert.equal(error.message, "Cannot open a poller: kevent: cannot allocate memory");
      assert.equal(error.missing, "ENOMEM");
      return true;
    });
    assert.equal(kqueue.open, 0);
  });

  test(`${os}: the triggers of the raw poller are flags of the requested filters`, () => {
    const kqueue = new RecordedKqueue(layout);
    const raw = new KqueueRawPoller(kqueue, layout, errnoText);
    const triggers = { level: 0, edge: EV_CLEAR, oneshot: EV_ONESHOT } as const;
    for (const trigger of ["level", "edge", "oneshot"] as const) {
      kqueue.changes.length = 0;
      assert.equal(raw.add(FD, POLL_READ, trigger, 1), 0);
      const flags = EV_ADD | EV_RECEIPT | triggers[trigger];
      assert.deepEqual(kqueue.changes, [{ ident: FD, filter: EVFILT_READ, flags, fflags: 0 }]);
      assert.equal(raw.add(FD, POLL_READ, trigger, 1), -17);
      assert.equal(raw.remove(FD), 0);
      assert.equal(raw.remove(FD), -2);
    }
  });

  test(`${os}: the raw poller reports a descriptor once a wait, and "oneshot" covers both filters`, () => {
    const kqueue = new RecordedKqueue(layout);
    const raw = new KqueueRawPoller(kqueue, layout, errnoText);
    raw.add(FD, POLL_READ | POLL_WRITE, "oneshot", 9);
    kqueue.changes.length = 0;
    kqueue.deliver(FD, [EVFILT_READ, 0x8000, 54, 0]);
    kqueue.deliver(FD, [EVFILT_WRITE, 0, 0, 1]);
    const told: number[][] = [];
    assert.equal(raw.wait(0, (...each) => told.push(each)), 2);
    assert.deepEqual(told, [[FD, 9, POLL_READ | POLL_WRITE | POLL_HANGUP | POLL_ERROR]]);
    const deleted = kqueue.changes.map(({ filter, flags }) => [filter, flags & EV_DELETE]);
    assert.deepEqual(deleted, BOTH.map((filter) => [filter, EV_DELETE]));
  });
}

test("an event with EV_ERROR alone makes reads fail", () => {
  assert.equal(modeOf(EVFILT_READ, EV_ERROR, 0, 0), POLL_READ | POLL_ERROR);
  assert.equal(modeOf(EVFILT_READ, EV_ERROR | EV_ADD, 0, 0), POLL_READ);
});
