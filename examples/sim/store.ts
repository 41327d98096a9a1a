// SPDX-License-Identifier: MIT
/**
 * The store of redis.ts on a simulated network that loses packets and falls apart, with system calls
 * that fail: no increment that was acknowledged may be lost, and none may be made out of nothing.
 *
 *   bun examples/sim/store.ts
 */
import {
  BufferedReader,
  type Conn,
  dial,
  type Goroutine,
  listen,
  type Listener,
  OpError,
  type Routine,
  serve,
  sleep,
} from "../../mod.ts";
import { type SimHost, type SimOptions, simulateSync, type Simulation } from "../../sim.ts";
import { serveRedis } from "../redis/serve.ts";
import { Store } from "../redis/store.ts";

const CLIENTS = 3;
/** How long the network is bad, in milliseconds. */
const STORM_MS = 20_000;

/** What the clients have seen. */
export interface Counts {
  /** Increments that a client sent. */
  attempted: number;
  /** Increments that were answered. */
  acknowledged: number;
}

/** How the network is, beside the partitions. */
const OPTIONS: SimOptions = { link: { latency: [1, 20], loss: 0.01 }, faults: "storm" };

/** Program of the server. */
function* server(): Routine<void> {
  const store = new Store();
  using listener = yield* listening();
  yield* serve(listener, (conn) => serveRedis(conn, store), { onError: exceptNetwork });
}

/** Listens, perhaps at the second try: the storm takes descriptors away. */
function* listening(): Routine<Listener> {
  for (;;) {
    try {
      return yield* listen("tcp", ":6380");
    } catch (error) {
      exceptNetwork(error);
    }
  }
}

/** A connection that fails is the client's matter; anything else ends the simulation. */
function exceptNetwork(error: unknown): void {
  if (!(error instanceof OpError)) throw error;
}

/** Sends a command and returns the reply of one line. */
function* command(conn: Conn, reader: BufferedReader, line: string): Routine<string> {
  conn.setDeadline(Date.now() + 1000);
  yield* conn.write(`${line}\r\n`);
  const reply = yield* reader.line();
  if (reply === null) throw new Error("the server has closed the connection");
  return reply;
}

/** Increments until `sim.now` is `until`, on a new connection after each failure. */
function* client(sim: Simulation, counts: Counts, until: number): Routine<void> {
  while (sim.now < until) {
    try {
      using conn = yield* dial("tcp", "server:6380", { timeout: 1000 });
      const reader = new BufferedReader(conn);
      for (let before = 0; sim.now < until;) {
        counts.attempted++;
        const value = Number((yield* command(conn, reader, "INCR hits")).slice(1));
        counts.acknowledged++;
        if (!(value > before)) throw new RangeError(`${value} after ${before}`);
        before = value;
        yield* sleep(10);
      }
    } catch (error) {
      if (error instanceof RangeError) throw error; // The store is wrong, not the network.
      yield* sleep(100);
    }
  }
}

/** Cuts the hosts apart by one shape after the other. */
function* nemesis(sim: Simulation, clients: readonly SimHost[]): Routine<void> {
  const stream = sim.stream("nemesis");
  const [victim] = sim.hosts;
  while (sim.now < STORM_MS) {
    const shape = stream.choose(3);
    const cut = shape === 0
      ? sim.halves()
      : sim.partition(clients, victim, { oneWay: shape === 1 });
    yield* sleep(stream.between(100, 3000));
    cut.heal();
    if (stream.chance(0.3)) sim.reset(clients, victim);
    yield* sleep(stream.between(100, 1000));
  }
}

/** The whole simulation. Returns the counts. */
export function* storeUnderFaults(sim: Simulation): Routine<Counts> {
  sim.host("server", { main: server });
  yield* sleep(1);
  const counts: Counts = { attempted: 0, acknowledged: 0 };
  const hosts = Array.from({ length: CLIENTS }, (_, i) => sim.host(`client${i}`));
  const clients: Goroutine<void>[] = hosts.map((host) => host.go(client, sim, counts, STORM_MS));
  yield* nemesis(sim, hosts);
  for (const each of clients) yield* each.join();
  sim.quiet();
  sim.link(sim.hosts, sim.test, { loss: 0 });
  yield* sleep(300_000); // What was sent and never answered has arrived by now, or never does.
  using conn = yield* dial("tcp", "server:6380");
  const reader = new BufferedReader(conn);
  const length = yield* command(conn, reader, "GET hits");
  const value = length === "$-1" ? 0 : Number(yield* reader.line());
  const { attempted, acknowledged } = counts;
  if (value < acknowledged || value > attempted) {
    throw new Error(`${value} increments; ${acknowledged} acknowledged, ${attempted} attempted`);
  }
  return counts;
}

/** Runs it once. */
export function run(seed: number): Counts {
  return simulateSync({ ...OPTIONS, seed }, storeUnderFaults).value;
}

if (import.meta.main) {
  let attempted = 0;
  let acknowledged = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const counts = run(seed);
    attempted += counts.attempted;
    acknowledged += counts.acknowledged;
  }
  console.log(`100 storms: ${attempted} increments sent, ${acknowledged} acknowledged, none lost`);
}
