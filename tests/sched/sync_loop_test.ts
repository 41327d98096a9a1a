// SPDX-License-Identifier: MIT
/** How long a thread of `runSync` waits in the poller: by made-up times, as spinner_test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SyncLoop } from "../../src/sched/sync_loop.ts";

/** Time that a look at the poller takes, in milliseconds. */
const LOOK = 0.002;
/** Time until a thread that waits has been woken. */
const WAKE = 0.05;

/** A scheduler whose only goroutine handles events that come `gap` ms after the last was handled. */
class Events {
  now = 1;
  waited = 0;
  runnable = false;
  waiters = 1;
  handled = 0;
  /** Number of blocking waits, and of looks. */
  waits = 0;
  looks = 0;
  gap: number;
  #next: number;

  constructor(gap: number) {
    this.gap = gap;
    this.#next = this.now + gap;
  }

  pass(maxWait: number): boolean {
    if (this.runnable) {
      this.handled++;
      this.now += LOOK;
      this.#next = this.now + this.gap;
    }
    this.waited = 0;
    if (maxWait === 0) {
      this.looks++;
      this.now += LOOK;
    } else {
      this.waits++;
      this.waited = Math.max(LOOK, this.#next + WAKE - this.now);
      this.now += this.waited;
    }
    this.runnable = this.now >= this.#next;
    // Without waiters there are timers alone.
    return this.runnable && this.waiters > 0;
  }
}

/** Handles `count` events that are `gap` ms apart. */
function handle(gap: number, count: number, share = 0.05, waiters = 1): Events {
  const events = new Events(gap);
  events.waiters = waiters;
  run(new SyncLoop(events, share), events, count);
  return events;
}

/** Passes until `count` events have been handled. */
function run(loop: SyncLoop, events: Events, count: number): void {
  while (events.handled < count) loop.pass();
}

test("runSync looks for closely spaced events instead of waiting for them", () => {
  const { waits, handled } = handle(0.03, 2000);
  assert.ok(waits < handled / 100, `${waits} waits for ${handled} events`);
});

test("runSync waits for events that are far apart, and looks for a small part of the time", () => {
  for (const gap of [0.1, 0.2, 0.4, 1, 10]) {
    const { waits, looks, handled, now } = handle(gap, 2000);
    const free = Math.min(gap, WAKE) * (handled - waits);
    assert.ok(
      looks * LOOK - free - handled * LOOK <= now * 0.05 + 15,
      `${looks} looks and ${waits} waits in ${now} ms for ${handled} events`,
    );
    if (gap >= 0.4) assert.ok(waits >= handled - 50, `${waits} waits for ${handled} events`);
  }
});

test("runSync always waits where spinShare is 0", () => {
  const { waits, looks } = handle(0.03, 500, 0);
  assert.equal(looks, 0);
  assert.ok(waits >= 500);
});

test("runSync does not look for events where no goroutine waits for one", () => {
  assert.equal(handle(0.03, 500, 0.05, 0).looks, 0);
});

test("runSync is not charged for short sleeps, in which it does not spin", () => {
  const events = new Events(0.2);
  const loop = new SyncLoop(events, 0.05);
  events.waiters = 0;
  run(loop, events, 2000);
  assert.equal(events.looks, 0);
  const { waits } = events;
  events.waiters = 1;
  events.gap = 0.03;
  run(loop, events, 3000);
  // One is the last sleep's, which had begun before.
  assert.ok(events.waits - waits <= 1, `${events.waits - waits} waits for 1000 events`);
});
