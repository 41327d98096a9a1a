// SPDX-License-Identifier: MIT
/** Parses resolv.conf(5). Go: net/dnsconfig_unix.go. */
import { parseIPZone } from "../net/addr/ip.ts";

/** Settings of resolv.conf(5). */
export interface ResolvConf {
  /** Addresses of the name servers, in order: at least one. */
  readonly servers: readonly string[];
  /** Search domains for relative names, without their final dot. */
  readonly search: readonly string[];
  /** Number of dots from which a name is tried unchanged first. */
  readonly ndots: number;
  /** Timeout per server in milliseconds. */
  readonly timeout: number;
  /** Number of rounds through all servers. */
  readonly attempts: number;
  /** Whether each call starts with the next server. */
  readonly rotate: boolean;
  /** Whether address types are queried one after the other. */
  readonly singleRequest: boolean;
  /** Whether to use TCP from the start. */
  readonly useTCP: boolean;
  /** Whether queries set the AD bit. */
  readonly trustAD: boolean;
  /** Whether to skip IPv6 addresses. */
  readonly noAAAA: boolean;
  /** Whether the file is read only once. */
  readonly noReload: boolean;
  /** Unsupported lines and options, for which another resolver must be used. */
  readonly unknown: readonly string[];
}

/** Servers used if the file has none. */
const LOCAL_SERVERS: readonly string[] = ["127.0.0.1", "::1"];
/** Maximum number of servers and search domains. */
const MOST_SERVERS = 16, MOST_SEARCH = 64;

/** Settings of an empty file. */
const DEFAULTS = {
  ndots: 1,
  timeout: 5000,
  attempts: 2,
  rotate: false,
  singleRequest: false,
  useTCP: false,
  trustAD: false,
  noAAAA: false,
  noReload: false,
};

/** Options without a value. */
const SWITCHES: Readonly<Record<string, keyof typeof DEFAULTS>> = {
  "rotate": "rotate",
  "single-request": "singleRequest",
  "single-request-reopen": "singleRequest",
  "use-vc": "useTCP",
  "usevc": "useTCP",
  "tcp": "useTCP",
  "trust-ad": "trustAD",
  "no-aaaa": "noAAAA",
  "no-reload": "noReload",
};

/** Options without effect here: EDNS0 is always used, and nothing is printed. */
const WITHOUT_EFFECT = new Set(["edns0", "debug", "no-tld-query"]);

/** Numeric options with their minimum and maximum. */
const NUMBERS: Readonly<
  Record<string, readonly [keyof typeof DEFAULTS, least: number, most: number, unit: number]>
> = {
  ndots: ["ndots", 0, 15, 1],
  timeout: ["timeout", 1, 30, 1000],
  attempts: ["attempts", 1, 5, 1],
};

/** Parses a file; without a search list, the domain of `hostname` is used, if it has one. */
export function parseResolvConf(text: string, hostname = ""): ResolvConf {
  const servers: string[] = [];
  let search: string[] | null = null;
  const options: Record<string, number | boolean> = { ...DEFAULTS };
  const unknown: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.replace(/[#;].*/, "").trim().split(/\s+/);
    if (keyword === "") continue;
    if (keyword === "nameserver") servers.push(...values.slice(0, 1).filter(isAddress));
    else if (keyword === "domain") search = suffixes(values.slice(0, 1));
    else if (keyword === "search") search = suffixes(values);
    else if (keyword === "options") {
      for (const each of values) readOption(each, options, unknown);
    } else unknown.push(keyword);
  }
  return {
    ...options as typeof DEFAULTS,
    servers: servers.length === 0 ? LOCAL_SERVERS : servers.slice(0, MOST_SERVERS),
    search: search ?? suffixes([/\.(.+)/.exec(hostname)?.[1] ?? ""]),
    unknown,
  };
}

function isAddress(server: string): boolean {
  return parseIPZone(server) !== null;
}

function suffixes(values: readonly string[]): string[] {
  return values.map((each) => each === "." ? each : each.replace(/\.$/, ""))
    .filter((each) => each !== "").slice(0, MOST_SEARCH);
}

function readOption(
  option: string,
  options: Record<string, number | boolean>,
  unknown: string[],
): void {
  const [name, value] = option.split(":", 2);
  const number = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  if (number !== undefined && /^[0-9]+$/.test(value ?? "")) {
    const [key, least, most, unit] = number;
    options[key] = Math.min(Math.max(Number(value), least), most) * unit;
  } else if (Object.hasOwn(SWITCHES, option)) options[SWITCHES[option]] = true;
  else if (!WITHOUT_EFFECT.has(option)) unknown.push(option);
}
