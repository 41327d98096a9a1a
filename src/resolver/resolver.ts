// SPDX-License-Identifier: MIT
/** A resolver of names. Go: net/lookup.go, type Resolver. */
import type { Routine } from "../sched/goroutine.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { mayGoOn } from "../sched/step.ts";
import { scheduler } from "../sched/thread.ts";
import { needString } from "../validate/argument.ts";
import { DNSError } from "../net/errors.ts";
import { parseIPZone, unmap } from "../net/addr/ip.ts";
import { CallDeadline, type CallOptions } from "../net/options/call_options.ts";
import { checkCallOptions } from "../net/options/schema.ts";
import type { NameResolver, ResolverMode } from "../net/options/options.ts";
import {
  type EarlyAddresses,
  type IPNetwork,
  isLocalhost,
  LOOKUP_EARLY,
  lookupByHost,
  requireName,
} from "../net/resolve/lookup.ts";
import { mayBeName } from "../net/resolve/domain_name.ts";
import { canonicalAddress } from "./hosts.ts";
import { type HostAddresses, type HostLookup, hostLookup } from "./host_lookup.ts";
import { type ResourceRecord, TYPE } from "./message.ts";
import { fullName, reverseName, validTargets } from "./name.ts";
import type { ResolverOptions } from "./options.ts";
import {
  type CAA,
  type MX,
  type NS,
  readCAA,
  readMX,
  readServiceBinding,
  readSRV,
  readStrings,
  readTarget,
  type ServiceBinding,
  type SRV,
  text,
} from "./records.ts";
import { checkResolverOptions } from "./schema.ts";
import { orderServers, shuffledBy } from "./srv_order.ts";

/**
 * Looks names up: in the hosts file, and by queries of its own to the system's name servers or to
 * others. Go: `net.Resolver`. See docs/names.md.
 *
 * Names are as Go takes them: without a final dot the search list of resolv.conf applies. All
 * methods park; all take {@linkcode CallOptions}, and throw {@linkcode DNSError}: with `isNotFound`
 * if there is no such name or no record of that type (`code` "ENOTFOUND" or "ENODATA"),
 * `isTimeout`, or `isTemporary`. A call that is cancelled leaves no socket, no timer and no
 * goroutine behind.
 *
 * @example
 * ```ts
 * const resolver = new Resolver();
 * const [best] = yield* resolver.lookupMX("example.com", { timeout: 2000 });
 * using conn = yield* dial("tcp", "example.com:80", { resolver });
 * ```
 */
export class Resolver implements NameResolver {
  readonly #mode: ResolverMode;
  readonly #names: HostLookup;
  readonly #debug: ResolverOptions["debug"];

  /**
   * Makes a resolver. Nothing is read or opened before its first lookup.
   *
   * @param options see {@linkcode ResolverOptions}
   * @throws {TypeError} for an invalid option
   */
  constructor(options: ResolverOptions = {}) {
    const checked = checkResolverOptions(options);
    const named = checked.servers !== undefined || checked.dial !== undefined;
    this.#mode = checked.mode ?? (named ? "own" : "auto");
    this.#names = hostLookup(checked);
    this.#debug = checked.debug;
  }

  /**
   * Returns who would look `host` up, and where or why: "own: files, dns", or "host: .local is
   * multicast DNS". Never parks.
   *
   * @example
   * ```ts
   * console.log(new Resolver().explain("printer.local"));
   * ```
   */
  explain(host: string): string {
    const order = this.#names.order(host, scheduler.blocking ? "own" : this.#mode);
    return order.by === "own" ? `own: ${order.sources.join(", ")}` : `host: ${order.reason}`;
  }

