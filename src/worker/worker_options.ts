// SPDX-License-Identifier: MIT
/** Options that reactors and worker pools share. */
import { z } from "zod";
import { shown } from "../validate/argument.ts";

/** When a worker that died is restarted. */
export interface RestartOptions {
  /**
   * Milliseconds before the first restart, 100 by default; doubled for each further death soon
   * after it.
   */
  delay?: number;
  /** Maximum delay in milliseconds; 10,000 by default. */
  longest?: number;
}

/** Whether a setting is a function: all that can be checked of one. */
export const isFunction = (f: unknown): boolean => typeof f === "function";

/** How many threads there may be. */
export const workersSchema = z.int().positive().max(1024);
/** See {@linkcode Driver}. */
export const driverSchema = z.enum(["runSync", "run"]);
/** See {@linkcode RestartOptions}. */
export const restartSchema = z.union([
  z.literal(false),
  z.strictObject({
    delay: z.number().positive().finite().default(100),
    longest: z.number().positive().finite().default(10_000),
  }),
]);

/** What restarts when nothing is said. */
export const DEFAULT_RESTART: Required<RestartOptions> = { delay: 100, longest: 10_000 };

/** The URL of a user's module, as text. Throws TypeError if it is none. */
export function moduleURL(call: string, module: URL | string): string {
  try {
    return new URL(module).href;
  } catch {
    throw new TypeError(
      `Cannot ${call} as module must be a URL, such as new URL("./handler.ts", import.meta.url): ` +
        `current value is ${shown(module)}`,
    );
  }
}
