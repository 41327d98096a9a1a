// SPDX-License-Identifier: MIT
/** A call that timed out is made again, though the first one was executed. */
import assert from "node:assert/strict";
import { OpError, type Routine, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import { type Bug, LineClient, lineServer } from "./bug.ts";

const CALLS = 3;

/** Makes a call until it is answered. */
function* call(line: string): Routine<void> {
  for (;;) {
    try {
      using client = yield* LineClient.to("bank");
      client.conn.setDeadline(Date.now() + 500);
      yield* client.ask(line);
      return;
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      yield* sleep(100);
    }
  }
}

function bank(knowsCalls: boolean) {
  return function* (sim: Simulation): Routine<void> {
    const seen = new Set<string>();
    let balance = 0;
    const main = lineServer((id) => {
      if (!knowsCalls || !seen.has(id)) balance++;
      seen.add(id);
      return String(balance);
    });
    sim.host("bank", { main });
    for (let id = 0; id < CALLS; id++) yield* call(String(id));
    assert.equal(balance, CALLS, "a payment was made twice");
  };
}

/** See the top of this file. */
export const retry: Bug = {
  name: "retry without idempotence",
  failure: /a payment was made twice/,
  options: { link: { latency: [1, 5], loss: 0.05 } },
  broken: bank(false),
  mended: bank(true),
};
