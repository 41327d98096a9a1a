// SPDX-License-Identifier: MIT
/** Schemas of the options, which options.ts documents. */
import type { DialOptions, ListenOptions, ListenPacketOptions, LookupOptions } from "./options.ts";
import type { CallOptions } from "./call_options.ts";
import { checkOptions } from "../../validate/options.ts";
import * as z from "../../validate/schema.ts";
import type { Addr } from "../addr/addr.ts";
import { Context } from "../../context/context.ts";
import { shown } from "../../validate/argument.ts";
import type { Deadline } from "../deadline.ts";
import type { Control, LookupHost, NameResolver } from "./options.ts";
import type { ProxyHeaderOptions, ProxyProtocolOptions } from "./proxy_options.ts";

/** Milliseconds, for options where the kernel counts whole milliseconds or seconds. */
const milliseconds = () => z.number().min(1).max(0x7fffffff);
const bytes = () => z.int().positive().max(0x3fffffff);

const keepAlive = () =>
  z.union([
    z.boolean(),
    z.strictObject({
      idle: milliseconds().optional(),
      interval: milliseconds().optional(),
      count: z.int().positive().optional(),
    }),
  ]);

/** Schema of a function: only its being a function can be checked. */
function callable<F>(): z.Schema<F> {
  return z.custom<F>((value) => typeof value === "function", "must be a function");
}

/**
 * Whether `value` is a time; a time in 1970, which is likely a duration, is rejected when it is
 * set.
 */
function isDeadline(value: unknown): boolean {
  const ms = value instanceof Date ? value.getTime() : value;
  return value === null || typeof ms === "number" && !Number.isNaN(ms);
}

/** ProxyProtocolOptions. */
const proxyProtocol = () =>
  z.strictObject({
    trusted: z.array(z.string()).min(1, "must name at least one peer"),
    untrusted: z.enum(["refuse", "direct"]).optional(),
    timeout: z.number().positive().max(0x7fffffff).optional(),
    maxBytes: z.int().min(16).max(0xffff + 16).optional(),
    maxPending: z.int().positive().optional(),
    onRefused: callable<NonNullable<ProxyProtocolOptions["onRefused"]>>().optional(),
  });

/** ProxyHeaderOptions; its addresses are checked when the header is formatted. */
const proxyHeader = z.options(() => ({
  version: z.union([z.literal(1), z.literal(2)], "must be 1 or 2").optional(),
  source: z.custom<Addr>(isAddr, "must be an address").optional(),
  destination: z.custom<Addr>(isAddr, "must be an address").optional(),
  tlvs: z.array(z.strictObject({
    type: z.int().min(0).max(255),
    value: z.custom<Uint8Array>(
      (value) => value instanceof Uint8Array,
      "must be a Uint8Array",
    ),
  })).optional(),
  crc32c: z.boolean().optional(),
}));

function isAddr(value: unknown): boolean {
  return typeof (value as Addr | null)?.network === "string";
}

/** Schemas of the fields of CallOptions. */
export const callFields = () => ({
  timeout: z.number().nonnegative().optional(),
  deadline: z.custom<Deadline>(isDeadline, {
    error: ({ input }) => `must be a Date, a number or null: current value is ${shown(input)}`,
  }).optional(),
  signal: z.instanceof(AbortSignal).optional(),
  context: z.instanceof(Context).optional(),
});

const resolver = () =>
  z.union([
    z.enum(["auto", "own", "host"]),
    z.custom<NameResolver>(
      (value) => typeof (value as NameResolver | null)?.lookupHost === "function",
      'must be "auto", "own", "host" or have a method lookupHost',
    ),
  ]);

/** The fields of LookupOptions. */
const lookupFields = () => ({
  ...callFields(),
  lookup: callable<LookupHost>().optional(),
  resolver: resolver().optional(),
});

/** The fields of SocketOptions. */
const socketFields = () => ({
  reusePort: z.boolean().optional(),
  reuseAddr: z.boolean().optional(),
  readBuffer: bytes().optional(),
  writeBuffer: bytes().optional(),
  // IFNAMSIZ without the final zero. A name is bytes, and real ones are ASCII.
  bindToDevice: z.string().regex(/^[\x21-\x7e]{1,15}$/, "must be the name of a network interface")
    .optional(),
  trafficClass: z.int().min(0).max(255).optional(),
  mark: z.int().min(0).max(0xffffffff).optional(),
  control: callable<Control>().optional(),
});

/** The fields of TCPOptions. */
const tcpFields = () => ({
  ...socketFields(),
  keepAlive: keepAlive().optional(),
  noDelay: z.boolean().optional(),
  linger: z.int().min(0).max(0x7fff).nullable().optional(),
  lingerTimeout: z.number().nonnegative().optional(),
  userTimeout: z.int().min(0).max(0x7fffffff).optional(),
});

/** CallOptions alone. */
const CALL = z.options(callFields);

/** Options of lookupHost, resolveTCPAddr and resolveUDPAddr. */
const LOOKUP = z.options(lookupFields);

/** Options of `listen`. */
const LISTEN = z.options(() => ({
  ...lookupFields(),
  ...tcpFields(),
  backlog: z.int().positive().max(0x7fffffff).optional(),
  ipv6Only: z.boolean().optional(),
  fastOpen: z.union([z.boolean(), z.int().positive().max(0x7fffffff)]).optional(),
  deferAccept: milliseconds().optional(),
  proxyProtocol: proxyProtocol().optional(),
}));

/** Options of `listenPacket`. */
const LISTEN_PACKET = z.options(() => ({
  ...lookupFields(),
  ...socketFields(),
  ipv6Only: z.boolean().optional(),
  coalesce: z.boolean().optional(),
}));

/** Options of `dial`. */
const DIAL = z.options(() => ({
  ...lookupFields(),
  ...tcpFields(),
  coalesce: z.boolean().optional(),
  localAddress: z.string().optional(),
  fallbackDelay: z.number().optional(),
  fastOpen: z.boolean().optional(),
  proxyProtocol: proxyHeader.optional(),
}));

/** Checks the options of `listen`; `others` are names that an error may suggest as well. */
export function checkListenOptions(
  options: ListenOptions,
  others?: readonly string[],
): ListenOptions {
  return checkOptions("listen", LISTEN, options, others);
}

/** Checks the options of `listenPacket`. */
export function checkListenPacketOptions(options: ListenPacketOptions): ListenPacketOptions {
  return checkOptions("listen for packets", LISTEN_PACKET, options);
}

/** Checks the options of `dial`; `others` are names that an error may suggest as well. */
export function checkDialOptions(options: DialOptions, others?: readonly string[]): DialOptions {
  return checkOptions("dial", DIAL, options, others);
}

/** Checks the CallOptions of `call`. */
export function checkCallOptions(call: string, options: CallOptions): CallOptions {
  return checkOptions(call, CALL, options);
}

/** Checks the LookupOptions of `call`. */
export function checkLookupOptions(call: string, options: LookupOptions): LookupOptions {
  return checkOptions(call, LOOKUP, options);
}

/** Checks the ProxyHeaderOptions of `call`. */
export function checkProxyHeader(call: string, options: ProxyHeaderOptions): ProxyHeaderOptions {
  return checkOptions(call, proxyHeader, options);
}
