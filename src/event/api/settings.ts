// SPDX-License-Identifier: MIT
/** The settings of an event server, checked, with their defaults. */
import * as z from "../../validate/schema.ts";
import { contextOf } from "../../context/cancellable.ts";
import type { Context } from "../../context/context.ts";
import type { EventSettings } from "./events.ts";

/** All settings. */
export type Settings =
  & Required<Omit<EventSettings, "backlog" | "context">>
  & Pick<EventSettings, "backlog">
  & { readonly context: Context | null };

const MIB = 1 << 20;

const milliseconds = z.number().nonnegative();
const bytes = z.int().positive();
const schema = z.object({
  numLoops: z.int().positive().max(1024).default(1),
  loadBalance: z.enum(["random", "roundRobin", "leastConnections"]).default("roundRobin"),
  idleTimeout: milliseconds.default(0),
  highWaterMark: bytes.default(MIB),
  lowWaterMark: z.int().nonnegative().optional(),
  maxPending: bytes.default(16 * MIB),
  maxUnread: bytes.default(16 * MIB),
  closeTimeout: milliseconds.default(30_000),
  grace: milliseconds.or(z.literal(Infinity)).optional(),
  backlog: z.int().positive().max(0x7fffffff).optional(),
  coalesce: z.boolean().default(true),
});

/** The names of the handlers. */
const HANDLERS = [
  "serving",
  "opened",
  "data",
  "drained",
  "ended",
  "closed",
  "detached",
  "preWrite",
  "tick",
  "onError",
] as const;

/** Returns the settings in `events`. Throws a TypeError that names an invalid one. */
export function checkSettings(events: EventSettings): Settings {
  if (typeof events !== "object" || events === null) {
    throw new TypeError(`Cannot serve as events must be an object: current value is ${events}`);
  }
  for (const name of HANDLERS) {
    const handler: unknown = (events as Record<string, unknown>)[name];
    if (handler !== undefined && typeof handler !== "function") {
      throw new TypeError(
        `Cannot serve as ${name} must be a function: current value is ${typeof handler}`,
      );
    }
  }
  const checked = schema.safeParse(events);
  if (!checked.success) {
    const faults = checked.problems.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new TypeError(`Cannot serve with these settings: ${faults.join("; ")}`);
  }
  const { grace, lowWaterMark = Math.floor(checked.data.highWaterMark / 4), ...rest } =
    checked.data;
  if (lowWaterMark > rest.highWaterMark || rest.highWaterMark > rest.maxPending) {
    throw new TypeError(
      `Cannot serve as lowWaterMark, highWaterMark and maxPending must not decrease in this order: ` +
        `current values are ${lowWaterMark}, ${rest.highWaterMark}, ${rest.maxPending}`,
    );
  }
  const context = events.context === undefined ? null : contextOf(events.context);
  return { ...rest, lowWaterMark, grace: grace ?? rest.closeTimeout, context };
}
