// SPDX-License-Identifier: MIT
/** What threads may leave behind beside sockets. */
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { listen, type Routine } from "../../mod.ts";
import { BREAK } from "../../platforms/linux/epoll.ts";
import { eventually } from "./child.ts";
import { type Driver, noProc, only, onWindows, runBy, until } from "./harness.ts";

/** Why workers do not accept by themselves. */
export const noSharing: string | false = onWindows &&
  "Windows has no SO_REUSEPORT: the main thread accepts for all";

/**
 * Pollers of ours in this process: Linux shows what was registered with which data, and ours break a
 * wait by a descriptor whose data is {@linkcode BREAK}. The runtime has pollers too, a few for each
 * worker, and lets go of them when it likes: Deno may do so seconds after the thread has ended.
 * Elsewhere nothing lists them; what a worker leaves is closed by the same lines there.
 */
function pollers(): number {
  if (noProc) return 0;
  return readdirSync("/proc/self/fdinfo").filter((fd) => {
    try {
      return OURS.test(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"));
    } catch {
      return false; // Closed since.
    }
  }).length;
}

/** What the kernel prints of the break descriptor in one of our pollers. */
const OURS = new RegExp(`^tfd:.* data: *${(BREAK >>> 0).toString(16)} `, "m");

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
      const before = pollers();
      await runBy(driver, main);
      // Bun's helper that waited beside the host's loop ends a moment after its run.
      await eventually("no poller is left", () => pollers() <= before);
    });
  }
}

/** A test under one of the two. */
export function withWorkers(
  driver: Driver,
  name: string,
  main: () => Routine<void>,
  skip: string | false = false,
): void {
  only(driver, name, function* () {
    // Opens this thread's own.
    using _ = yield* listen("tcp", "127.0.0.1:0");
    const before = pollers();
    yield* main();
    yield* until(() => pollers() <= before);
  }, skip);
}
