// SPDX-License-Identifier: MIT
/** Two clients read a value, add to it and write it back: one of the additions is lost. */
import assert from "node:assert/strict";
import { type Routine, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import { type Bug, LineClient, lineServer } from "./bug.ts";

/** A store of one number with "get", "set N" and "cas OLD NEW". */
function store(): (line: string) => string {
  let value = "0";
  return (line) => {
    const [verb, first, second] = line.split(" ");
    if (verb === "set") value = first;
    if (verb === "cas" && value === first) {
      value = second;
      return "ok";
    }
    return value;
  };
}

function* blindly(client: LineClient): Routine<void> {
  const value = Number(yield* client.ask("get"));
  yield* client.ask(`set ${value + 1}`);
}

function* byComparison(client: LineClient): Routine<void> {
  for (;;) {
    const value = yield* client.ask("get");
    if ((yield* client.ask(`cas ${value} ${Number(value) + 1}`)) === "ok") return;
  }
}

function counter(add: (client: LineClient) => Routine<void>) {
  return function* (sim: Simulation): Routine<void> {
    sim.host("store", { main: lineServer(store()) });
    const adding = ["a", "b"].map((name) =>
      sim.host(name).go(function* () {
        using client = yield* LineClient.to("store");
        yield* sleep(sim.stream(name).between(0, 50));
        yield* add(client);
      })
    );
    for (const each of adding) yield* each.join();
    using client = yield* LineClient.to("store");
    assert.equal(yield* client.ask("get"), "2", "an update is lost");
  };
}

/** See the top of this file. */
export const lostUpdate: Bug = {
  name: "lost update",
  failure: /an update is lost/,
  options: { link: { latency: [1, 5] } },
  broken: counter(blindly),
  mended: counter(byComparison),
};
