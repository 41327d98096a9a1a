// SPDX-License-Identifier: MIT
/**
 * A retry storm and its mend. A server that handles 32 calls a second has 20 a second, and stands still
 * for five seconds. Clients that repeat each call at once keep it busy with calls whose callers have gone:
 * it never recovers. With back-off, jitter and a budget of retries it does.
 *
 *   bun examples/sim/retry_storm.ts
 */
import {
  type Conn,
  dial,
  go,
  type Goroutine,
  listen,
  OpError,
  Semaphore,
  serve,
} from "../../mod.ts";
import { type Routine, sleep } from "../../mod.ts";
import { simulateSync, type Simulation } from "../../sim.ts";
import { AtOnce, BackOff, type RetryPolicy } from "./retry_policy.ts";

/** What a call takes on the server, one after the other. */
const WORK_MS = 31;
const TIMEOUT_MS = 500;
const CALLS_PER_S = 20;
/** The outage, and the whole time, in milliseconds. */
const OUTAGE = [10_000, 15_000] as const;
const END_MS = 45_000;
const WINDOW_MS = 5000;

/** Calls that began in a window of time, those of them that succeeded, and the tries of all. */
export interface Window {
  calls: number;
  succeeded: number;
  tries: number;
}

/** The server: it cannot know whose caller has gone before it has done the work. */
function* server(): Routine<void> {
  const processor = new Semaphore(1);
  using listener = yield* listen("tcp", ":80", { backlog: 4096 });
  const handle = function* (conn: Conn): Routine<void> {
    yield* conn.readFull(new Uint8Array(1));
    yield* processor.acquire();
    try {
      yield* sleep(WORK_MS);
    } finally {
      processor.release();
    }
    yield* conn.write("!");
  };
  yield* serve(listener, handle, { onError: () => {} });
}

/** One try. Returns whether the answer came in time. */
function* attempt(): Routine<boolean> {
  try {
    using conn = yield* dial("tcp", "server:80", { timeout: TIMEOUT_MS });
    conn.setDeadline(Date.now() + TIMEOUT_MS);
    yield* conn.write("?");
    return (yield* conn.readFull(new Uint8Array(1))) === 1;
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
    return false;
  }
}

function* call(policy: RetryPolicy, window: Window): Routine<void> {
  window.calls++;
  policy.begin();
  for (let tries = 1;; tries++) {
    window.tries++;
    if (yield* attempt()) return void window.succeeded++;
    const pause = policy.next(tries);
    if (pause === null) return;
    yield* sleep(pause);
  }
}

/** Returns a simulation of the outage, whose result are windows of five seconds. */
export function outage(policy: RetryPolicy): (sim: Simulation) => Routine<Window[]> {
  return function* (sim) {
    const host = sim.host("server", { main: server });
    const windows: Window[] = [];
    const calls: Goroutine<void>[] = [];
    go(function* () {
      yield* sleep(OUTAGE[0]);
      host.pause();
      yield* sleep(OUTAGE[1] - OUTAGE[0]);
      host.resume();
    });
    yield* sleep(1);
    const clients = sim.host("clients");
    while (sim.now < END_MS) {
      const window = windows[Math.floor(sim.now / WINDOW_MS)] ??= {
        calls: 0,
        succeeded: 0,
        tries: 0,
      };
      calls.push(clients.go(call, policy, window));
      yield* sleep(1000 / CALLS_PER_S);
    }
    for (const each of calls) yield* each.join();
    return windows;
  };
}

/** Runs both policies under a seed. */
export function run(seed: number): { atOnce: Window[]; backOff: Window[] } {
  const [atOnce, backOff] = [new AtOnce(), new BackOff()].map((policy) =>
    simulateSync({ seed, link: { latency: [1, 5] } }, outage(policy)).value
  );
  return { atOnce, backOff };
}

if (import.meta.main) {
  const { atOnce, backOff } = run(1);
  const share = ({ calls, succeeded }: Window) =>
    `${Math.round(100 * succeeded / calls)} %`.padStart(6);
  console.log("seconds  retries at once  back-off, jitter, budget");
  for (const [i, window] of atOnce.entries()) {
    const from = String(i * WINDOW_MS / 1000).padStart(7);
    const columns = [window, backOff[i]].map((each) =>
      `${share(each)} ${String(each.tries).padStart(5)} tries`
    );
    console.log(`${from}  ${columns.join("  ")}`);
  }
}
