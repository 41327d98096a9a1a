// SPDX-License-Identifier: MIT
/**
 * Dials several addresses: one after the other, and both IP versions in parallel. Go: net/dial.go,
 * dialParallel and dialSerial; RFC 6555, and RFC 8305, section 5.
 */
import type { Endpoint } from "../../../platforms/contract/platform.ts";
import type { G, Routine } from "../../sched/goroutine.ts";
import { spawn } from "../../sched/spawn.ts";
import { scheduler } from "../../sched/thread.ts";
import { chan } from "../../chan/channel.ts";
import type { Chan } from "../../chan/chan.ts";
import { select } from "../../chan/select.ts";
import { isCanceled } from "../../context/errors.ts";
import { Timer } from "../../time/timer.ts";
import type { CallDeadline } from "../options/call_options.ts";
import { now } from "../../sched/clock.ts";

/** Head start of the first IP version, in milliseconds. */
export const FALLBACK_DELAY_MS = 300;
/** Minimum time per address, in milliseconds, if that much is left. */
const SANE_MINIMUM_MS = 2000;

/** Dials one address. */
export interface Dialer<C extends Disposable> {
  /** Connects to `endpoint`, or fails at `until`, a time of `performance.now()`. */
  dial(endpoint: Endpoint, until: number): Routine<C>;
  /** Creates the error of a dial to `endpoint`. */
  failure(endpoint: Endpoint, cause: Error): Error;
}

/**
 * Dials `endpoints`, at least one, best first. Unless it is negative, after `fallbackDelay`
 * milliseconds those of the other IP version are tried in parallel.
 */
export function dialAll<C extends Disposable>(
  dialler: Dialer<C>,
  endpoints: readonly Endpoint[],
  limits: CallDeadline,
  fallbackDelay = FALLBACK_DELAY_MS,
): Routine<C> {
  const others = endpoints.filter((each) => is6(each) !== is6(endpoints[0]));
  if (others.length === 0 || fallbackDelay < 0) return dialSerial(dialler, endpoints, limits);
  const primaries = endpoints.filter((each) => is6(each) === is6(endpoints[0]));
  return dialParallel(
    () => dialSerial(dialler, primaries, limits),
    () => dialSerial(dialler, others, limits),
    fallbackDelay,
    (failure) => canceledOr(failure, dialler, endpoints[0], limits),
  );
}

/** Whether it is an IPv6 endpoint. */
export function is6({ ip }: Endpoint): boolean {
  return ip.length === 16;
}

/**
 * Tries each endpoint in turn. Reports the first error, because the others mostly repeat it, except
 * for a cancellation.
 */
export function* dialSerial<C extends Disposable>(
  dialler: Dialer<C>,
  endpoints: readonly Endpoint[],
  limits: CallDeadline,
): Routine<C> {
  let failure: unknown = null;
  for (const [i, endpoint] of endpoints.entries()) {
    if (limits.over === null) {
      try {
        return yield* dialler.dial(endpoint, partialDeadline(limits.until, endpoints.length - i));
      } catch (error) {
        failure ??= error;
      }
    }
    const { over } = limits;
    if (over === null) continue;
    if (failure === null || isCanceled(over)) throw dialler.failure(endpoint, over);
    break;
  }
  throw failure;
}

/** Returns the error of a dial to several addresses: `failure`, unless it was canceled. */
export function canceledOr<C extends Disposable>(
  failure: unknown,
  dialler: Dialer<C>,
  endpoint: Endpoint,
  limits: CallDeadline,
): unknown {
  const { over } = limits;
  return over === null || !isCanceled(over) || isCanceled(failure)
    ? failure
    : dialler.failure(endpoint, over);
}

/** Returns the time limit of the first of `remaining` addresses. Go: partialDeadline. */
function partialDeadline(until: number, remaining: number): number {
  const at = now();
  const left = until - at;
  return at + Math.max(left / remaining, Math.min(left, SANE_MINIMUM_MS));
}

/** Result of one of the two racers. */
export interface Finish<C> {
  readonly primary: boolean;
  readonly conn?: C;
  readonly error?: unknown;
}

/**
 * The first of the two that connects wins, and the other is ended. If neither does, `failed`
 * converts the error of the primary.
 */
function* dialParallel<C extends Disposable>(
  primary: () => Routine<C>,
  fallback: () => Routine<C>,
  delay: number,
  failed: (failure: unknown) => unknown,
): Routine<C> {
  const finishes = chan<Finish<C>>(2);
  using timer = new Timer(delay);
  const racers = [startRacer(finishes, true, primary)];
  try {
    let failure: unknown;
    for (let ended = 0; ended < 2;) {
      const got = racers.length === 1
        ? yield* select(finishes.onRecv(), timer.c.onRecv())
        : yield* select(finishes.onRecv());
      if (got.index === 0) {
        const finish = got.value!;
        if (finish.conn !== undefined) return finish.conn;
        ended++;
        if (finish.primary) failure = finish.error;
      }
      // Timed out, or nothing is left to wait for.
      if (racers.length === 1) racers.push(startRacer(finishes, false, fallback));
    }
    throw failed(failure);
  } finally {
    endRacers(racers, finishes);
  }
}

/** Ends racers, and closes the connections that they have made. */
export function endRacers<C extends Disposable>(
  racers: readonly G[],
  finishes: Chan<Finish<C>>,
): void {
  for (const racer of racers) scheduler.end(racer);
  for (let late; (late = finishes.tryRecv()) !== null;) late.value?.conn?.[Symbol.dispose]();
}

/** Starts a goroutine that dials and sends its result to `finishes`. */
export function startRacer<C extends Disposable>(
  finishes: Chan<Finish<C>>,
  primary: boolean,
  dial: () => Routine<C>,
): G {
  const racer = function* (): Routine<void> {
    try {
      finishes.trySend({ primary, conn: yield* dial() });
    } catch (error) {
      finishes.trySend({ primary, error });
    }
  };
  return spawn(scheduler.current!.run, "dial", racer()) as G;
}
