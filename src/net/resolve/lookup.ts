// SPDX-License-Identifier: MIT
/**
 * Resolves host names to addresses. Go: net/lookup.go.
 *
 * The library's own resolver (src/resolver) is above this module, because it uses sockets; it
 * registers itself here. Names that it leaves to the host are resolved by `node:dns` with the
 * system's resolver, whose result arrives through the host's event loop.
 */
import { shown, wrongArgument } from "../../validate/argument.ts";
import { nodeModule } from "../../../platforms/contract/host.ts";
import { platform } from "../../../platforms/platform.ts";
import { wait } from "../../sched/api.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { mayGoOn } from "../../sched/step.ts";
import { scheduler } from "../../sched/thread.ts";
import { DNSError } from "../errors.ts";
import { formatIP, parseIPZone, unmap } from "../addr/ip.ts";
import { mayBeName } from "./domain_name.ts";
import { CallDeadline } from "../options/call_options.ts";
import { checkLookupOptions } from "../options/schema.ts";
import type { LookupHost, LookupOptions, NameResolver, ResolverMode } from "../options/options.ts";
import { zoneName, zoneScope } from "../addr/zone.ts";
import { refuseAwait } from "../../sched/misuse.ts";
import { noted } from "../../sched/calls.ts";

/** An address of a host, without a port. `scope` is an interface index. Go: `net.IPAddr`. */
export interface HostAddress {
  readonly ip: Uint8Array;
  readonly scope: number;
}

/** IP versions of the requested addresses. */
export type IPNetwork = "ip" | "ip4" | "ip6";

/** Resolver and limits of a lookup. */
export interface Asking {
  readonly limits: CallDeadline;
  readonly lookup?: LookupHost;
  readonly resolver?: ResolverMode | NameResolver;
  /** Called with the addresses of one IP version while those of the other are unknown. */
  readonly early?: (addresses: HostAddress[]) => void;
}

/** Called with the addresses of one IP version, while those of the other are still unknown. */
export type EarlyAddresses = (addresses: readonly string[]) => void;

/** Property by which a resolver offers to report addresses early. */
export const LOOKUP_EARLY: unique symbol = Symbol("netpoll.lookupEarly");

/** A resolver that reports the addresses of each IP version as soon as it has them. */
export interface EarlyResolver {
  /** As `lookupHost`. */
  [LOOKUP_EARLY](host: string, early: EarlyAddresses): Routine<readonly string[]>;
}

/**
 * The library's own resolver: returns the addresses of a name, at least one, or null to use the
 * host's resolver. Parks. Throws DNSError.
 */
export type OwnLookup = (
  host: string,
  mode: ResolverMode,
  network: IPNetwork,
  early: EarlyAddresses | null,
) => Routine<readonly string[] | null>;

/** Set once, by src/resolver. */
let ownLookup: OwnLookup | null = null;

/** Registers the library's own resolver. */
export function registerOwnLookup(lookup: OwnLookup): void {
  ownLookup = lookup;
}

/** Whether a lookup may report addresses early. */
export function maybeEarly({ lookup, resolver }: Asking): boolean {
  if (lookup !== undefined) return false;
  return typeof resolver === "object" ? isEarly(resolver) : resolver !== "host";
}

function isEarly(resolver: object): resolver is EarlyResolver {
  return LOOKUP_EARLY in resolver;
}

const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];

/**
 * Returns the IP addresses of a host, best first; an IP address resolves to itself. Parks. Go:
 * `net.LookupHost`.
 *
 * See {@linkcode ResolverMode} for who looks the name up; under `runSync` it is always the
 * library's own resolver.
 *
 * @param host a name or an IP address
 * @param options see {@linkcode LookupOptions}
 * @returns at least one address
 * @throws {DNSError} with `isNotFound` if the name does not exist, with `timeout` if the lookup
 * takes too long; {@linkcode TypeError} for an invalid option
 * @example
 * ```ts
 * const [best] = yield* lookupHost("example.com", { timeout: 1000 });
 * ```
 */
export function lookupHost(host: string, options: LookupOptions = {}): Routine<string[]> {
  return noted("lookupHost", lookingUp(host, options));
}

function* lookingUp(host: string, options: LookupOptions): Routine<string[]> {
  const checked = checkLookupOptions("look up a host", options);
  const { lookup, resolver } = checked;
  // An address, a name of this machine or of a file needs no wait, at each call.
  if (!mayGoOn()) yield scheduler.yieldNow();
  if (parseIPZone(host) !== null) return [host];
  if (lookup === undefined && typeof resolver !== "object") requireName(host);
  const asking = { lookup, resolver, limits: new CallDeadline(checked) };
  const found = someOf(host, yield* ask(host, asking, "ip"));
  const trusted = lookup === undefined && typeof resolver !== "object";
  return found.map((text) =>
    trusted && isPlainV4(text) ? text : addressText(toAddress(host, text))
  );
}

/** Whether an address of the system is one of IPv4, which has a single textual form. */
function isPlainV4(text: string): boolean {
  return !text.includes(":");
}

/** Requires Deno's permission for a name on all ports. Loopback names need none. */
export function requireName(host: string): void {
  if (!isLocalhost(host)) platform().runtime.requireNet(host, null);
}

function addressText({ ip, scope }: HostAddress): string {
  return scope === 0 ? formatIP(ip) : `${formatIP(ip)}%${zoneName(scope)}`;
}

