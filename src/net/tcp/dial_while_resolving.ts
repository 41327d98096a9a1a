// SPDX-License-Identifier: MIT
/**
 * Dials a name while it is being looked up: the first IP version is dialed without waiting for the
 * response for the other. RFC 8305, section 3. Go waits for both.
 */
import type { Endpoint } from "../../../platforms/contract/platform.ts";
import type { G, Routine } from "../../sched/goroutine.ts";
import { spawn } from "../../sched/spawn.ts";
import { scheduler } from "../../sched/thread.ts";
import { chan } from "../../chan/channel.ts";
import type { Chan } from "../../chan/chan.ts";
import { select } from "../../chan/select.ts";
import { Timer } from "../../time/timer.ts";
import type { CallDeadline } from "../options/call_options.ts";
import type { EarlyEndpoints } from "../resolve/resolve.ts";
import {
  canceledOr,
  dialAll,
  type Dialer,
  dialSerial,
  endRacers,
  FALLBACK_DELAY_MS,
  type Finish,
  is6,
  startRacer,
} from "./happy_eyeballs.ts";

/** Time in milliseconds that IPv4 addresses wait for IPv6 ones. RFC 8305, Resolution Delay. */
const RESOLUTION_DELAY_MS = 50;

/** A lookup's report of one IP version, or its end: all endpoints, or why there are none. */
interface Resolved {
  readonly endpoints: readonly Endpoint[];
  readonly whole: boolean;
  readonly error?: unknown;
}

/**
 * Dials the endpoints that `lookup` returns, as {@linkcode dialAll}. If it reports those of one IP
 * version early, it dials them: IPv6 at once, IPv4 after a moment in which IPv6 may still come. The
 * endpoints of the other version are tried in parallel once they are known, `fallbackDelay`
 * milliseconds after the first, and at once if those have failed.
 */
export function* dialWhileResolving<C extends Disposable>(
  dialler: Dialer<C>,
  lookup: (early: EarlyEndpoints) => Routine<Endpoint[]>,
  limits: CallDeadline,
  fallbackDelay = FALLBACK_DELAY_MS,
): Routine<C> {
  const resolved = chan<Resolved>(2);
  const search = startLookup(resolved, lookup);
  try {
    const first = yield* firstOf(resolved);
    if (first.error !== undefined) throw first.error;
    if (first.whole) return yield* dialAll(dialler, first.endpoints, limits, fallbackDelay);
    const race = new EarlyRace(dialler, limits, resolved, fallbackDelay);
    return yield* race.run(first.endpoints);
  } finally {
    scheduler.end(search);
  }
}

function startLookup(
  resolved: Chan<Resolved>,
  lookup: (early: EarlyEndpoints) => Routine<Endpoint[]>,
): G {
  const search = function* (): Routine<void> {
    try {
      let reported = false;
      const endpoints = yield* lookup((endpoints) => {
        // After the second IP version comes the end at once.
        if (!reported) resolved.trySend({ endpoints, whole: false });
        reported = true;
      });
      resolved.trySend({ endpoints, whole: true });
    } catch (error) {
      resolved.trySend({ endpoints: [], whole: true, error });
    }
  };
  return spawn(scheduler.current!.run, "lookup", search()) as G;
}

/** Returns the first endpoints to dial, or the end of the lookup. */
function* firstOf(resolved: Chan<Resolved>): Routine<Resolved> {
  const first = (yield* resolved.recv())!;
  // Often both responses have come by now.
  const end = first.whole ? first : resolved.tryRecv()?.value;
  if (end !== undefined || is6(first.endpoints[0])) return end ?? first;
  using delay = new Timer(RESOLUTION_DELAY_MS);
  const got = yield* select(resolved.onRecv(), delay.c.onRecv());
  return got.index === 0 ? got.value as Resolved : first;
}

/** See {@linkcode dialWhileResolving}. */
class EarlyRace<C extends Disposable> {
  readonly #dialler: Dialer<C>;
  readonly #limits: CallDeadline;
  readonly #resolved: Chan<Resolved>;
  readonly #delay: number;
  readonly #finishes = chan<Finish<C>>(2);
  readonly #racers: G[] = [];
  /** End of the lookup; null before. */
  #end: Resolved | null = null;

  constructor(
    dialler: Dialer<C>,
    limits: CallDeadline,
    resolved: Chan<Resolved>,
    delay: number,
  ) {
    this.#dialler = dialler;
    this.#limits = limits;
    this.#resolved = resolved;
    this.#delay = delay;
  }

  /** Dials `primaries`, and the others that the lookup finds. */
  *run(primaries: readonly Endpoint[]): Routine<C> {
    const failures: { first?: unknown; other?: unknown } = {};
    using fallback = new Timer(this.#delay);
    this.#start(true, primaries);
    let due = false;
    try {
      for (let ended = 0;;) {
        const got = yield* select(
          this.#finishes.onRecv(),
          this.#resolved.onRecv(),
          fallback.c.onRecv(),
        );
        if (got.index === 2) due = true;
        else if (got.index === 1) this.#note(got.value as Resolved);
        else {
          const { conn, error, primary } = got.value as Finish<C>;
          if (conn !== undefined) return conn;
          failures[primary ? "first" : "other"] = error;
          ended++;
        }
        if (this.#end === null || !(due || ended > 0)) continue;
        const others = this.#end.endpoints.filter((each) => is6(each) !== is6(primaries[0]));
        if (others.length > 0 && this.#racers.length === 1) this.#start(false, others);
        else if (ended === this.#racers.length) throw this.#failure(failures, primaries[0]);
      }
    } finally {
      endRacers(this.#racers, this.#finishes);
    }
  }

  #note(resolved: Resolved): void {
    if (resolved.whole) this.#end = resolved;
  }

  #start(primary: boolean, endpoints: readonly Endpoint[]): void {
    const dial = () => dialSerial(this.#dialler, endpoints, this.#limits);
    this.#racers.push(startRacer(this.#finishes, primary, dial));
  }

  /** Returns the error of the better addresses, which the end of the lookup tells. */
  #failure({ first, other }: { first?: unknown; other?: unknown }, primary: Endpoint): unknown {
    const [best = primary] = this.#end!.endpoints;
    const failure = is6(best) === is6(primary) ? first : other ?? first;
    return canceledOr(failure, this.#dialler, best, this.#limits);
  }
}
