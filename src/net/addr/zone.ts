// SPDX-License-Identifier: MIT
/** Zones of IPv6 addresses: interfaces, by name and by number. Go: net/interface.go, ipv6ZoneCache. */
import { needString } from "../../validate/argument.ts";
import { platform } from "../../../platforms/platform.ts";
import { AddrError } from "./errors.ts";

/** The name of an interface, or its number if there is none of that number. */
export function zoneName(scope: number): string {
  return platform().interfaces.nameOf(scope) ?? String(scope);
}

/**
 * The number of the interface that a zone names; a number stands for itself. Throws AddrError if
 * there is no such interface: Go takes it for 0, and the system for a wrong argument.
 */
export function zoneScope(zone: string, address: string): number {
  needString("use an interface", "its name", zone);
  if (zone === "") return 0;
  const scope = zone.includes("\0") ? 0 : platform().interfaces.indexOf(zone);
  if (scope > 0) return scope;
  if (/^[0-9]{1,9}$/.test(zone)) return Number(zone);
  throw new AddrError("unknown IPv6 zone", address);
}
