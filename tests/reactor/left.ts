// SPDX-License-Identifier: MIT
/** What threads may leave behind beside sockets. */
import { readdirSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { listen, type Listener, type Routine } from "../../mod.ts";
import { openPool } from "../../reactor.ts";
import { eventually } from "../system/child.ts";
import { type Driver, only, onWindows, runBy, thrown, until } from "../harness.ts";

const JOBS = new URL("./handlers/jobs.ts", import.meta.url);
/** Why workers do not accept by themselves. */
export const noSharing: string | false = onWindows &&
  "Windows has no SO_REUSEPORT: the main thread accepts for all";
/** Whether there has been a worker: with the first the runtime opens what it keeps. */
let warm = false;

/**
 * Descriptors of pollers and their wake-ups in this process: its runtime's threads have some too. On
 * Windows nothing lists them; what a worker leaves is closed by the same lines there.
 */
export function pollers(): number {
  if (onWindows) return 0;
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /eventpoll|eventfd/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // Closed since.
    }
  }).length;
}

/** Tests of `main` under both, after which no thread of a worker has left a poller. */
export function bothWithWorkers(
  name: string,
  main: () => Routine<void>,
  skip: string | false = false,
): void {
  for (const driver of ["run", "runSync"] as const) withWorkers(driver, name, main, skip);
}

/** Tests that what `main` leaves open ends with its run, under both. */
export function endsWithRun(name: string, main: () => Routine<void>): void {
  for (const driver of ["run", "runSync"] as const) {
    test(`${name} (${driver})`, async () => {
      // The first opens what the runtime keeps.
      await runBy(driver, main);
      const before = pollers();
      await runBy(driver, main);
      // Bun's helper that waited beside the host's loop ends a moment after its run.
      await eventually("no poller is left", () => pollers() <= before);
    });
  }
}

/** Waits as long as it takes to open what waits beside the host's loop; it is there from then on. */
function* idle(listener: Listener): Routine<void> {
  listener.setDeadline(Date.now() + 20);
  yield* thrown(listener.accept());
}

/** A test under one of the two. */
export function withWorkers(
  driver: Driver,
  name: string,
  main: () => Routine<void>,
  skip: string | false = false,
): void {
  only(driver, name, function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    yield* idle(listener);
    if (!warm) yield* (yield* openPool(JOBS, { workers: 1 })).shutdown();
    warm = true;
    const before = pollers();
    yield* main();
    yield* until(() => pollers() <= before);
  }, skip);
}
