// SPDX-License-Identifier: MIT
/**
 * Common parts of a resolver's lookups: its files, its servers, the search list. Go:
 * net/dnsclient_unix.go.
 */
import { platform } from "../../platforms/platform.ts";
import { systemPath } from "../../platforms/shared/system_file.ts";
import type { Routine } from "../sched/goroutine.ts";
import { DNSError } from "../net/errors.ts";
import { splitHostPort } from "../net/addr/host_port.ts";
import { formatIP } from "../net/addr/ip.ts";
import type { ResolverMode } from "../net/options/options.ts";
import type { EarlyAddresses, IPNetwork } from "../net/resolve/lookup.ts";
import { sortAddresses } from "./address_order.ts";
import { type AskingAll, Client, type EarlyFound, type Found } from "./client.ts";
import { type Config, ConfigFiles } from "./config.ts";
import { hostsKey } from "./hosts.ts";
import { Failure } from "./failure.ts";
import { type LookupOrder, lookupOrder } from "./lookup_order.ts";
import { type ResourceRecord, TYPE } from "./message.ts";
import { searchNames, toASCII } from "./name.ts";
import type { ResolverOptions } from "./options.ts";
import { readAddress } from "./records.ts";
import { SystemTransport } from "./transport.ts";

/** Addresses of a host, and its canonical name. */
export interface HostAddresses {
  readonly addresses: readonly string[];
  /** With a final dot; from the hosts file, as written there. */
  readonly canonical: string;
}

/** Record types by IP version. */
const TYPES: Readonly<Record<IPNetwork, readonly number[]>> = {
  ip: [TYPE.A, TYPE.AAAA],
  ip4: [TYPE.A],
  ip6: [TYPE.AAAA],
};

/** See the top of this file. */
export class HostLookup {
  readonly #options: ResolverOptions;
  readonly #files: ConfigFiles;
  readonly #client: Client;
  readonly #transport = new SystemTransport();
  /** Configuration that the client's cached answers belong to. */
  #config: Config | null = null;
  #turn = 0;
  /** Whether the servers are those of the system's own resolv.conf. */
  readonly #systemServers: boolean;
  /** Other servers, for which Deno has granted permission. */
  #permitted: readonly string[] | null = null;

  constructor(options: ResolverOptions) {
    const { cache = false, servers, resolvConf = systemPath("resolv.conf") } = options;
    this.#options = options;
    this.#systemServers = servers === undefined && resolvConf === systemPath("resolv.conf");
    this.#files = new ConfigFiles(options);
    this.#client = new Client(cache === false ? null : cache === true ? {} : cache);
  }

  /** The current configuration. */
  get config(): Config {
    const config = this.#files.read();
    if (config.conf !== this.#config?.conf) this.#client.forget();
    return this.#config = config;
  }

  /** Returns which resolver looks `host` up, and where. */
  order(host: string, mode: ResolverMode): LookupOrder {
    if (mode === "host") return { by: "host", reason: 'the mode is "host"' };
    const { config } = this;
    if (mode === "own") return config.ownOrder;
    return lookupOrder(host, { ...config, os: platform().os, unknown: config.conf.unknown });
  }

  /**
   * Returns the addresses of `host` from this library's own sources. Parks.
   *
   * @param early called with the addresses of one IP version while those of the other are unknown
   * @throws {DNSError}
   */
  *addresses(
    host: string,
    sources: readonly ("files" | "dns")[],
    network: IPNetwork,
    early: EarlyAddresses | null = null,
  ): Routine<HostAddresses> {
    const { hosts } = this.requireFiles(host);
    let failure: DNSError | null = null;
    for (const source of sources) {
      if (source === "files") {
        const addresses = hosts.addresses.get(hostsKey(host));
        if (addresses !== undefined) {
          return { addresses, canonical: this.#canonical(addresses[0], host) };
        }
        continue;
      }
      try {
        return yield* this.#ask(host, network, early);
      } catch (error) {
        if (!(error instanceof DNSError)) throw error;
        failure = error;
      }
    }
    throw failure ?? new DNSError("no such host", host, "ENOTFOUND");
  }

  #canonical(address: string, host: string): string {
    return this.config.hosts.names.get(address)?.[0] ?? host;
  }

  *#ask(
    host: string,
    network: IPNetwork,
    early: EarlyAddresses | null,
  ): Routine<HostAddresses> {
    const types = this.config.conf.noAAAA && network === "ip" ? TYPES.ip4 : TYPES[network];
    const found = yield* this.search(
      host,
      types,
      early === null ? null : (each) => {
        try {
          early(textOf([each]));
        } catch {
          // The end of this lookup reports it. The queries may serve other lookups, too.
        }
      },
    );
    try {
      return { addresses: textOf(found), canonical: found[0].name };
    } catch (error) {
      throw new DNSError("cannot unmarshal DNS message", host, "EBADRESP", error);
    }
  }

