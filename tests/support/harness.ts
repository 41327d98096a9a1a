// SPDX-License-Identifier: MIT
/**
 * What every test leans on: a body is run under `run` and under `runSync`, and afterwards nothing
 * may be left of it: no socket, no goroutine, no timer, no poller.
 */
import "./poller.ts";
import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import {
  type Conn,
  dial,
  go,
  listen,
  type Listener,
  numGoroutine,
  OpError,
  type Routine,
  run,
  runSync,
  sleep,
  type TCPAddr,
} from "../../mod.ts";
import {
  type SimOptions,
  simulate,
  simulateSync,
  type Simulation,
  SimulationError,
} from "../../sim.ts";
import { platform } from "../../platforms/platform.ts";
import type { IntOption } from "../../platforms/contract/platform.ts";
import { SimSockets } from "../../platforms/sim/sockets.ts";
import { WindowsSockets } from "../../platforms/windows/socket/sockets.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import { netpoll } from "../../src/netpoll/netpoll.ts";
import type { Goroutine } from "../../src/sched/goroutine.ts";
import { scheduler } from "../../src/sched/thread.ts";

/** The two ways to run goroutines. */
export type Driver = "run" | "runSync";

/** Why a test that reads the files under /proc is skipped, or false where there are such files. */
export const noProc: string | false = process.platform !== "linux" &&
  "the files under /proc are Linux's";

/** Sockets that this process has open; on Windows those of the library. */
export function openSockets(): number {
  const { sockets } = platform();
  if (sockets instanceof WindowsSockets || sockets instanceof SimSockets) return sockets.open;
  // By getsockopt(2), for Deno's fstatSync knows only descriptors of Deno's own.
  const isSocket = (fd: string) => sockets.getOption(Number(fd), "SO_TYPE") >= 0;
  if (noProc) return readdirSync("/dev/fd").filter(isSocket).length;
  // One that has two numbers is one.
  return new Set(openLinks().filter((link) => link.startsWith("socket:"))).size;
}

/** What each descriptor of this process stands for, as /proc shows it; nothing where it is missing. */
export function openLinks(): string[] {
  if (noProc) return [];
  return readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // The descriptor of the directory itself is gone by now.
    }
  });
}

/** Fails if anything is left of a test that began with `sockets` sockets. */
export function assertNothingLeft(sockets: number): void {
  assert.equal(numGoroutine(), 0, "goroutines left");
  assert.equal(scheduler.timers.size, 0, "timers left");
  assert.equal(scheduler.promises, 0, "waits for promises left");
  assert.equal(netpoll.waiters, 0, "waits for descriptors left");
  assert.equal(netpoll.isOpen, false, "the poller is still open");
  // The runtime may close some of its own meanwhile, as those that fetch kept alive.
  const left = openSockets();
  assert.ok(left <= sockets, `sockets left: ${left - sockets}`);
  const system = platform().sockets;
  if (system instanceof WindowsSockets) assert.equal(system.slotsInUse, 0, "slots left");
}

/** Ends a test that hangs, with an error instead of the runner's own silence. */
function* limited<T>(main: () => Routine<T>): Routine<T> {
  const watchdog = go(function* watchdog() {
    yield* sleep(LIMIT_S * 1000);
    throw new Error(`still running after ${LIMIT_S} s`);
  });
  void watchdog;
  return yield* main();
}

/**
 * How tests are run on a simulated host instead of this one, as "random:7": the schedule and the seed;
 * undefined as always but for scripts/sim_tests.mjs.
 */
const SIMULATED = process.env.NETPOLL_SIMULATE;

/** Runs `main` on a simulated host, and checks that nothing is left there. */
async function runSimulated<T>(driver: Driver, main: () => Routine<T>): Promise<T> {
  const [schedule, seed] = SIMULATED!.split(":");
  const options: SimOptions = { seed: Number(seed), schedule: schedule as "fifo" | "random" };
  const body = (_: Simulation) => limited(main);
  try {
    return driver === "run"
      ? (await simulate(options, body)).value
      : simulateSync(options, body).value;
  } catch (error) {
    throw error instanceof SimulationError ? error.cause : error;
  }
}

/** Runs `main` by `driver` and checks that nothing is left. */
export async function runBy<T>(driver: Driver, main: () => Routine<T>): Promise<T> {
  if (SIMULATED !== undefined) return await runSimulated(driver, main);
  const before = openSockets();
  try {
    return driver === "run" ? await run(() => limited(main)) : runSync(() => limited(main));
  } finally {
    assertNothingLeft(before);
  }
}

