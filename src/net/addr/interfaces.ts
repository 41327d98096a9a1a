// SPDX-License-Identifier: MIT
/** Network interfaces of this machine. Go: net/interface.go. */
import { nodeModule } from "../../../platforms/contract/host.ts";
import { needString } from "../../validate/argument.ts";
import { type IPNet, parseCIDR } from "./cidr.ts";

/** A network interface that has an address. Go: `net.Interface`. */
export interface Interface {
  /** Name, such as "eth0" or "en0". */
  readonly name: string;
  /** Hardware address, such as "00:00:5e:00:53:01"; all zeros if it has none. */
  readonly hardwareAddr: string;
  /** Whether it is a loopback interface. Go: `net.FlagLoopback`. */
  readonly loopback: boolean;
  /** Its addresses, each with its network. Go: `Interface.Addrs`. */
  readonly addrs: readonly IPNet[];
}

/**
 * Returns the interfaces of this machine that are up and have an address. Never parks. Go:
 * `net.Interfaces`, which returns all interfaces.
 *
 * On Deno it needs the permission `--allow-sys=networkInterfaces`.
 *
 * @example
 * ```ts
 * const lan = interfaces().find(({ loopback }) => !loopback);
 * console.log(lan?.addrs.join(", ")); // 192.0.2.0/24, 2001:db8::/64
 * ```
 */
export function interfaces(): Interface[] {
  return Object.entries(nodeModule("node:os").networkInterfaces()).flatMap(([name, found = []]) => {
    const addrs = found.map(({ cidr }) => parseCIDR(cidr ?? "")).filter((net) => net !== null);
    if (addrs.length === 0) return [];
    return [{ name, hardwareAddr: found[0].mac, loopback: found[0].internal, addrs }];
  });
}

/**
 * Returns the interface of this name, or null. Never parks. Go: `net.InterfaceByName`.
 *
 * @example
 * ```ts
 * interfaceByName("lo")?.addrs[0].contains("127.0.0.1"); // true
 * ```
 */
export function interfaceByName(name: string): Interface | null {
  needString("find an interface", "name", name);
  return interfaces().find((one) => one.name === name) ?? null;
}

/**
 * Returns the addresses of all interfaces. Never parks. Go: `net.InterfaceAddrs`.
 *
 * @example
 * ```ts
 * const isOwn = interfaceAddrs().some(({ ip }) => formatIP(ip) === "192.0.2.1");
 * ```
 */
export function interfaceAddrs(): IPNet[] {
  return interfaces().flatMap(({ addrs }) => addrs);
}
