// SPDX-License-Identifier: MIT
/** A proxy connects to its server within the accept loop, which one EMFILE ends. */
import assert from "node:assert/strict";
import { type Conn, copy, dial, go, listen, OpError, type Routine } from "../../../mod.ts";
import { sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import { type Bug, LineClient, lineServer } from "./bug.ts";

function* forward(client: Conn, server: Conn): Routine<void> {
  using _client = client, _server = server;
  const back = go(ignoringErrors, copy(client, server));
  yield* ignoringErrors(copy(server, client));
  server.closeWrite();
  yield* back.join();
}

function* ignoringErrors(call: Routine<unknown>): Routine<void> {
  try {
    yield* call;
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
  }
}

function* inTheLoop(): Routine<void> {
  using listener = yield* listen("tcp", ":7");
  try {
    for (;;) {
      const client = yield* listener.accept();
      go(forward, client, yield* dial("tcp", "server:7"));
    }
  } catch {
    // "The listener was closed."
  }
}

function* inItsGoroutine(): Routine<void> {
  using listener = yield* listen("tcp", ":7");
  for (;;) {
    const client = yield* listener.accept();
    go(ignoringErrors, serveOne(client));
  }
}

function* serveOne(client: Conn): Routine<void> {
  using _client = client;
  yield* forward(client, yield* dial("tcp", "server:7"));
}

function proxy(main: () => Routine<void>) {
  return function* (sim: Simulation): Routine<void> {
    sim.host("server", { main: lineServer((line) => line) });
    const host = sim.host("proxy", { main });
    yield* sleep(1);
    host.limit({ descriptors: host.descriptors + 3 });
    const calls = Array.from({ length: 3 }, () =>
      go(function* () {
        yield* sleep(sim.stream("clients").between(0, 60));
        yield* mayFail();
      }));
    for (const each of calls) yield* each.join();
    yield* sleep(10_000);
    try {
      yield* call();
    } catch (error) {
      assert.fail(`the proxy serves no more: ${(error as Error).message}`);
    }
  };
}

/** Some are refused while descriptors are short. */
function* mayFail(): Routine<void> {
  try {
    yield* call();
  } catch {
    // It was refused.
  }
}

function* call(): Routine<void> {
  using client = yield* LineClient.to("proxy");
  client.conn.setDeadline(Date.now() + 3000);
  yield* client.ask("hello");
}

/** See the top of this file. */
export const acceptLoop: Bug = {
  name: "accept loop that ends at EMFILE",
  failure: /the proxy serves no more/,
  options: { link: { latency: [1, 5] } },
  broken: proxy(inTheLoop),
  mended: proxy(inItsGoroutine),
};