/** Whether this is Windows, or what plays it. */
export const onWindows: boolean = platform().os === "windows";

/** Whether that is Wine, which says so itself. */
export const onWine: boolean = onWindows && winsock().nt.wine_get_version !== null;

/** Longest that a test may take, in seconds; it is there to end a hang, not to measure. Wine is slow. */
const LIMIT_S = onWine ? 110 : 60;

/** Why a test is skipped under Wine; tests/platforms/wine_gaps_test.ts shows each gap. */
export function wineGap(what: WineGap): string | false {
  return onWine && `a gap of Wine: ${what}`;
}

/** What Windows has and Wine has not. */
export type WineGap =
  | "AF_UNIX"
  | "SIO_TCP_INFO"
  | "TCP_MAXRT"
  | "TCP_FASTOPEN"
  | "IPV6_TCLASS"
  | "a reset before the first receive"
  | "a choice of a datagram's source"
  | "interfaces of multicast by index"
  | "names of interfaces"
  | "folders for Bun to read";

/**
 * Asserts the number of calls that return the available data: on Windows one may begin an operation and another
 * collect it.
 */
export function assertCalls(calls: number, expected: number): void {
  const most = onWindows ? expected + 1 : expected;
  assert.ok(expected <= calls && calls <= most, `${calls} calls instead of ${expected}`);
}

/** Errors by name: some have no number on Windows. */
const ERRNO = new Map<string, number>();
for (let errno = 20_000; errno > 0; errno--) ERRNO.set(platform().errnoText(errno).name, errno);

/** Whether this system has an error of this name. */
export function hasErrno(name: string): boolean {
  return ERRNO.has(name);
}

/** The number of an error on this system. */
export function errnoOf(name: string): number {
  const errno = ERRNO.get(name);
  if (errno === undefined) throw new RangeError(`no errno has the name ${name}`);
  return errno;
}

/** A test of `main` under `run` and another under `runSync`; `skip` says why there is none. */
export function both(name: string, main: () => Routine<void>, skip: string | false = false): void {
  for (const driver of ["run", "runSync"] as const) {
    test(`${name} (${driver})`, { skip }, () => runBy(driver, main));
  }
}

/** A test of `main` under one of the two, for what only that one has. */
export function only(
  driver: Driver,
  name: string,
  main: () => Routine<void>,
  skip: string | false = false,
): void {
  test(`${name} (${driver})`, { skip }, () => runBy(driver, main));
}

/** A connected pair: the dialled end and the accepted one, with the listener closed. */
export function* pair(network: "tcp" | "tcp4" | "tcp6" = "tcp"): Routine<[Conn, Conn]> {
  using listener = yield* listen(network, network === "tcp6" ? "[::1]:0" : "127.0.0.1:0");
  return yield* pairOn(listener);
}

/** A connected pair through `listener`. */
export function* pairOn(listener: Listener): Routine<[Conn, Conn]> {
  const dialling = go(() => dial("tcp", String(listener.addr)));
  const accepted = yield* listener.accept();
  return [yield* dialling.join(), accepted];
}

/** What `routine` throws; fails if it returns. */
export function* thrown<T>(routine: Routine<T>): Routine<unknown> {
  let value: T;
  try {
    value = yield* routine;
  } catch (error) {
    return error;
  }
  assert.fail(`returned ${value} instead of throwing`);
}

/** `error` as the OpError that it must be, with this text. */
export function opError(error: unknown, message: string | RegExp): OpError {
  assert.ok(error instanceof OpError, String(error));
  if (typeof message === "string") assert.equal(error.message, message);
  else assert.match(error.message, message);
  return error;
}

/** An option of a socket, as the kernel has it. */
export function option({ fd }: { readonly fd: number }, name: IntOption): number {
  const value = platform().sockets.getOption(fd, name);
  assert.ok(value >= 0, `getsockopt: errno ${-value}`);
  return value;
}

/** The port of a listener. */
export function portOf(listener: Listener): number {
  return (listener.addr as TCPAddr).port;
}

/** Waits until `g` waits, for that `reason` if one is given. */
export function* parked(g: Goroutine, reason?: string): Routine<void> {
  yield* until(() => g.status === "waiting" && (reason === undefined || g.waitReason === reason));
}

/** Waits until `condition` holds; the test's limit ends it if it never does. */
export function* until(condition: () => boolean): Routine<void> {
  while (!condition()) yield* sleep(1);
}
