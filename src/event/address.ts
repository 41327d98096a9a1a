// SPDX-License-Identifier: MIT
/** Addresses of a server: "tcp://127.0.0.1:80?reuseport=true". Go: evio, parseAddr. */
import { AddrError, UnknownNetworkError } from "../net/addr/errors.ts";
import { wrongArgument } from "../validate/argument.ts";

/** The networks on which a server can listen. */
const NETWORKS = ["tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix"] as const;

/** A network of {@linkcode NETWORKS}. */
export type ServeNetwork = (typeof NETWORKS)[number];

/** A parsed address. */
export interface ServeAddress {
  readonly network: ServeNetwork;
  /** "127.0.0.1:80", or a path. */
  readonly address: string;
  readonly reusePort: boolean;
}

/** Parses an address; without a network it is TCP. Throws if it is invalid. */
export function parseServeAddress(text: string): ServeAddress {
  if (typeof text !== "string") {
    throw wrongArgument("serve", "each address", "a string", text);
  }
  const [, network = "tcp", address, query = ""] =
    /^(?:([a-z0-9]+):\/\/)?([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  if (!isNetwork(network)) throw new UnknownNetworkError(network);
  let reusePort = false;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name !== "reuseport") throw new AddrError(`unknown option ${name}`, text);
    reusePort = isTrue(value, text);
  }
  if (reusePort && network === "unix") {
    throw new AddrError("reuseport requires a port, and a path has none", text);
  }
  return { network, address, reusePort };
}

function isNetwork(network: string): network is ServeNetwork {
  return (NETWORKS as readonly string[]).includes(network);
}

function isTrue(value: string, text: string): boolean {
  if (/^(true|yes|1|)$/i.test(value)) return true;
  if (/^(false|no|0)$/i.test(value)) return false;
  throw new AddrError("reuseport must be true or false", text);
}
