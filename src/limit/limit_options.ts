// SPDX-License-Identifier: MIT
/** The options of `limit`, checked. */
import * as z from "../validate/schema.ts";
import { WHOLE_ADDRESS } from "./address_key.ts";
import { checkOptions } from "../validate/options.ts";
import type { Addr } from "../net/addr/addr.ts";

/**
 * What happens at a limit. "wait": accepting stops until there is room, and the kernel queues
 * connections. "refuse": the new connection receives `reply`, if there is one, and is closed.
 * "closeOldestIdle": the connection that has been idle for longest is closed to make room; if none
 * is idle, the new one is refused.
 */
export type ShedPolicy = "wait" | "refuse" | "closeOldestIdle";

/** A limit with its policy. */
export interface Limit<P extends ShedPolicy = ShedPolicy> {
  /** Maximum number. */
  most: number;
  /** See {@linkcode ShedPolicy}. */
  policy?: P;
}

/** Maximum number of connections of one remote address, with its policy. */
export interface AddressLimit extends Limit<"refuse" | "closeOldestIdle"> {
  /**
   * Number of leading bits that distinguish IPv6 addresses, from 1 to 128; 64 by default. A
   * single host has a whole /64 to choose its addresses from, and often a /56 or /48.
   */
  ipv6Prefix?: number;
}

/** Maximum rate of accepted connections, with its policy. */
export interface RateLimit {
  /** Average number of connections per second. */
  perSecond: number;
  /**
   * Number of connections that may be accepted at once after a quiet time; `perSecond` by default.
   */
  burst?: number;
  /** "wait" by default. */
  policy?: "wait" | "refuse";
}

/** Bytes that a connection must receive in time. */
export interface FirstBytes {
  /** Time limit after the accept, in milliseconds. */
  within: number;
  /** Number of bytes that the peer must have sent by then; 1 by default. */
  bytes?: number;
}

/** Name of a limit. */
export type LimitName =
  | "connections"
  | "perAddress"
  | "goroutines"
  | "acceptRate"
  | "firstBytes";

/** Report of a refused or closed connection, or of an accept that stopped. */
export interface Shed {
  /** The limit that was reached. */
  readonly limit: LimitName;
  /** "refused": a new connection; "closed": an open one; "stopped": accepting waits for room. */
  readonly action: "refused" | "closed" | "stopped";
  /** Peer that lost its connection, the last of several; null if none did. */
  readonly remote: Addr | null;
  /** Number of connections: 1, except in combined reports from workers of a reactor. */
  readonly count: number;
}

/** Options of {@linkcode limit}. A number stands for `{ most: number }`. */
export interface Limits {
  /** Open connections; the default policy is "wait". */
  connections?: number | Limit;
  /** Connections per IPv4 address or IPv6 network; the default policy is "refuse". */
  perAddress?: number | AddressLimit;
  /** Goroutines on this thread; the default policy is "wait". */
  goroutines?: number | Limit;
  /** Accepted connections per second; the default policy is "wait". */
  acceptRate?: number | RateLimit;
  /**
   * Closes connections that send too little after the accept. TCP only. To limit the time for a
   * whole request, set a read deadline when the connection is accepted, and extend it once the
   * first request is complete.
   */
  firstBytes?: FirstBytes;
  /**
   * Bytes sent to a refused client, before the end of the stream. At most 8 KiB, which always fits
   * a new socket's send buffer.
   */
  reply?: Uint8Array | string;
  /**
   * Called for each connection that is refused or closed, and each time accepting stops. It must
   * not throw.
   */
  onShed?: (shed: Shed) => void;
}

/** The options with all defaults filled in. */
export interface CheckedLimits {
  readonly connections: Required<Limit> | null;
  readonly perAddress: Required<AddressLimit> | null;
  readonly goroutines: Required<Limit> | null;
  readonly acceptRate: Required<RateLimit> | null;
  readonly firstBytes: Required<FirstBytes> | null;
  readonly reply: Uint8Array | null;
  readonly onShed: (shed: Shed) => void;
}

/** Bits of an IPv6 network, within which hosts choose their addresses. RFC 4291, section 2.5.1. */
const NETWORK_BITS = 64;

const most = () => z.int().positive();

/** A limit as a number or with a policy, the first of `policies` if none is given. */
function limitSchema<P extends ShedPolicy>(...policies: [P, ...P[]]) {
  const policy = z.enum(policies).default(policies[0] as never);
  return z.union([
    most().transform((most) => ({ most, policy: policies[0] })),
    z.strictObject({ most: most(), policy }),
  ]).optional();
}

/** As {@linkcode limitSchema}, of a limit for each address. */
const addressSchema = () =>
  z.union([
    most().transform((most) => ({ most, policy: "refuse" as const, ipv6Prefix: NETWORK_BITS })),
    z.strictObject({
      most: most(),
      policy: z.enum(["refuse", "closeOldestIdle"]).default("refuse"),
      ipv6Prefix: z.int().min(1).max(WHOLE_ADDRESS).default(NETWORK_BITS),
    }),
  ]).optional();

/** Maximum length of a reply: it always fits a new socket. */
const MOST_REPLY = 8 * 1024;

/** Returns a reply as bytes. */
const replySchema = () =>
  z.union([z.instanceof(Uint8Array), z.string()])
    .transform((reply) => typeof reply === "string" ? new TextEncoder().encode(reply) : reply)
    .refine((reply) => reply.length <= MOST_REPLY, `expected at most ${MOST_REPLY} bytes`);

const positive = () => z.number().positive();

/** Schema of the options of {@linkcode limit}, also for options that contain them. */
const limitsSchema = z.options(() => ({
  connections: limitSchema("wait", "refuse", "closeOldestIdle"),
  perAddress: addressSchema(),
  goroutines: limitSchema("wait", "refuse", "closeOldestIdle"),
  acceptRate: z.union([
    positive().transform((perSecond) => ({ perSecond })),
    z.strictObject({
      perSecond: positive(),
      burst: z.number().min(1).optional(),
      policy: z.enum(["wait", "refuse"]).optional(),
    }),
  ]).optional(),
  firstBytes: z.strictObject({ within: positive(), bytes: most().default(1) }).optional(),
  reply: replySchema().optional(),
  onShed: z.custom<(shed: Shed) => void>((f) => typeof f === "function", "expected a function")
    .optional(),
}));

/** Checks the limits of `call`. Throws a TypeError that names the invalid field. */
export function checkLimits(call: string, limits: Limits): CheckedLimits {
  const { acceptRate: rate, reply, ...rest } = checkOptions(call, limitsSchema, limits);
  return {
    connections: rest.connections ?? null,
    perAddress: rest.perAddress ?? null,
    goroutines: rest.goroutines ?? null,
    acceptRate: rate === undefined
      ? null
      : { burst: Math.max(1, rate.perSecond), policy: "wait", ...rate },
    firstBytes: rest.firstBytes ?? null,
    reply: reply ?? null,
    onShed: rest.onShed ?? (() => {}),
  };
}