  /**
   * Returns the IP addresses of a host, best first (RFC 6724); an IP address resolves to itself.
   * Parks. Go: `net.Resolver.LookupHost`.
   *
   * @param host a name or an IP address
   * @returns at least one address
   * @throws {DNSError}
   * @example
   * ```ts
   * const [best] = yield* resolver.lookupHost("example.com");
   * ```
   */
  *lookupHost(host: string, options: CallOptions = NO_OPTIONS): Routine<string[]> {
    return [...yield* this.#addresses("ip", host, options)];
  }

  /**
   * The method of an early resolver.
   * @internal
   */
  [LOOKUP_EARLY](host: string, early: EarlyAddresses): Routine<readonly string[]> {
    return this.#addresses("ip", host, NO_OPTIONS, early);
  }

  /**
   * Returns the IP addresses of a host, best first. Parks. Go: `net.Resolver.LookupIP`.
   *
   * @param network "ip", or "ip4" or "ip6" for one version only
   * @returns addresses of 4 or 16 bytes, at least one; a zone is left out
   * @throws {DNSError}
   * @example
   * ```ts
   * const [ip] = yield* resolver.lookupIP("ip4", "example.com");
   * console.log(formatIP(ip));
   * ```
   */
  *lookupIP(
    network: IPNetwork,
    host: string,
    options: CallOptions = NO_OPTIONS,
  ): Routine<Uint8Array[]> {
    const found = yield* this.#addresses(network, host, options);
    const ips = found.map((address) => unmap(parseIPZone(address)!.ip));
    const wanted = ips.filter((ip) =>
      network === "ip" || (network === "ip4") === (ip.length === 4)
    );
    if (wanted.length === 0) throw new DNSError("no such host", host, "ENODATA");
    return wanted;
  }

  /**
   * Returns the canonical name of a host, at the end of its aliases, with a final dot. Parks. Go:
   * `net.Resolver.LookupCNAME`.
   *
   * @throws {DNSError} also if the name has no addresses
   * @example
   * ```ts
   * yield* resolver.lookupCNAME("www.example.com"); // "example.com."
   * ```
   */
  *lookupCNAME(host: string, options: CallOptions = NO_OPTIONS): Routine<string> {
    requireName(checkName("host", host));
    const names = this.#names;
    const lookup = function* (): Routine<HostAddresses> {
      if (isLocalhost(host)) return { addresses: [], canonical: "localhost" };
      const order = names.order(host, "own");
      return yield* names.addresses(host, order.by === "own" ? order.sources : [], "ip");
    };
    return fullName((yield* limited(host, options, lookup())).canonical);
  }

  /**
   * Returns the names of an IP address: those of the hosts file, or those of its PTR records.
   * Parks. Go: `net.Resolver.LookupAddr`.
   *
   * @returns at least one name; each that has a dot ends with one
   * @throws {DNSError}
   * @example
   * ```ts
   * yield* resolver.lookupAddr("127.0.0.1"); // ["localhost"]
   * ```
   */
  *lookupAddr(address: string, options: CallOptions = NO_OPTIONS): Routine<string[]> {
    if (!mayGoOn()) yield scheduler.yieldNow();
    const canonical = canonicalAddress(checkName("address", address));
    if (canonical === null) throw new DNSError("unrecognized address", address, "EINVAL");
    requireName(canonical);
    this.#names.requireFiles(address);
    const known = this.#names.config.hosts.names.get(canonical);
    if (known !== undefined) return known.map((name) => name.includes(".") ? fullName(name) : name);
    const records = yield* this.#records(
      reverseName(parseIPZone(canonical)!.ip),
      TYPE.PTR,
      options,
    );
    return validTargets(address, read(address, records, readTarget), (name) => name);
  }

  /**
   * Returns the mail servers of a domain, the most preferred first, equal ones in random order.
   * Parks. Go: `net.Resolver.LookupMX`.
   *
   * @throws {DNSError}
   * @example
   * ```ts
   * for (const { host, pref } of yield* resolver.lookupMX("example.com")) console.log(pref, host);
   * ```
   */
  *lookupMX(name: string, options: CallOptions = NO_OPTIONS): Routine<MX[]> {
    const all = yield* this.#read(name, TYPE.MX, options, readMX);
    return shuffledBy(validTargets(name, all, ({ host }) => host), ({ pref }) => pref);
  }

  /** Returns the name servers of a domain. Parks. Throws DNSError. Go: `net.Resolver.LookupNS`. */
  *lookupNS(name: string, options: CallOptions = NO_OPTIONS): Routine<NS[]> {
    const hosts = yield* this.#read(name, TYPE.NS, options, readTarget);
    return validTargets(name, hosts, (host) => host).map((host) => ({ host }));
  }

  /**
   * Returns the servers of a service by priority, within one in an order that is drawn by their
   * weights. Parks. Go: `net.Resolver.LookupSRV`.
   *
   * @param service the service, such as "xmpp-client"; "" if `name` is complete
   * @param proto the protocol: "tcp" or "udp"; "" if `name` is complete
   * @throws {DNSError} also if the domain says that it does not offer the service (RFC 2782)
   * @example
   * ```ts
   * const [first] = yield* resolver.lookupSRV("xmpp-client", "tcp", "example.com");
   * using conn = yield* dial("tcp", `${first.target}:${first.port}`);
   * ```
   */
  *lookupSRV(
    service: string,
    proto: string,
    name: string,
    options: CallOptions = NO_OPTIONS,
  ): Routine<SRV[]> {
    const whole = service === "" && proto === "" ? name : `_${service}._${proto}.${name}`;
    const all = yield* this.#read(whole, TYPE.SRV, options, readSRV);
    if (all.length === 1 && all[0].target === ".") {
      throw new DNSError("service not offered", whole, "ENOTFOUND");
    }
    return orderServers(validTargets(whole, all, ({ target }) => target));
  }

  /**
   * Returns the TXT records of a name; the strings of one record are joined. Parks. Go:
   * `net.Resolver.LookupTXT`.
   *
   * @throws {DNSError}
   * @example
   * ```ts
   * (yield* resolver.lookupTXT("example.com")).filter((text) => text.startsWith("v=spf1 "));
   * ```
   */
  lookupTXT(name: string, options: CallOptions = NO_OPTIONS): Routine<string[]> {
    return this.#read(name, TYPE.TXT, options, (record) => text(joined(readStrings(record))));
  }

