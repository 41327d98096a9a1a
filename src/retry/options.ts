// SPDX-License-Identifier: MIT
/** Options of dials that are repeated, checked. */
import type { CallOptions } from "../net/options/call_options.ts";
import { callFields } from "../net/options/schema.ts";
import { checkOptions } from "../validate/options.ts";
import * as z from "../validate/schema.ts";

/** One attempt that failed, as `onRetry` of {@linkcode RetryOptions} receives it. */
export interface RetryAttempt {
  /** Number of the attempt, from 1 on. */
  readonly attempt: number;
  /** Address that was dialed. */
  readonly address: string;
  /** What the attempt threw. */
  readonly error: unknown;
  /** Milliseconds until the next attempt; 0 within a round. */
  readonly delay: number;
}

/** Options of {@linkcode retryDial}; `timeout` and `deadline` bound all attempts and waits together. */
export interface RetryOptions extends CallOptions {
  /** Maximum number of attempts, over all addresses; Infinity by default. */
  maxAttempts?: number;
  /** Milliseconds that one attempt may take; 10,000 by default, Infinity for no bound of its own. */
  attemptTimeout?: number;
  /** Milliseconds of the wait after the first round; 100 by default. */
  initialDelay?: number;
  /** Maximum wait in milliseconds; 30,000 by default. */
  maxDelay?: number;
  /** Factor by which the wait grows from round to round; 2 by default. */
  multiplier?: number;
  /**
   * Part of each wait that is random, from 0 to 1; 1 by default ("full jitter"): clients that lost
   * their server at the same time do not come back at the same time.
   */
  jitter?: number;
  /** Source of random numbers from 0 up to but not including 1; `Math.random` by default. */
  random?: () => number;
  /**
   * Reports whether an attempt after `error` may succeed. By default every error of a connection or of
   * a name is retried, and nothing else: not a `TypeError`, nor a missing permission.
   */
  retryable?: (error: unknown) => boolean;
  /** Called after each failed attempt that another one follows. */
  onRetry?: (attempt: RetryAttempt) => void;
}

const callable = <F>() =>
  z.custom<F>((value) => typeof value === "function", "must be a function").optional();
const milliseconds = () => z.number().nonnegative().optional();

const RETRY = z.options(() => ({
  ...callFields(),
  maxAttempts: z.custom<number>(
    (value) => value === Infinity || Number.isSafeInteger(value) && value as number >= 1,
    "must be a positive integer or Infinity",
  ).optional(),
  attemptTimeout: z.custom<number>(
    (value) => typeof value === "number" && value > 0,
    "must be a positive number of milliseconds",
  ).optional(),
  initialDelay: milliseconds(),
  maxDelay: milliseconds(),
  multiplier: z.number().min(1).optional(),
  jitter: z.number().min(0).max(1).optional(),
  random: callable<() => number>(),
  retryable: callable<(error: unknown) => boolean>(),
  onRetry: callable<(attempt: RetryAttempt) => void>(),
}));

/** Throws a TypeError that names the field. */
export function checkRetryOptions(options: RetryOptions): RetryOptions {
  return checkOptions("dial with retries", RETRY, options);
}
