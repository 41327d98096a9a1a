// SPDX-License-Identifier: MIT
/** Explorations whose runs are shared by threads. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  ExplorationError,
  explore,
  type ExploreOptions,
  exploreSync,
  simulateSync,
} from "../../sim.ts";
import { onWindows } from "../support/harness.ts";
import { betweenWrites, channels } from "./explore_programs.ts";

const WRONG = new URL("fixtures/explored.ts", import.meta.url);
const RIGHT = new URL("fixtures/explored_right.ts", import.meta.url);

async function failureOf(options: ExploreOptions): Promise<ExplorationError> {
  try {
    await explore(options, WRONG);
  } catch (error) {
    assert.ok(error instanceof ExplorationError, String(error));
    return error;
  }
  assert.fail("nothing was found");
}

test("workers find the first failing run, whichever worker makes it", async () => {
  const strategies = ["fifo", "random", { pct: 3 }] as const;
  const alone = await failureOf({ strategies });
  for (const workers of [1, 3]) {
    const error = await failureOf({ strategies, workers });
    assert.equal(error.message, alone.message);
    assert.equal(error.hash, alone.hash);
    assert.throws(() => simulateSync(error.options, betweenWrites), /seen between two writes/);
  }
});

test("an enumeration uses one worker, and is reproduced by its choices", async () => {
  const error = await failureOf({ strategies: [{ delays: 3 }], workers: 2, shrink: 0 });
  assert.match(error.replay, /^1:any~/);
  assert.throws(() => simulateSync(error.options, betweenWrites), /seen between two writes/);
});

test("the counts of workers are summed, and equal each time", async () => {
  const options: ExploreOptions = { runs: 101, workers: 2, strategies: ["random", { delays: 1 }] };
  const result = await explore(options, RIGHT);
  assert.equal(result.runs, 101);
  assert.equal(result.failed, 0);
  const [random, delays] = result.strategies;
  assert.equal(random.runs + delays.runs, 101);
  assert.equal(random.text, `random: ${random.runs} runs`);
  const [enumeration] = exploreSync({ strategies: [{ delays: 1 }] }, channels).strategies;
  assert.deepEqual(delays, enumeration);
  assert.deepEqual(await explore(options, RIGHT), result);
});

test("a run named by the environment is made on the current thread", async () => {
  const { replay, hash } = await failureOf({ strategies: ["random"] });
  process.env.NETPOLL_SIM = replay;
  try {
    assert.equal((await failureOf({ workers: 2 })).hash, hash);
  } finally {
    delete process.env.NETPOLL_SIM;
  }
});

test("on Deno, explorations of a module need no permission but to read it", {
  skip: onWindows && "the other runtime is not started under Wine",
}, () => {
  const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));
  const fixture = fileURLToPath(new URL("fixtures/explored_by_module.ts", import.meta.url));
  const args = ["run", "--no-check", "--no-prompt", "--allow-read", fixture];
  const { stdout, stderr } = spawnSync(deno, args, { encoding: "utf8" });
  assert.equal(stdout, "20\n20\n", stderr);
});

test("options that workers do not support are refused", async () => {
  const rejected = async (options: ExploreOptions, main: URL | typeof channels, message: RegExp) =>
    await assert.rejects(explore(options, main), message);
  await rejected({ workers: -1 }, RIGHT, /workers must be/);
  await rejected({ workers: 1 }, channels, /main must be a URL with workers/);
  await rejected({ workers: 1, collect: 2 }, RIGHT, /collect needs one thread/);
  await rejected({ workers: 1, onRun: () => {} }, RIGHT, /must be no functions/);
  await rejected(
    {},
    new URL("programs.ts", import.meta.url),
    /the default export of .* must be a function/,
  );
  await rejected(
    { workers: 1 },
    new URL("programs.ts", import.meta.url),
    /a worker failed: TypeError/,
  );
  await rejected({ workers: 1 }, new URL("missing.ts", import.meta.url), /a worker failed/);
  assert.throws(() => exploreSync({ workers: 1 }, channels), /with workers: use explore/);
});
