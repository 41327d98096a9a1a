// SPDX-License-Identifier: MIT
/** How long a thread without work spins: by made-up times, for real ones are those of the machine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Spinner } from "../../src/sched/spinner.ts";

/** What an event found by spinning saves, which is not counted. */
const WAKE = 0.1;

/** Runs events `gap` ms apart past a spinner for `total` ms. Returns ms of spinning, and sleeps. */
function spin(spinner: Spinner, gap: number, total: number, share = 0.05, from = 1) {
  let [spun, counted, sleeps] = [0, 0, 0];
  for (let at = from; at < from + total; at += gap) {
    spinner.idle(at, share);
    const step = 0.001;
    let look = at;
    while (look < at + gap && spinner.spins(look)) look += step;
    spun += look - at;
    counted += look < at + gap ? look - at : Math.max(0, look - at - WAKE);
    if (look < at + gap) {
      spinner.sleep(look);
      sleeps++;
    }
    spinner.busy(at + gap, true);
  }
  return { spun, counted, sleeps, events: Math.ceil(total / gap) };
}

test("closely spaced events are found by spinning", () => {
  const { sleeps, events } = spin(new Spinner(), 0.05, 1000);
  assert.equal(sleeps, 0);
  assert.equal(events, 20_000);
});

test("at low rates spinning costs at most its share of the time", () => {
  for (const gap of [0.15, 0.3, 0.6, 1, 3, 10, 100]) {
    const total = 20_000;
    const { spun, counted } = spin(new Spinner(), gap, total);
    const cost = gap < 1 ? counted : spun;
    assert.ok(cost <= total * 0.05 + 15, `${cost} ms of ${total} at a gap of ${gap} ms`);
  }
});

test("bursts with pauses between them cost at most the share", () => {
  const spinner = new Spinner();
  let counted = 0;
  for (let at = 1; at < 20_000; at += 20) {
    counted += spin(spinner, 0.12, 1, 0.05, at).counted;
    counted += spin(spinner, 15, 15, 0.05, at + 2).counted;
  }
  assert.ok(counted <= 20_000 * 0.05 + 15, `${counted} ms`);
});

test("a share of 0 never spins", () => {
  assert.equal(spin(new Spinner(), 0.05, 100, 0).spun, 0);
});

test("after long pauses closely spaced events are found again", () => {
  const spinner = new Spinner();
  spin(spinner, 50, 5000);
  const { sleeps } = spin(spinner, 0.05, 100, 0.05, 6000);
  assert.ok(sleeps < 20, `${sleeps} sleeps`);
});

test("a thread preempted by others does not spin", () => {
  const spinner = new Spinner();
  spinner.looked(1, 21);
  assert.equal(spin(spinner, 0.05, 500, 0.05, 22).spun, 0);
  assert.ok(spin(spinner, 0.05, 500, 0.05, 1100).spun > 0);
});

test("a short stall, as by a helper thread of the runtime, stops spinning for a short time", () => {
  const spinner = new Spinner();
  spinner.looked(1, 1.2);
  assert.equal(spin(spinner, 0.05, 9, 0.05, 1.3).spun, 0);
  assert.equal(spin(spinner, 0.05, 500, 0.05, 12).sleeps, 0);
});

test("time asleep is not charged as if it had been spun", () => {
  for (const event of [false, true]) {
    const spinner = new Spinner();
    for (let at = 1; at < 1000; at += 0.2) {
      spinner.idle(at, 0.05);
      spinner.sleep(at);
      spinner.busy(at + 0.15, event);
      assert.ok(spinner.willSpin(at + 0.15), `at ${at} ms`);
    }
  }
});

test("a spin that ends in a wait is charged for the time that was spun", () => {
  const spinner = new Spinner();
  const spun = 0.05;
  let at = 1;
  let spins = 0;
  for (; spinner.willSpin(at); spins++) {
    spinner.idle(at, 1e-9);
    spinner.sleep(at + spun);
    spinner.busy(at + 1, false);
    at += 2;
  }
  // Of the 10 ms that it may spin at first, less than one spin is left.
  assert.ok(spins * spun > 9.7 && spins * spun < 10, `${spins} spins`);
});
