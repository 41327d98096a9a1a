// SPDX-License-Identifier: MIT
/**
 * Resolves host names to addresses. Go: net/lookup.go, net/hosts.go.
 *
 * `node:dns` uses the system resolver with the system's configuration. Its result arrives through
 * the host's event loop; under `runSync`, where the loop does not run, only the hosts file is
 * available.
 */
import { shown, wrongArgument } from "../../validate/argument.ts";
import { lookup as systemLookup } from "node:dns";
import { platform } from "../../../platforms/platform.ts";
import { systemFile } from "../../../platforms/shared/system_file.ts";
import { wait } from "../../sched/api.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { scheduler } from "../../sched/thread.ts";
import { DNSError } from "../errors.ts";
import { formatIP, parseIPZone, unmap } from "../addr/ip.ts";
import { CallDeadline } from "../options/call_options.ts";
import { checkLookupOptions } from "../options/schema.ts";
import type { LookupHost, LookupOptions } from "../options/options.ts";
import { zoneName, zoneScope } from "../addr/zone.ts";
import { refuseAwait } from "../../sched/misuse.ts";
import { noted } from "../../sched/calls.ts";

/** An address of a host, without a port. `scope` is an interface index. Go: `net.IPAddr`. */
export interface HostAddress {
  readonly ip: Uint8Array;
  readonly scope: number;
}

/** Whom to ask for a name, and how long to wait for the answer. */
export interface Asking {
  readonly limits: CallDeadline;
  readonly lookup?: LookupHost;
}

const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];

/**
 * Returns the IP addresses of a host, best first; an IP address resolves to itself. Parks. Go:
 * `net.LookupHost`.
 *
 * Under `runSync`, only `localhost` and names in the hosts file can be resolved.
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
  const { lookup, ...limits } = checkLookupOptions("look up a host", options);
  if (parseIPZone(host) !== null) return [host];
  const found = yield* lookupAddresses(host, { lookup, limits: new CallDeadline(limits) });
  return found.map(({ ip, scope }) =>
    scope === 0 ? formatIP(ip) : `${formatIP(ip)}%${zoneName(scope)}`
  );
}

/** The addresses of a name: at least one. Parks. Throws DNSError. */
export function* lookupAddresses(host: string, asking: Asking): Routine<HostAddress[]> {
  const answer = yield* ask(host, asking);
  if (!Array.isArray(answer)) {
    throw wrongArgument(`look up ${host}`, "what lookup returns", "an array of addresses", answer);
  }
  const found = answer.map((text) => toAddress(host, text));
  if (found.length === 0) throw noSuchHost(host);
  return found;
}

function* ask(host: string, { lookup, limits }: Asking): Routine<readonly string[]> {
  const unanswered = (cause: Error) =>
    new DNSError(cause.message, host, (cause as { code?: string }).code, cause);
  if (limits.over !== null) throw unanswered(limits.over);
  if (lookup === undefined) {
    const name = host.toLowerCase().replace(/\.$/, "");
    if (name === "localhost") return LOOPBACK;
    if (!mayBeName(host)) throw noSuchHost(host);
    const { lookup: simulated } = platform();
    if (simulated !== undefined) return simulated(name) ?? unknown(host);
    if (scheduler.blocking) return inTable(name) ?? refuse(host);
  }
  try {
    const answer = (lookup ?? askSystem)(host);
    if (isPromise(answer)) {
      // The call may end before its wait begins: a rejection must not count as unhandled then.
      answer.then(undefined, () => {});
      if (scheduler.blocking) refuse(host);
    }
    return yield* limits.enforce(wait(answer), unanswered);
  } catch (error) {
    throw error instanceof DNSError ? error : failure(host, error);
  }
}

function askSystem(host: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, all) => {
      if (error) reject(error);
      else resolve(all.map(({ address }) => address));
    });
  });
}

/** Go's words for what a resolver says by a code. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host",
  ENODATA: "no such host",
  EAI_AGAIN: "server misbehaving",
  ESERVFAIL: "server misbehaving",
  ETIMEOUT: "i/o timeout",
  ETIMEDOUT: "i/o timeout",
  // Deno's look-up wants the permission for the whole host, whatever the port.
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

function unknown(host: string): never {
  throw noSuchHost(host);
}

function refuse(host: string): never {
  throw new DNSError("cannot look up names under runSync; use run", host, "ENOTSUP");
}

/** The addresses of `name` in the system's table, or null if it is not there. hosts(5). */
function inTable(name: string): string[] | null {
  const found: string[] = [];
  for (const line of (systemFile("hosts") ?? "").split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().toLowerCase().split(/\s+/);
    if (!names.some((each) => each.replace(/\.$/, "") === name)) continue;
    if (parseIPZone(address) !== null) found.push(address);
  }
  return found.length === 0 ? null : found;
}

/**
 * Whether it is a number, of the forms that inet_aton(3) takes for an IPv4 address and this library
 * does not: "0x7f.1", "2130706433", "0177.0.0.1". Systems whose resolver takes them would connect to
 * where no check of the address has looked. Letters of the world that stand for these count as well.
 */
function isNumber(host: string): boolean {
  const plain = host.normalize("NFKC").replace(/[\u3002\uff0e\uff61]/g, ".").replace(/\.$/, "");
  return plain.split(".").every((part) => /^(0x[0-9a-f]*|[0-9]*)$/i.test(part)) && plain !== "";
}

/** Whether it could be the name of a host. RFC 1035; one with letters of the world is left to others. */
function mayBeName(host: string): boolean {
  if (isNumber(host)) return false;
  // deno-lint-ignore no-control-regex
  if (host === "." || /[^\x00-\x7f]/.test(host)) return true;
  const name = host.replace(/\.$/, "");
  if (name.length > 253) return false;
  return name.split(".").every((label) => /^[\w-]{1,63}$/.test(label) && !/^-|-$/.test(label));
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
