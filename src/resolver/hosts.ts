// SPDX-License-Identifier: MIT
/** Parses hosts(5). Go: net/hosts.go. */
import { formatIP, parseIPZone } from "../net/addr/ip.ts";
import { lower } from "./name.ts";

/** Names and addresses of a file, in both directions. */
export interface Hosts {
  /** Addresses by name, in the order of the file, without duplicates. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Names by address, as written in the file. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/** Parses a file. An invalid line does not affect other lines. */
export function parseHosts(text: string): Hosts {
  const addresses = new Map<string, string[]>();
  const names = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address, ...found] = line.replace(/#.*/, "").trim().split(/\s+/);
    const ip = found.length === 0 ? null : canonicalAddress(address);
    if (ip === null) continue;
    for (const name of found) {
      add(addresses, hostsKey(name), ip);
      add(names, ip, name);
    }
  }
  return { addresses, names };
}

function add(to: Map<string, string[]>, key: string, value: string): void {
  const all = to.get(key);
  if (all === undefined) to.set(key, [value]);
  else if (!all.includes(value)) all.push(value);
}

/** Normalizes a name for comparison: no final dot, lower case. */
export function hostsKey(name: string): string {
  return lower(name.endsWith(".") ? name.slice(0, -1) : name);
}

/** Normalizes an address, with its zone; null if it is invalid. */
export function canonicalAddress(address: string): string | null {
  const parsed = parseIPZone(address);
  if (parsed === null) return null;
  const ip = formatIP(parsed.ip);
  return parsed.zone === "" ? ip : `${ip}%${parsed.zone}`;
}
