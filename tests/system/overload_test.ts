// SPDX-License-Identifier: MIT
/**
 * Servers under faults and floods, as bench/overload.ts has them: real processes, bounded in time.
 * Bounds are wide, for the machine is shared; the figures are in bench/results and docs/overload.md.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  emfile,
  resetStorm,
  slowReader,
  slowSender,
  workerKilled,
} from "../../bench/overload/faults.ts";
import { tenTimes } from "../../bench/overload/flood.ts";
import type { Runtime } from "../../bench/overload/served.ts";
import { Timeline } from "../../bench/overload/timeline.ts";
import { isDeno } from "../support/child.ts";

const TIMEOUT_MS = 90_000;

const runtime: Runtime = isDeno
  ? { id: "deno", command: [process.execPath, "run", "-A", "--quiet"] }
  : { id: "bun", command: [process.execPath] };

const options = { timeout: TIMEOUT_MS };

test("a worker that dies closes its own connections, and no others", options, async () => {
  const figures = await workerKilled(runtime);
  assert.equal(figures.lost, figures.connections / 2);
  assert.ok(figures["rounds of those left, 1/s"] > 0);
});

test(
  "without free descriptors connected clients are served, and afterwards all are",
  options,
  async () => {
    const figures = await emfile(runtime);
    assert.equal(figures["others lost"], 0);
    assert.ok(figures["clients served"] > 0);
    assert.ok(figures["clients served"] < figures["descriptors allowed"]);
    assert.ok(figures["rounds during, 1/s"] > 0);
    assert.ok(figures["served again after, ms"] < 5000);
  },
);

test("clients that do not read use no memory, and block no others", options, async () => {
  const figures = await slowReader(runtime);
  assert.ok(figures["taken from them, MiB"] < 10 * 64);
  assert.ok(figures["memory grown, MiB"] < 64, `${figures["memory grown, MiB"]}`);
  assert.ok(figures["rounds during, 1/s"] > 0);
});

test("silent clients are closed, and no others", options, async () => {
  const figures = await slowSender(runtime);
  assert.equal(figures.closed, figures["slow senders"]);
  assert.equal(figures["others lost"], 0);
});

test("a storm of resets leaks nothing", options, async () => {
  const figures = await resetStorm(runtime);
  assert.equal(figures["others lost"], 0);
  assert.equal(figures["descriptors left over"], 0);
  assert.ok(figures["memory grown, MiB"] < 128, `${figures["memory grown, MiB"]}`);
  assert.ok(figures["rounds after, 1/s"] > 0);
});

test("under ten times the load the server works at its limit, and recovers", options, async () => {
  const timeline = new Timeline();
  const figures = await tenTimes(runtime, timeline);
  const say = JSON.stringify(figures);
  assert.ok(figures["served of the capacity"] > 0.3, say);
  assert.ok(figures.refused > figures["served, 1/s"], say);
  assert.equal(figures.refused, figures["refused by its own count"], say);
  const grown = figures["memory at most, MiB"] - figures["memory before, MiB"];
  assert.ok(grown < 128, say);
  assert.ok(figures["capacity after of before"] > 0.3, say);
  const refusing = timeline.moments.filter(({ rates }) => rates.refused > 0);
  assert.ok(refusing.length > 0, JSON.stringify(timeline.moments));
});
