// SPDX-License-Identifier: MIT
/** Every limit of a reactor under every policy, where the main thread accepts and where workers do. */
import assert from "node:assert/strict";
import { type Conn, dial, go, listen, type Routine } from "../../mod.ts";
import { type LimitName, type Limits, openReactor, type Reactor } from "../../reactor.ts";
import { until } from "../support/harness.ts";
import { noSharing, withWorkers } from "../support/left.ts";

const HANDLER = new URL("./handlers/echo.ts", import.meta.url);
const WORKERS = 2;
const CLIENTS = 16;

/** A limit that fewer than all clients reach, and what is done to the rest. */
const CASES: [LimitName, "refused" | "closed" | "stopped", Limits][] = [
  ["connections", "refused", { connections: { most: 4, policy: "refuse" } }],
  ["connections", "closed", { connections: { most: 4, policy: "closeOldestIdle" } }],
  ["perAddress", "refused", { perAddress: 4 }],
  ["perAddress", "closed", { perAddress: { most: 4, policy: "closeOldestIdle" } }],
  ["goroutines", "refused", { goroutines: { most: 6, policy: "refuse" } }],
  ["goroutines", "closed", { goroutines: { most: 6, policy: "closeOldestIdle" } }],
  ["acceptRate", "refused", { acceptRate: { perSecond: 0.01, burst: 4, policy: "refuse" } }],
  ["acceptRate", "stopped", { acceptRate: { perSecond: 100, burst: 2 } }],
];

/** Sends a byte and returns the number of the worker that answers; null if none does. */
function* served(conn: Conn): Routine<string | null> {
  const buf = new Uint8Array(256);
  try {
    yield* conn.write(new TextEncoder().encode("who"));
    const n = yield* conn.read(buf);
    return n === null ? null : new TextDecoder().decode(buf.subarray(0, 1));
  } catch (error) {
    if ((error as { code: string }).code === "ECONNRESET") return null;
    throw error;
  }
}

/** Starts a reactor under `limits`. Returns its address. */
function* start(reactor: Reactor, way: "handing" | "sharing"): Routine<string> {
  if (way === "sharing") return String(yield* reactor.listen("tcp", "127.0.0.1:0"));
  const listener = yield* listen("tcp", "127.0.0.1:0");
  go(() => reactor.serve(listener));
  return String(listener.addr);
}

for (const way of ["handing", "sharing"] as const) {
  for (const [limit, action, limits] of CASES) {
    withWorkers(
      "runSync",
      `at a limit of ${limit} further connections are ${action}: ${way}`,
      function* () {
        let shed = 0;
        const reactor = yield* openReactor(HANDLER, {
          workers: WORKERS,
          limits: {
            ...limits,
            onShed(told) {
              assert.deepEqual([told.limit, told.action], [limit, action]);
              shed += told.count;
            },
          },
        });
        const address = yield* start(reactor, way);
        const conns: Conn[] = [];
        let answered = 0;
        for (let i = 0; i < CLIENTS; i++) {
          conns.push(yield* dial("tcp", address));
          if ((yield* served(conns[i])) !== null) answered++;
        }
        // Workers tell of what they shed a little later.
        const gone = () =>
          action === "closed" ? CLIENTS - reactor.counters.open : CLIENTS - answered;
        yield* until(() => action === "stopped" ? shed > 0 : shed === gone());
        assert.ok(shed > 0);
        assert.equal(reactor.counters.accepted, answered);
        if (action !== "refused") assert.equal(answered, CLIENTS);
        if (limit === "connections" || limit === "perAddress") {
          assert.ok(reactor.counters.open <= 4);
        }
        conns.forEach((conn) => conn.close());
        assert.deepEqual(yield* reactor.shutdown(), { cut: 0 });
        assert.equal(reactor.counters.open, 0);
        assert.equal(reactor.counters[action][limit], shed);
      },
      way === "sharing" && noSharing,
    );
  }
}