  /**
   * Returns the records of `types` for `host`, or for the first name of the search list that has
   * any. Parks.
   *
   * @param early called with the records of one type while those of others are unknown
   * @throws {DNSError} if there are none
   */
  *search(
    host: string,
    types: readonly number[],
    early: EarlyFound | null = null,
  ): Routine<Found[]> {
    const ascii = toASCII(host);
    if (ascii === null) throw new DNSError("no such host", host, "ENOTFOUND");
    const { conf, servers } = this.requireFiles(host);
    this.#requireServers(servers);
    const how = this.#how(conf, servers);
    const { strictErrors = false } = this.#options;
    let failure: Failure | null = null;
    for (const name of searchNames(ascii, conf.search, conf.ndots)) {
      const results = yield* this.#client.find(name, types, how, strictErrors ? null : early);
      const failures = results.filter((each) => each instanceof Failure);
      const uncertain = failures.find((each) => !each.isNotFound);
      if (strictErrors && uncertain !== undefined) throw uncertain.toError(host);
      if (failures.length < results.length) {
        return results.filter((each): each is Found => !(each instanceof Failure));
      }
      failure = worst(failure, uncertain ?? worst(failures[0], failures.at(-1)!));
    }
    throw failure!.toError(host);
  }

  #how(conf: Config["conf"], servers: readonly string[]): AskingAll {
    const { timeout, attempts, useTCP, singleRequest, trustAD, rotate } = conf;
    return {
      dial: this.#options.dial ?? this.#transport.dial,
      open: this.#options.dial === undefined ? this.#transport.open : null,
      servers,
      offset: rotate ? this.#turn++ % servers.length : 0,
      timeout,
      attempts,
      useTCP,
      singleRequest,
      trustAD,
    };
  }

  /** Requires permission for servers that the system has not named; a custom transport asks itself. */
  #requireServers(servers: readonly string[]): void {
    if (this.#systemServers || this.#options.dial !== undefined) return;
    if (servers === this.#permitted) return;
    for (const server of servers) {
      const { host, port } = splitHostPort(server);
      platform().runtime.requireNet(host, Number(port));
    }
    this.#permitted = servers;
  }

  /**
   * Returns the configuration. Throws if Deno may not read a relevant file: otherwise another
   * resolver would be used silently.
   */
  requireFiles(host: string): Config {
    const { config } = this;
    const { denied } = config;
    if (denied.length === 0) return config;
    throw new DNSError(
      `permission denied: run Deno with --allow-read=${denied.join(",")}, ` +
        'or leave names to the host with the option resolver: "host"',
      host,
      "EPERM",
    );
  }
}

/** Returns the address in a record. Fast path for IPv4: a copy of its bytes takes longer. */
function addressText(record: ResourceRecord): string {
  const { type, bytes, start, end } = record;
  return type === TYPE.A && end - start === 4
    ? `${bytes[start]}.${bytes[start + 1]}.${bytes[start + 2]}.${bytes[start + 3]}`
    : formatIP(readAddress(record));
}

/** Returns the addresses in records, best first. */
function textOf(found: readonly Found[]): string[] {
  if (found.length === 1 && found[0].records.length === 1) {
    return [addressText(found[0].records[0])];
  }
  return sortAddresses(found.flatMap(({ records }) => records.map(readAddress))).map(formatIP);
}

/**
 * Returns the less conclusive of two failures: a server failure, then "no such type", then "no such
 * name".
 */
function worst(a: Failure | null, b: Failure): Failure {
  if (a === null || (a.isNotFound && !b.isNotFound)) return b;
  return a.code === "ENOTFOUND" && b.code === "ENODATA" ? b : a;
}

/** Returns the lookups of a resolver. Nothing is read or opened before the first one. */
export function hostLookup(options: ResolverOptions): HostLookup {
  return new HostLookup(options);
}
