// SPDX-License-Identifier: MIT
/**
 * Reads the configuration files of a resolver, and detects their changes. Go:
 * net/dnsclient_unix.go, resolverConfig.
 */
import { nodeModule } from "../../platforms/contract/host.ts";
import { systemPath } from "../../platforms/shared/system_file.ts";
import { platform } from "../../platforms/platform.ts";
import { now } from "../sched/clock.ts";
import { joinHostPort } from "../net/addr/host_port.ts";
import { parseIPZone } from "../net/addr/ip.ts";
import { type Hosts, parseHosts } from "./hosts.ts";
import { type OwnOrder, ownOrder, RESOLVER_VARIABLES } from "./lookup_order.ts";
import { parseNsswitch, type Source } from "./nsswitch.ts";
import { parseResolvConf, type ResolvConf } from "./resolv_conf.ts";
import type { FileSource, ResolverOptions } from "./options.ts";

/** Interval in milliseconds between checks of a file. */
const CHECK_MS = 1000;
/** Port of name servers. */
const DNS_PORT = 53;

/** Contents of all files. */
export interface Config {
  readonly conf: ResolvConf;
  /** Server addresses with ports. */
  readonly servers: readonly string[];
  readonly hosts: Hosts;
  /** Sources of nsswitch.conf(5), or null. */
  readonly sources: readonly Source[] | null;
  /** Order of those that the resolver has itself. */
  readonly ownOrder: OwnOrder;
  /** Host name of this machine, or "" if unknown. */
  readonly hostname: string;
  /** Whether the file mdns.allow exists. */
  readonly mdnsAllow: boolean;
  /** Environment variables that change how the system resolves names. */
  readonly variables: readonly string[];
  /** Files that may not be read. */
  readonly denied: readonly string[];
}

/** A parsed file, with its text. */
class Parsed<T> {
  readonly #source: FileSource;
  readonly #parse: (text: string | null) => T;
  #text: string | null | undefined;
  #value: T | undefined;

  constructor(source: FileSource, parse: (text: string | null) => T) {
    this.#source = source;
    this.#parse = parse;
  }

  /** Path of the file if it may not be read. */
  get denied(): string | null {
    const path = this.#source;
    return typeof path !== "string" || platform().runtime.permitsRead(path) ? null : path;
  }

  /** Reads the file again. */
  read(): T {
    const source = this.#source;
    const text = typeof source === "string" ? platform().runtime.readText(source) : source.text;
    if (text === null && this.#remains()) return this.#value as T;
    if (text !== this.#text) {
      this.#text = text;
      this.#value = this.#parse(text);
    }
    return this.#value as T;
  }

  /**
   * Whether a file that was read before still exists. It cannot be opened while the process has no
   * descriptor left (EMFILE), and must not count as empty then. stat(2) needs none.
   */
  #remains(): boolean {
    const path = this.#source;
    return typeof path === "string" && typeof this.#text === "string" && this.denied === null &&
      nodeModule("node:fs").existsSync(path);
  }
}

/** See the top of this file. */
export class ConfigFiles {
  readonly #conf: Parsed<ResolvConf>;
  readonly #hosts: Parsed<Hosts>;
  readonly #sources: Parsed<Source[] | null>;
  readonly #mdnsAllow: boolean;
  readonly #servers: readonly string[] | undefined;
  #config: Config | null = null;
  #checked = -Infinity;

  constructor({ servers, resolvConf, hosts, nsswitch }: ResolverOptions) {
    // With explicit servers, no file with servers is needed.
    const noConf = servers === undefined ? systemPath("resolv.conf") : { text: "" };
    this.#conf = new Parsed(resolvConf ?? noConf, (text) => readConf(text, servers));
    this.#hosts = new Parsed(hosts ?? systemPath("hosts"), (text) => parseHosts(text ?? ""));
    this.#sources = new Parsed(
      nsswitch ?? systemPath("nsswitch.conf"),
      (text) => text === null ? null : parseNsswitch(text),
    );
    this.#mdnsAllow = nsswitch === undefined;
    this.#servers = servers;
  }

  /**
   * Returns the current configuration. The result is a new object only if something has changed.
   */
  read(): Config {
    const at = now();
    if (this.#config !== null && at - this.#checked < CHECK_MS) return this.#config;
    this.#checked = at;
    const kept = this.#config;
    const conf = kept?.conf.noReload ? kept.conf : this.#conf.read();
    const hosts = this.#hosts.read();
    const sources = this.#sources.read();
    const same = kept !== null && kept.conf === conf && kept.hosts === hosts &&
      kept.sources === sources && kept.denied.length === 0;
    return same ? kept : this.#config = this.#make(conf, hosts, sources);
  }

  #make(conf: ResolvConf, hosts: Hosts, sources: Source[] | null): Config {
    const { os, runtime } = platform();
    const files = os === "windows" ? [this.#hosts] : [this.#conf, this.#hosts, this.#sources];
    return {
      conf,
      servers: (this.#servers ?? conf.servers).map(withPort),
      hosts,
      sources,
      ownOrder: ownOrder(sources),
      hostname: hostname(),
      mdnsAllow: this.#mdnsAllow && runtime.readText(systemPath("mdns.allow")) !== null,
      variables: RESOLVER_VARIABLES.filter((name) => runtime.variable(name) !== undefined),
      denied: files.flatMap(({ denied }) => denied ?? []),
    };
  }
}

/** Without resolv.conf, asks the host for the system's servers. */
function readConf(text: string | null, servers?: readonly string[]): ResolvConf {
  const conf = parseResolvConf(text ?? "", hostname());
  if (text !== null || servers !== undefined || platform().os !== "windows") return conf;
  const known = nodeModule("node:dns").getServers();
  return known.length === 0 ? conf : { ...conf, servers: known };
}

/** Returns the host name as Linux reports it; the host's own API might require a permission. */
function hostname(): string {
  if (platform().os !== "linux") return "";
  return (platform().runtime.readText("/proc/sys/kernel/hostname") ?? "").trim();
}

function withPort(server: string): string {
  return parseIPZone(server) === null ? server : joinHostPort(server, DNS_PORT);
}
