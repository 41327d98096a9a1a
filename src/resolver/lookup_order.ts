// SPDX-License-Identifier: MIT
/**
 * Selects the resolver of a name and the order of its sources. Go: net/conf.go, hostLookupOrder.
 */
import type { Source } from "./nsswitch.ts";
import { lower } from "./name.ts";

/** For the own resolver: its sources, in order. */
export interface OwnOrder {
  readonly by: "own";
  readonly sources: readonly ("files" | "dns")[];
}

/** For the own resolver: its sources, in order. For the host's: the reason. */
export type LookupOrder = OwnOrder | { readonly by: "host"; readonly reason: string };

/** Inputs of {@linkcode lookupOrder}. */
export interface OrderFacts {
  /** The operating system. */
  readonly os: string;
  /** Sources of nsswitch.conf(5); null without such a file or line. */
  readonly sources: readonly Source[] | null;
  /** Unsupported settings in resolv.conf(5). */
  readonly unknown: readonly string[];
  /** Host name of this machine. */
  readonly hostname: string;
  /** Environment variables that change how the system resolves names. */
  readonly variables: readonly string[];
  /** Whether the file mdns.allow exists, which extends multicast DNS beyond ".local". */
  readonly mdnsAllow: boolean;
}

/** Variables that glibc's resolver uses. resolver(3), hostname(7). */
export const RESOLVER_VARIABLES: readonly string[] = ["LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES"];

const FILES_DNS: OwnOrder = { by: "own", sources: ["files", "dns"] };

/** Systems with name sources other than files and DNS servers. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  windows: "Windows resolves names by other means than DNS",
  darwin: "macOS has servers by domain, and multicast DNS",
};

/** Selects the resolver of `host` if both are allowed. */
export function lookupOrder(host: string, facts: OrderFacts): LookupOrder {
  const elsewhere = ELSEWHERE[facts.os];
  if (elsewhere !== undefined) return byHost(elsewhere);
  const [variable] = facts.variables;
  if (variable !== undefined) return byHost(`the environment has ${variable}`);
  const [unknown] = facts.unknown;
  if (unknown !== undefined) return byHost(`resolv.conf has "${unknown}"`);
  const name = lower(host.replace(/\.$/, ""));
  if (name === "local" || name.endsWith(".local")) return byHost(".local is multicast DNS");
  return facts.sources === null ? FILES_DNS : bySources(name, facts.sources, facts);
}

/** Returns the order of the resolver's own sources, ignoring all others. */
export function ownOrder(sources: readonly Source[] | null): OwnOrder {
  const own = (sources ?? []).flatMap(({ name }) => name === "files" || name === "dns" ? name : []);
  return own.length === 0 ? FILES_DNS : { by: "own", sources: [...new Set(own)] };
}

function bySources(name: string, sources: readonly Source[], facts: OrderFacts): LookupOrder {
  const own: ("files" | "dns")[] = [];
  for (const { name: source, standard } of sources) {
    if (source === "files" || source === "dns") {
      if (!standard) return byHost(`nsswitch.conf has conditions after "${source}"`);
      if (!own.includes(source)) own.push(source);
    } else if (source === "myhostname") {
      if (isOwnName(name, facts.hostname)) return byHost(`nsswitch.conf has "myhostname"`);
    } else if (source.startsWith("mdns")) {
      // Answers only ".local" names, unless that file exists.
      if (facts.mdnsAllow) return byHost("the file mdns.allow exists");
    } else return byHost(`nsswitch.conf has "${source}"`);
  }
  return own.length === 0 ? FILES_DNS : { by: "own", sources: own };
}

/** Whether nss-myhostname(8) answers the name. */
function isOwnName(name: string, hostname: string): boolean {
  return name === lower(hostname) || name === "_gateway" || name === "_outbound" ||
    name === "localhost.localdomain" || name.endsWith(".localhost.localdomain");
}

function byHost(reason: string): LookupOrder {
  return { by: "host", reason };
}
