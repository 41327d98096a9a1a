// SPDX-License-Identifier: MIT
/** Dials that are repeated, over several addresses. gRPC: connection back-off. */
import { isCanceled } from "../context/errors.ts";
import { AddrError, UnknownNetworkError } from "../net/addr/errors.ts";
import { asError, OpError } from "../net/errors.ts";
import { CallDeadline, type CallOptions } from "../net/options/call_options.ts";
import { noted } from "../sched/calls.ts";
import type { Routine } from "../sched/goroutine.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { sleep } from "../sched/sleep.ts";
import { needFunction, needObject, shown, wrongArgument } from "../validate/argument.ts";
import { checkRetryOptions, type RetryAttempt, type RetryOptions } from "./options.ts";
import { type FailedAttempt, RetryError } from "./retry_error.ts";

export type { RetryAttempt, RetryOptions };

const ATTEMPT_MS = 10_000;
const INITIAL_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;

/**
 * Connects to the first of `addresses` that answers, and tries again with longer and longer waits. A
 * round tries each address in turn, without a wait between them; after a round without success comes
 * a wait, which grows by `multiplier` up to `maxDelay` and of which `jitter` is random. Parks.
 *
 * Waits are timers of the scheduler: under a simulation they take virtual time.
 *
 * @typeParam C Type of the connection.
 * @param addresses addresses, best first; at least one
 * @param dial connects to one of them, with the limits of the attempt: pass them on
 * @param options see {@linkcode RetryOptions}
 * @returns the connection that `dial` returned
 * @throws {RetryError} when all attempts failed, or the call's time-out, deadline, context or signal
 * ended it; what `dial` threw, if that is not retryable
 * @example
 * ```ts
 * using conn = yield* retryDial(
 *   ["10.0.0.1:6379", "10.0.0.2:6379"],
 *   (address, limits) => dial("tcp", address, limits),
 *   { timeout: 60_000 },
 * );
 * ```
 */
export function retryDial<C>(
  addresses: readonly string[],
  dial: (address: string, limits: CallOptions) => Routine<C>,
  options: RetryOptions = {},
): Routine<C> {
  return noted("retryDial", dialing(addresses, dial, options));
}

function* dialing<C>(
  addresses: readonly string[],
  dial: (address: string, limits: CallOptions) => Routine<C>,
  options: RetryOptions,
): Routine<C> {
  const call = "dial with retries";
  if (!Array.isArray(addresses) || addresses.length === 0) {
    throw wrongArgument(call, "addresses", "an array of at least one address", addresses);
  }
  needFunction(call, "dial", dial);
  needObject(call, "options", options);
  const retry = new Retry([...addresses], dial, checkRetryOptions(options));
  return yield* retry.limits.enforce(retry.run(), (cause) => retry.error(cause));
}

/** One call. */
class Retry<C> {
  readonly limits: CallDeadline;
  readonly #addresses: readonly string[];
  readonly #dial: (address: string, limits: CallOptions) => Routine<C>;
  readonly #options: RetryOptions;
  /** The last error of each address. */
  readonly #failures = new Map<string, unknown>();
  #attempts = 0;
  #nextDelay: number;

  constructor(
    addresses: readonly string[],
    dial: (address: string, limits: CallOptions) => Routine<C>,
    options: RetryOptions,
  ) {
    this.#addresses = addresses;
    this.#dial = dial;
    this.#options = options;
    this.limits = new CallDeadline(options);
    this.#nextDelay = options.initialDelay ?? INITIAL_DELAY_MS;
  }

  *run(): Routine<C> {
    const { maxAttempts = Infinity, retryable = isRetryable, onRetry } = this.#options;
    for (let i = 0;; i = (i + 1) % this.#addresses.length) {
      const address = this.#addresses[i];
      try {
        return yield* this.#attempt(address);
      } catch (error) {
        this.#failures.set(address, error);
        const { over } = this.limits;
        if (over !== null) throw this.error(over);
        if (!retryable(error)) throw error;
        if (this.#attempts >= maxAttempts) throw this.error(asError(error));
        const last = i === this.#addresses.length - 1;
        const delay = last ? this.#delay() : 0;
        onRetry?.({ attempt: this.#attempts, address, error, delay });
        // Also one of 0: others must run although no attempt has waited.
        if (last) yield* sleep(delay);
      }
    }
  }

  /** The error of a call that `cause` ended. */
  error(cause: Error): RetryError {
    const failures: FailedAttempt[] = this.#addresses
      .filter((address) => this.#failures.has(address))
      .map((address) => ({ address, error: this.#failures.get(address) }));
    return new RetryError(cause, this.#attempts, failures);
  }

  #attempt(address: string): Routine<C> {
    this.#attempts++;
    const { attemptTimeout: timeout = ATTEMPT_MS, signal, context } = this.#options;
    return this.#dial(address, {
      ...(timeout === Infinity ? {} : { timeout }),
      ...(signal === undefined ? {} : { signal }),
      ...(context === undefined ? {} : { context }),
    });
  }

  /** The wait after this round. */
  #delay(): number {
    const { maxDelay = MAX_DELAY_MS, multiplier = 2, jitter = 1, random = Math.random } =
      this.#options;
    const delay = Math.min(this.#nextDelay, maxDelay);
    this.#nextDelay = Math.min(delay * multiplier, maxDelay);
    return delay * (1 - jitter * checkRandom(random()));
  }
}

/** Throws RangeError if the `random` of the options returned no number from 0 to 1. */
function checkRandom(value: number): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  throw new RangeError(
    "Cannot dial with retries as random must return a number from 0 up to but not including 1: " +
      `it returned ${shown(value)}`,
  );
}

/** An error of a connection or of a name, which may be over soon; no mistake in an argument. */
function isRetryable(error: unknown): boolean {
  if (!(error instanceof OpError) || isCanceled(error)) return false;
  return !(error.cause instanceof AddrError || error.cause instanceof UnknownNetworkError);
}

refuseAwait(dialing.prototype, "retryDial");
