// SPDX-License-Identifier: MIT
/**
 * Zones of IPv6 addresses: interfaces, by name and by index. Go: net/interface.go, ipv6ZoneCache.
 */
import { needString } from "../../validate/argument.ts";
import { platform } from "../../../platforms/platform.ts";
import { AddrError } from "./errors.ts";

/** Returns the name of an interface, or its index as text if there is no such interface. */
export function zoneName(scope: number): string {
  return platform().interfaces.nameOf(scope) ?? String(scope);
}

/**
 * Returns the interface index of a zone, which is a name or an index. Throws AddrError if there is
 * no such interface: Go would treat it as index 0, and the system call would fail with EINVAL.
 */
export function zoneScope(zone: string, address: string): number {
  needString("use an interface", "its name", zone);
  if (zone === "") return 0;
  const scope = zone.includes("\0") ? 0 : platform().interfaces.indexOf(zone);
  if (scope > 0) return scope;
  if (/^[0-9]{1,9}$/.test(zone)) return Number(zone);
  throw new AddrError("unknown IPv6 zone", address);
}
