// SPDX-License-Identifier: MIT
/** hosts(5). Go: net/hosts.go. */
import { formatIP, parseIPZone } from "../net/addr/ip.ts";
import { lower } from "./name.ts";

/** Names and addresses of a file, both ways. */
export interface Hosts {
  /** Addresses by name, in the order of the file, none twice. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Names by address, as the file writes them. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/** Reads the text of a file. Of one line's faults the other lines know nothing. */
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

/** Returns a name as it is compared: without its final dot, in lower case. */
export function hostsKey(name: string): string {
  return lower(name.endsWith(".") ? name.slice(0, -1) : name);
}

/** Returns an address in one form, with its zone; null if it is none. */
export function canonicalAddress(address: string): string | null {
  const parsed = parseIPZone(address);
  if (parsed === null) return null;
  const ip = formatIP(parsed.ip);
  return parsed.zone === "" ? ip : `${ip}%${parsed.zone}`;
}
