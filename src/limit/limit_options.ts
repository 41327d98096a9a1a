// SPDX-License-Identifier: MIT
/** What a server lets in, and what it does with the rest: the settings of `limit`, checked. */
import { z } from "zod";
import { checkOptions } from "../validate/options.ts";
import type { Addr } from "../net/addr/addr.ts";

/**
 * What happens at a limit. "wait": accepting stops until there is room, and the connections queue up
 * in the kernel. "refuse": the new connection gets `reply`, if there is one, and is closed.
 * "closeOldestIdle": the connection that has been silent for longest makes room; with none that is
 * idle, the new one is refused.
 */
export type ShedPolicy = "wait" | "refuse" | "closeOldestIdle";

/** A limit, and what happens at it. */
export interface Limit<P extends ShedPolicy = ShedPolicy> {
  /** How many there may be. */
  most: number;
  /** See {@linkcode ShedPolicy}. */
  policy?: P;
}

/** How many connections are let in a second, and what happens to more. */
export interface RateLimit {
  /** Connections a second, in the long run. */
  perSecond: number;
  /** Connections that may come at once after a quiet time; as many as `perSecond` from the start. */
  burst?: number;
  /** "wait" from the start. */
  policy?: "wait" | "refuse";
}

/** What a connection must do to stay. */
export interface FirstBytes {
  /** Milliseconds after it was accepted. */
  within: number;
  /** Bytes that its peer must have sent by then; 1 from the start. */
  bytes?: number;
}

/** Which limit it was. */
export type LimitName =
  | "connections"
  | "perAddress"
  | "goroutines"
  | "acceptRate"
  | "firstBytes";

/** Something was shed, or accepting has stopped. */
export interface Shed {
  /** The limit that was reached. */
  readonly limit: LimitName;
  /** "refused": a new connection; "closed": an open one; "stopped": accepting waits for room. */
  readonly action: "refused" | "closed" | "stopped";
  /** The peer that lost its connection, the last of several; null where nobody did. */
  readonly remote: Addr | null;
  /** How many there were: 1, except that the workers of a reactor tell of theirs together. */
  readonly count: number;
}

/** Settings of {@linkcode limit}. A number stands for `{ most: number }`. */
export interface Limits {
  /** Connections that are open at once. At the limit: "wait" from the start. */
  connections?: number | Limit;
  /** Connections of one remote address. At the limit: "refuse" from the start. */
  perAddress?: number | Limit<"refuse" | "closeOldestIdle">;
  /** Goroutines of this thread. At the limit: "wait" from the start. */
  goroutines?: number | Limit;
  /** Connections that are let in a second. */
  acceptRate?: number | RateLimit;
  /**
   * Closes who connects and then says too little. TCP alone. For whole requests set a read deadline
   * when the connection is accepted, and put it off when the first request is complete.
   */
  firstBytes?: FirstBytes;
  /** Sent to who is refused, before the end of the stream; 8 KiB at most, for which any new socket has room. */
  reply?: Uint8Array | string;
  /** Called for each connection that is shed, and each time that accepting stops. It must not throw. */
  onShed?: (shed: Shed) => void;
}

/** The settings with nothing left open. */
export interface CheckedLimits {
  readonly connections: Required<Limit> | null;
  readonly perAddress: Required<Limit> | null;
  readonly goroutines: Required<Limit> | null;
  readonly acceptRate: Required<RateLimit> | null;
  readonly firstBytes: Required<FirstBytes> | null;
  readonly reply: Uint8Array | null;
  readonly onShed: (shed: Shed) => void;
}

const most = z.int().positive();

/** A limit as a number or with a policy, the first of `policies` if none is given. */
function limitSchema<P extends ShedPolicy>(...policies: [P, ...P[]]) {
  const policy = z.enum(policies).default(policies[0] as never);
  return z.union([
    most.transform((most) => ({ most, policy: policies[0] })),
    z.strictObject({ most, policy }),
  ]).optional();
}

/** Bytes of a reply: a new socket has room for these. */
const MOST_REPLY = 8 * 1024;

/** A reply as bytes. */
const replySchema = z.union([z.instanceof(Uint8Array), z.string()])
  .transform((reply) => typeof reply === "string" ? new TextEncoder().encode(reply) : reply)
  .refine((reply) => reply.length <= MOST_REPLY, `expected at most ${MOST_REPLY} bytes`);

const perSecond = z.number().positive().finite();
const milliseconds = z.number().positive().finite();

/** Settings of {@linkcode limit}, for those that hold them among others. */
export const limitsSchema = z.strictObject({
  connections: limitSchema("wait", "refuse", "closeOldestIdle"),
  perAddress: limitSchema("refuse", "closeOldestIdle"),
  goroutines: limitSchema("wait", "refuse", "closeOldestIdle"),
  acceptRate: z.union([
    perSecond.transform((perSecond) => ({ perSecond })),
    z.strictObject({
      perSecond,
      burst: z.number().min(1).finite().optional(),
      policy: z.enum(["wait", "refuse"]).optional(),
    }),
  ]).optional(),
  firstBytes: z.strictObject({ within: milliseconds, bytes: most.default(1) }).optional(),
  reply: replySchema.optional(),
  onShed: z.custom<(shed: Shed) => void>((f) => typeof f === "function", "expected a function")
    .optional(),
});

/** Checks what `call` was given. Throws a TypeError that names the field. */
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
