// SPDX-License-Identifier: MIT
/** The long run: `npm run fuzz -- --seeds N --from S [--only conn|accept|tls]`. */
import process from "node:process";
import { parseArgs } from "node:util";
import { run } from "../../mod.ts";
import { assertNothingLeft, openSockets } from "../support/harness.ts";
import { fuzz, FUZZERS } from "./fuzz.ts";

/** Seeds of one run of goroutines, after which nothing may be left. */
const PART = 500;
/** Deno opens a pair of sockets of its own at some time, once. */
const OF_THE_RUNTIME = "Deno" in globalThis ? 2 : 0;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const [count, first] = [Number(values.seeds), Number(values.from)];
if (!(count > 0 && first >= 0)) throw new RangeError("--seeds and --from are whole numbers");

let failed = 0;
const most = openSockets() + OF_THE_RUNTIME;
for (const kind of values.only === undefined ? Object.keys(FUZZERS) : [values.only]) {
  if (FUZZERS[kind] === undefined) throw new RangeError(`there is no fuzzer "${kind}"`);
  const start = performance.now();
  for (let from = first; from < first + count; from += PART) {
    const seeds = Math.min(PART, first + count - from);
    const failures = await run(() => fuzz(kind, from, seeds));
    failed += failures.length;
    for (const { message } of failures) console.error(message);
    assertNothingLeft(most);
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${kind}: seeds ${first} to ${first + count - 1}, ${seconds} s`);
}
console.log(`${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
