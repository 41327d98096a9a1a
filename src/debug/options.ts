// SPDX-License-Identifier: MIT
/** The options of `debugHandler`, checked. */
import * as z from "../validate/schema.ts";
import { nodeCrypto } from "../bridge/host.ts";
import type { LimitCounters } from "../limit/limiter.ts";
import { checkOptions } from "../validate/options.ts";

/** A worker of a {@linkcode DebugReactor}. */
export interface DebugWorker {
  /** Number of the worker. */
  readonly id: number;
  /** State of the worker, such as "serving". */
  readonly state: string;
  /** Number of open connections. */
  readonly connections: number;
}

/** A reactor, as the page shows it; a `Reactor` of `./reactor` implements this. */
export interface DebugReactor {
  /** The workers, ordered by number. */
  readonly workers: readonly DebugWorker[];
  /** Counters of accepted, refused and closed connections. */
  readonly counters: LimitCounters;
}

/** Options of {@linkcode debugHandler}. */
export interface DebugOptions {
  /**
   * Secret that every request must present, 16 characters or more. By default a random one of 192
   * bits, which is printed once by `console.log`.
   */
  token?: string;
  /**
   * Names, without a port, under which the page may be reached besides `localhost`, names below it
   * and plain IP addresses. A request for any other name is refused, because a website could have
   * pointed its own name at this machine (DNS rebinding).
   */
  hosts?: readonly string[];
  /**
   * Whether to answer requests that a proxy has forwarded; false by default, because behind a proxy
   * every client seems to be on this machine.
   */
  allowForwarded?: boolean;
  /**
   * Whether to answer clients on other machines; false by default. It is checked only where the
   * handler is called with the host's information about the peer.
   */
  allowRemote?: boolean;
  /** Reactors to show, by name: their workers run in other threads. */
  reactors?: Readonly<Record<string, DebugReactor>>;
}

/** Options with defaults. */
export interface CheckedDebugOptions {
  readonly token: string;
  /** Whether the token was generated. */
  readonly generated: boolean;
  readonly hosts: ReadonlySet<string>;
  readonly allowForwarded: boolean;
  readonly allowRemote: boolean;
  readonly reactors: Readonly<Record<string, DebugReactor>>;
}

/** Length of a generated token in bytes. */
const TOKEN_BYTES = 24;
/** Minimum length of a token: a shorter one could be guessed. */
const LEAST_TOKEN = 16;

const reactor = z.custom<DebugReactor>(
  (value) => Array.isArray((value as DebugReactor | null)?.workers),
  "must be a reactor",
);

const schema = z.strictObject({
  token: z.string().regex(
    new RegExp(`^[\\x21-\\x7e]{${LEAST_TOKEN},}$`),
    `must have ${LEAST_TOKEN} visible ASCII characters or more`,
  ).optional(),
  hosts: z.array(z.string().min(1)).default([]),
  allowForwarded: z.boolean().default(false),
  allowRemote: z.boolean().default(false),
  reactors: z.record(z.string(), reactor).default({}),
});

/** Checks the options. Throws a TypeError that names the invalid field. */
export function checkDebugOptions(options: DebugOptions): CheckedDebugOptions {
  const { token, hosts, ...rest } = checkOptions("make a debug handler", schema, options);
  return {
    ...rest,
    token: token ?? nodeCrypto().randomBytes(TOKEN_BYTES).toString("base64url"),
    generated: token === undefined,
    hosts: new Set(hosts.map((host) => host.toLowerCase())),
  };
}
