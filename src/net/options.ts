// SPDX-License-Identifier: MIT
/** Settings of `listen` and `dial`, checked. */
import { z } from "zod";
import type { Deadline } from "./deadline.ts";
import type { KeepAlive } from "./net.ts";

/** Settings of {@linkcode listen}. Go: `net.ListenConfig`. */
export interface ListenOptions {
  /** Connections that may wait to be accepted; the system's greatest from the start. listen(2). */
  backlog?: number;
  /** Lets other sockets listen on the same port, and share its connections. socket(7), SO_REUSEPORT. */
  reusePort?: boolean;
  /** Probes of silent peers, for every accepted connection: off, on, or with these times. */
  keepAlive?: boolean | KeepAlive;
}

/** Settings of {@linkcode dial}. Go: `net.Dialer`. */
export interface DialOptions {
  /** Milliseconds that it may take in all, the look-up of the name included. */
  timeout?: number;
  /** When it fails: a Date or milliseconds since the epoch. */
  deadline?: Deadline;
  /** "host:port" of this end; an empty host or port 0 leaves it to the system. */
  localAddress?: string;
  /** Probes of a silent peer: off, on (as it is from the start), or with these times. */
  keepAlive?: boolean | KeepAlive;
}

const milliseconds = z.number().min(1);
const keepAlive = z.union([
  z.boolean(),
  z.strictObject({
    idle: milliseconds.optional(),
    interval: milliseconds.optional(),
    count: z.int().positive().optional(),
  }),
]);

const listenOptions = z.strictObject({
  backlog: z.int().positive().max(0x7fffffff).optional(),
  reusePort: z.boolean().optional(),
  keepAlive: keepAlive.optional(),
});

const dialOptions = z.strictObject({
  timeout: z.number().nonnegative().optional(),
  deadline: z.union([z.date(), z.number(), z.null()]).optional(),
  localAddress: z.string().optional(),
  keepAlive: keepAlive.optional(),
});

/** The options as they are, or a TypeError that names the field. */
function check<T>(call: string, schema: z.ZodType<T>, options: unknown): T {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map((issue) => fault(issue, []));
  throw new TypeError(`Cannot ${call} with these options: ${faults.join("; ")}`);
}

/** What is wrong, with the field's name. Of alternatives the one that fits best tells it. */
function fault(issue: z.core.$ZodIssue, above: PropertyKey[]): string {
  const path = [...above, ...issue.path];
  const deepest = issue.code === "invalid_union"
    ? issue.errors.flat().find((inner) =>
      inner.path.length > 0 || inner.code === "unrecognized_keys"
    )
    : undefined;
  if (deepest !== undefined) return fault(deepest, path);
  return path.length === 0 ? issue.message : `${path.join(".")}: ${issue.message}`;
}

/** Checks what `listen` was given. */
export function checkListenOptions(options: ListenOptions): ListenOptions {
  return check("listen", listenOptions, options);
}

/** Checks what `dial` was given. */
export function checkDialOptions(options: DialOptions): DialOptions {
  return check("dial", dialOptions, options);
}
