// SPDX-License-Identifier: MIT
/** Options that reactors and worker pools share. */
import * as z from "../validate/schema.ts";
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

/** Whether a setting is a function, which is all that can be checked. */
export const isFunction = (f: unknown): boolean => typeof f === "function";

/** Maximum number of threads. */
export const workersSchema = z.int().positive().max(1024);
/** See {@linkcode Driver}. */
export const driverSchema = z.enum(["runSync", "run"]);
/** See {@linkcode RestartOptions}. */
export const restartSchema = z.union([
  z.literal(false),
  z.strictObject({
    delay: z.number().positive().default(100),
    longest: z.number().positive().default(10_000),
  }),
]);

/** Restart delays by default. */
export const DEFAULT_RESTART: Required<RestartOptions> = { delay: 100, longest: 10_000 };

/** Returns the URL of a user's module as text. Throws TypeError if it is not a URL. */
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