  /**
   * Returns the CAA records of a domain, and not those of the domains above it. Parks. RFC 8659.
   *
   * @throws {DNSError}
   */
  lookupCAA(name: string, options: CallOptions = NO_OPTIONS): Routine<CAA[]> {
    return this.#read(name, TYPE.CAA, options, readCAA);
  }

  /**
   * Returns the HTTPS records of a name: how to reach its website, the best way first. Parks. RFC
   * 9460.
   *
   * @throws {DNSError}
   * @example
   * ```ts
   * const [{ alpn }] = yield* resolver.lookupHTTPS("example.com");
   * ```
   */
  *lookupHTTPS(name: string, options: CallOptions = NO_OPTIONS): Routine<ServiceBinding[]> {
    const all = yield* this.#read(name, TYPE.HTTPS, options, readServiceBinding);
    return shuffledBy(all, ({ priority }) => priority);
  }

  /** Returns the SVCB records of a name. Parks. See {@linkcode Resolver.lookupHTTPS}. */
  *lookupSVCB(name: string, options: CallOptions = NO_OPTIONS): Routine<ServiceBinding[]> {
    const all = yield* this.#read(name, TYPE.SVCB, options, readServiceBinding);
    return shuffledBy(all, ({ priority }) => priority);
  }

  *#addresses(
    network: IPNetwork,
    host: string,
    options: CallOptions,
    early: EarlyAddresses | null = null,
  ): Routine<readonly string[]> {
    // A file or the cache may have the answer, at each call.
    if (!mayGoOn()) yield scheduler.yieldNow();
    if (parseIPZone(checkName("host", host)) !== null) return [host];
    requireName(host);
    if (isLocalhost(host)) {
      return network === "ip"
        ? LOOPBACK
        : LOOPBACK.filter((each) => each.includes(":") === (network === "ip6"));
    }
    if (!mayBeName(host)) throw new DNSError("no such host", host, "ENOTFOUND");
    const found = yield* limited(host, options, this.own(host, this.#mode, network, early));
    return found ?? (yield* lookupByHost(host, new CallDeadline(options)));
  }

  /**
   * The addresses of a name by this library's own means, or null if the host is to look for them.
   * Asks for no permission for the name.
   *
   * @internal
   */
  *own(
    host: string,
    mode: ResolverMode,
    network: IPNetwork,
    early: EarlyAddresses | null,
  ): Routine<readonly string[] | null> {
    const order = this.#names.order(host, scheduler.blocking ? "own" : mode);
    if (order.by === "own") {
      return (yield* this.#names.addresses(host, order.sources, network, early)).addresses;
    }
    this.#debug?.(`lookup ${host}: by the host, as ${order.reason}`);
    return null;
  }

  /** The data of all records of a type. */
  *#read<T>(
    name: string,
    type: number,
    options: CallOptions,
    data: (record: ResourceRecord) => T,
  ): Routine<T[]> {
    requireName(checkName("name", name));
    return read(name, yield* this.#records(name, type, options), data);
  }

  *#records(name: string, type: number, options: CallOptions): Routine<readonly ResourceRecord[]> {
    const [found] = yield* limited(name, options, this.#names.search(name, [type]));
    return found.records;
  }
}

const NO_OPTIONS: CallOptions = {};
const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];

function checkName(what: string, name: string): string {
  needString("look up a name", what, name);
  return name;
}

/** Does what `call` does, within the limits of a call. */
function limited<T>(host: string, options: CallOptions, call: Routine<T>): Routine<T> {
  if (options === NO_OPTIONS) return call;
  const limits = new CallDeadline(checkCallOptions("look up a name", options));
  const failure = (cause: Error) =>
    new DNSError(cause.message, host, (cause as { code?: string }).code, cause);
  if (limits.over !== null) throw failure(limits.over);
  return limits.enforce(call, failure);
}

/** The data of records; those that are malformed are an error of the server. */
function read<T>(
  name: string,
  records: readonly ResourceRecord[],
  data: (record: ResourceRecord) => T,
): T[] {
  try {
    return records.map(data);
  } catch (error) {
    throw new DNSError("cannot unmarshal DNS message", name, "EBADRESP", error);
  }
}

function joined(strings: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(strings.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of strings) {
    all.set(each, at);
    at += each.length;
  }
  return all;
}

notesCalls(
  Resolver.prototype,
  "resolver",
  "lookupHost",
  "lookupIP",
  "lookupCNAME",
  "lookupAddr",
  "lookupMX",
  "lookupNS",
  "lookupSRV",
  "lookupTXT",
  "lookupCAA",
  "lookupHTTPS",
  "lookupSVCB",
);