/** Returns the addresses of a name, at least one. Parks. Throws DNSError. */
export function* lookupAddresses(
  host: string,
  asking: Asking,
  network: IPNetwork = "ip",
): Routine<HostAddress[]> {
  const found = someOf(host, yield* ask(host, asking, network));
  return found.map((text) => toAddress(host, text));
}

/** Requires that the result of a lookup is an array, and not an empty one. */
function someOf(host: string, answer: readonly string[]): readonly string[] {
  if (!Array.isArray(answer)) {
    throw wrongArgument(`look up ${host}`, "the result of lookup", "an array of addresses", answer);
  }
  if (answer.length === 0) throw noSuchHost(host);
  return answer;
}

function* ask(host: string, asking: Asking, network: IPNetwork): Routine<readonly string[]> {
  const { lookup, resolver = "auto", limits } = asking;
  const unanswered = unansweredFor(host);
  if (limits.over !== null) throw unanswered(limits.over);
  if (lookup !== undefined) return yield* answerOf(host, lookup, limits);
  const early = earlyOf(host, asking);
  if (typeof resolver === "object") {
    const call = early !== null && isEarly(resolver)
      ? resolver[LOOKUP_EARLY](host, early)
      : resolver.lookupHost(host);
    return yield* limits.enforce(call, unanswered);
  }
  if (isLocalhost(host)) return LOOPBACK;
  if (!mayBeName(host)) throw noSuchHost(host);
  const { lookup: simulated } = platform();
  const known = simulated?.(hostKey(host));
  if (known === null) throw noSuchHost(host);
  if (known !== undefined) return known;
  const mode = scheduler.blocking || simulated !== undefined ? "own" : resolver;
  const own = mode === "host" || ownLookup === null
    ? null
    : yield* limits.enforce(ownLookup(host, mode, network, early), unanswered);
  return own ?? (yield* lookupByHost(host, limits));
}

function earlyOf(host: string, { early }: Asking): EarlyAddresses | null {
  if (early === undefined) return null;
  return (addresses) => early(addresses.map((text) => toAddress(host, text)));
}

/** Returns a function that creates the error of a lookup without a response. */
function unansweredFor(host: string): (cause: Error) => DNSError {
  return (cause) => new DNSError(cause.message, host, (cause as { code?: string }).code, cause);
}

/** Resolves a name by the host's resolver, which needs the host's event loop. Parks. */
export function lookupByHost(host: string, limits: CallDeadline): Routine<readonly string[]> {
  if (scheduler.blocking) refuse(host);
  return answerOf(host, askSystem, limits);
}

/** Returns the result of `lookup`, synchronous or not. Converts its errors to DNSError. */
function* answerOf(
  host: string,
  lookup: LookupHost,
  limits: CallDeadline,
): Routine<readonly string[]> {
  try {
    const answer = lookup(host);
    if (isPromise(answer)) {
      // The call may end before it awaits the promise: avoid an unhandled rejection.
      answer.then(undefined, () => {});
      if (scheduler.blocking) refuse(host);
    }
    return yield* limits.enforce(wait(answer), unansweredFor(host));
  } catch (error) {
    throw error instanceof DNSError ? error : failure(host, error);
  }
}

/** Normalizes a name for simulations. */
function hostKey(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

/** Whether the name always means this machine. RFC 6761, section 6.3. */
export function isLocalhost(host: string): boolean {
  // Fast path: the ninth character from the end is the "l", which few names have there.
  const end = host.endsWith(".") ? host.length - 1 : host.length;
  if ((host.charCodeAt(end - 9) | 0x20) !== 0x6c) return false;
  return /^([^.]+\.)*localhost\.?$/i.test(host);
}

function askSystem(host: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    nodeModule("node:dns").lookup(host, { all: true }, (error, all) => {
      if (error) reject(error);
      else resolve(all.map(({ address }) => address));
    });
  });
}

/** Go's messages for the codes of resolvers. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host",
  ENODATA: "no such host",
  EAI_AGAIN: "server misbehaving",
  ESERVFAIL: "server misbehaving",
  ETIMEOUT: "i/o timeout",
  ETIMEDOUT: "i/o timeout",
  // Deno's lookup requires permission for the host on all ports.
  EPERM: "permission denied: run Deno with --allow-net for this host, without a port",
};

function failure(host: string, error: unknown): DNSError {
  const { code: given, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const code = typeof given === "string" ? given.replace(/^DNS_/, "") : "";
  return new DNSError(REASONS[code] ?? String(message ?? error), host, code, error);
}

function noSuchHost(host: string): DNSError {
  return new DNSError("no such host", host, "ENOTFOUND");
}

function refuse(host: string): never {
  throw new DNSError("cannot look up names under runSync; use run", host, "ENOTSUP");
}

function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as PromiseLike<unknown> | null)?.then === "function";
}

function toAddress(host: string, text: string): HostAddress {
  const parsed = typeof text === "string" ? parseIPZone(text) : null;
  if (parsed === null) {
    throw new TypeError(
      `Cannot look up ${host} as lookup must return IP addresses: current value is ${shown(text)}`,
    );
  }
  return { ip: unmap(parsed.ip), scope: zoneScope(parsed.zone, text) };
}

refuseAwait(lookingUp.prototype, "lookupHost");
