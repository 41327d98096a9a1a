// SPDX-License-Identifier: MIT
/** Service names and port numbers. Go: net/port.go, net/port_unix.go, net/lookup.go. */
import { needString } from "../../validate/argument.ts";
import { systemFile } from "../../../platforms/shared/system_file.ts";
import { AddrError } from "../addr/errors.ts";
import { registerState } from "../../sched/thread_state.ts";
/** Services that are known without a services file. */
const WELL_KNOWN = `
  domain 53/udp
  domain 53/tcp
  ftp 21/tcp
  ftps 990/tcp
  gopher 70/tcp
  http 80/tcp
  https 443/tcp
  imap2 143/tcp
  imap3 220/tcp
  imaps 993/tcp
  pop3 110/tcp
  pop3s 995/tcp
  smtp 25/tcp
  ssh 22/tcp
  telnet 23/tcp
`;

/** Ports by "name/protocol"; loaded at the first lookup of a name. */
let services: ReadonlyMap<string, number> | null = null;

registerState<ReadonlyMap<string, number> | null>("services", {
  fresh: () => null,
  save: () => services,
  restore: (state) => services = state,
});

/**
 * Returns a port number for a number such as "80", or for a service name from the system's services
 * file. Never parks. Go: `net.LookupPort`.
 *
 * @param network protocol of the service: "tcp" or "udp", optionally followed by 4 or 6, or "" for
 * either
 * @param service a number or a name
 * @throws {AddrError} "unknown port", "invalid port" or "unknown network"
 * @example
 * ```ts
 * lookupPort("tcp", "https"); // 443
 * ```
 */
export function lookupPort(network: string, service: string): number {
  needString("look up a port", "network", network);
  needString("look up a port", "service", service);
  if (service === "") return 0;
  const port = /^[+-]?[0-9]+$/.test(service) ? Number(service) : namedPort(network, service);
  if (port < 0 || port > 0xffff) throw new AddrError("invalid port", service);
  // Converts -0 to 0.
  return port + 0;
}

function namedPort(network: string, service: string): number {
  if (!/^((tcp|udp)[46]?)?$/.test(network)) throw new AddrError("unknown network", network);
  const protocols = network === "" ? ["tcp", "udp"] : [network.slice(0, 3)];
  services ??= new Map([...parse(WELL_KNOWN), ...parse(systemFile("services") ?? "")]);
  for (const protocol of protocols) {
    const port = services.get(`${lower(service)}/${protocol}`);
    if (port !== undefined) return port;
  }
  throw new AddrError("unknown port", `${network === "" ? "ip" : network}/${service}`);
}

/** Parses lines of services(5): a name, "port/protocol", and optional aliases. */
function* parse(text: string): Generator<[string, number]> {
  for (const line of text.split("\n")) {
    const [name, place = "", ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    const [, port, protocol] = /^([0-9]+)\/(.+)$/.exec(place) ?? [];
    if (protocol === undefined) continue;
    for (const each of [name, ...aliases]) yield [`${each}/${protocol}`, Number(port)];
  }
}

/** Lower-cases ASCII letters; service names have no others. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
