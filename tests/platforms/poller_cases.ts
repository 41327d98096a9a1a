// SPDX-License-Identifier: MIT
/** What every poller must do, whatever the system. scripts/poller_matrix.mjs shows which do. */
import { test } from "node:test";
import { Bench, type PollerSystem } from "../support/poller_bench.ts";
import { EVENT_CASES } from "./poller_event_cases.ts";
import { WAIT_CASES } from "./poller_wait_cases.ts";

/** Makes a test of each case. */
export function pollerCases(system: PollerSystem): void {
  for (const [name, body] of Object.entries({ ...EVENT_CASES, ...WAIT_CASES })) {
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
