// SPDX-License-Identifier: MIT
/** Addresses of Unix sockets. Go: net/unixsock.go, type UnixAddr; syscall, SockaddrUnix. */
import { needString } from "../../validate/argument.ts";
import { nodeModule, nodeProcess } from "../../../platforms/contract/host.ts";
import { platform } from "../../../platforms/platform.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import type { Addr } from "./addr.ts";
import { AddrError } from "./errors.ts";
import { showAs } from "../../validate/one_line.ts";
/** Networks of Unix sockets: streams, datagrams, sequenced packets. */
export type UnixNetwork = "unix" | "unixgram" | "unixpacket";

/**
 * Address of a Unix socket. Go: `net.UnixAddr`.
 *
 * @example
 * ```ts
 * using conn = yield* listenPacket("unixgram", "");
 * yield* conn.writeTo(hello, new UnixAddr("/run/example.sock", "unixgram"));
 * ```
 */
export class UnixAddr implements Addr {
  /** "unix", "unixgram" or "unixpacket". */
  readonly network: UnixNetwork;
  /**
   * A path; "@name" for an abstract name, which has no file; "@" for an unnamed socket, as in Go.
   */
  readonly name: string;

  /**
   * Creates an address; the socket need not exist.
   *
   * @param name a path, or "@name" for an abstract name
   * @param network the kind of socket
   */
  constructor(name: string, network: UnixNetwork = "unix") {
    this.name = name;
    this.network = network;
  }

  /** Returns the name. */
  toString(): string {
    return this.name;
  }
}

/** Functions that decode the address in a `struct sockaddr_un`, by network. */
export const UNIX_NAMERS: Readonly<Record<UnixNetwork, (raw: RawAddress) => UnixAddr>> = {
  unix: (raw) => new UnixAddr(nameText(raw), "unix"),
  unixgram: (raw) => new UnixAddr(nameText(raw), "unixgram"),
  unixpacket: (raw) => new UnixAddr(nameText(raw), "unixpacket"),
};

/** Whether `network` is a network of Unix sockets. */
export function isUnixNetwork(network: string): network is UnixNetwork {
  return network === "unix" || network === "unixgram" || network === "unixpacket";
}

/** Returns the name in a `struct sockaddr_un` as text. */
function nameText(raw: RawAddress): string {
  const name = platform().sockaddr.decodeName(raw);
  if (name.length === 0) return "@";
  const text = new TextDecoder().decode(name);
  return name[0] === 0 ? `@${text.slice(1)}` : text;
}

/** Kernel address of a Unix socket, and the path of its file. */
export interface UnixName {
  readonly raw: RawAddress;
  /** Absolute path; null for an abstract name. */
  readonly path: string | null;
}

/**
 * Parses "path", "@name" or "\0name". For an empty address the system chooses a name on bind.
 * Requires Deno's permission, with a prompt unless `ask` is false. Throws AddrError for a name that
 * the kernel would truncate.
 */
export function unixName(address: string, ask = true): UnixName {
  needString("parse an address", "address", address);
  const { runtime, sockaddr } = platform();
  const bytes = new TextEncoder().encode(address);
  if (bytes.length === 0) {
    runtime.requireUnixName("", ask);
    return { raw: sockaddr.encodeName(bytes), path: null };
  }
  if (bytes[0] === 0x40 || bytes[0] === 0) {
    if (sockaddr.maxAbstract === 0) throw new AddrError("abstract names require Linux", address);
    if (bytes.length - 1 > sockaddr.maxAbstract) throw tooLong(address, bytes.length - 1);
    runtime.requireUnixName(`@${address.slice(1)}`, ask);
    bytes[0] = 0;
    return { raw: sockaddr.encodeName(bytes), path: null };
  }
  if (bytes.includes(0)) throw new AddrError("path contains a zero byte", address);
  const spelled = withoutParents(address);
  const name = new TextEncoder().encode(spelled);
  if (name.length > sockaddr.maxPath) throw tooLong(address, name.length);
  const path = spelled.startsWith("/")
    ? spelled
    : nodeModule("node:path").resolve(nodeProcess().cwd(), spelled);
  runtime.requireUnixPath(path, ask);
  return { raw: sockaddr.encodeName(name), path };
}

/**
 * Removes ".." from a path textually, as the runtimes' own file APIs do. The kernel would resolve
 * symbolic links first, and could so reach another file than the one whose permission was checked.
 */
function withoutParents(path: string): string {
  return path.split("/").includes("..") ? nodeModule("node:path").normalize(path) : path;
}

function tooLong(address: string, length: number): AddrError {
  const { maxPath } = platform().sockaddr;
  return new AddrError(
    `Unix socket name too long: ${length} bytes, at most ${maxPath}`,
    address,
  );
}

showAs(UnixAddr.prototype, (addr) => `${addr.network} ${addr}`);
