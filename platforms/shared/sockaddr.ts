// SPDX-License-Identifier: MIT
/**
 * The structures of socket addresses, and their coding: `struct sockaddr_in`, `sockaddr_in6` and
 * `sockaddr_un`. All systems have their fields at the same places, but for what a
 * {@linkcode SockaddrLayout} says.
 */
import type { AddressCodec } from "../contract/platform.ts";
import type { Endpoint, RawAddress } from "../contract/sockets.ts";

/** `struct sockaddr_in`, in bytes: the port in network order, the address. */
export const SOCKADDR_IN = { size: 16, port: 2, addr: 4 } as const;
/** `struct sockaddr_in6`, in bytes: the port in network order, the address, the scope in the host's. */
export const SOCKADDR_IN6 = { size: 28, port: 2, addr: 8, scope: 24 } as const;
/** `struct sockaddr_un`, in bytes: where `sun_path` begins. */
export const SOCKADDR_UN = { path: 2 } as const;
/** Size of `struct sockaddr_storage`: no address is longer. */
export const SOCKADDR_STORAGE_SIZE = 128;

/** What a system has of its own in its socket addresses. */
export interface SockaddrLayout {
  readonly AF_UNIX: number;
  readonly AF_INET: number;
  readonly AF_INET6: number;
  /**
   * Whether a structure begins with its own length in a byte (`sa_len`), so that the second is the
   * family. Elsewhere the family has both, of which a processor with the low byte first uses the first.
   */
  readonly lengthFirst: boolean;
  /** Bytes of `sun_path`. */
  readonly pathSize: number;
  /** Whether a name that begins with a zero is an abstract one, which belongs to no file. */
  readonly abstractNames: boolean;
}

/** Writes and reads the socket addresses of one system. */
export class SockaddrCodec implements AddressCodec {
  /** Bytes of a path at most; it ends with a zero. */
  readonly maxPath: number;
  /** Bytes of an abstract name at most, without the zero that it begins with; 0 if there are none. */
  readonly maxAbstract: number;
  readonly #layout: SockaddrLayout;
  readonly #familyAt: number;
  /** At hand, since every accept asks for it. */
  readonly #inet: number;

  constructor(layout: SockaddrLayout) {
    this.maxPath = layout.pathSize - 1;
    this.maxAbstract = layout.abstractNames ? layout.pathSize - 1 : 0;
    this.#layout = layout;
    this.#familyAt = layout.lengthFirst ? 1 : 0;
    this.#inet = layout.AF_INET;
  }

  /** The number of the address's family: AF_INET. */
  family(address: Uint8Array): number {
    return address[this.#familyAt];
  }

  /** Whether it is a `struct sockaddr_in`. */
  isInet4(address: Uint8Array): boolean {
    return address[this.#familyAt] === this.#inet;
  }

  /** `endpoint` as a `struct sockaddr_in` or, unless its address has 4 bytes, a `sockaddr_in6`. */
  encode({ ip, port, scope }: Endpoint): RawAddress {
    const { AF_INET, AF_INET6 } = this.#layout;
    const v4 = ip.length === 4;
    const bytes = v4
      ? this.#make(AF_INET, SOCKADDR_IN.size)
      : this.#make(AF_INET6, SOCKADDR_IN6.size);
    bytes[SOCKADDR_IN.port] = port >>> 8;
    bytes[SOCKADDR_IN.port + 1] = port;
    bytes.set(ip, v4 ? SOCKADDR_IN.addr : SOCKADDR_IN6.addr);
    if (!v4 && scope !== 0) writeScope(bytes, scope);
    return bytes;
  }

  /** The endpoint in a `struct sockaddr_in` or `sockaddr_in6`. */
  decode(address: RawAddress): Endpoint {
    const port = (address[SOCKADDR_IN.port] << 8) | address[SOCKADDR_IN.port + 1];
    if (this.isInet4(address)) {
      return { ip: address.slice(SOCKADDR_IN.addr, SOCKADDR_IN.addr + 4), port, scope: 0 };
    }
    const ip = address.slice(SOCKADDR_IN6.addr, SOCKADDR_IN6.addr + 16);
    return { ip, port, scope: readScope(address) };
  }

  /**
   * A `struct sockaddr_un`: a path, an abstract name with its leading zero, or none at all for the
   * system to choose. The length tells where an abstract name ends, which may hold zeros; a path ends
   * with one.
   */
  encodeName(name: Uint8Array): RawAddress {
    const end = name.length > 0 && name[0] !== 0 ? 1 : 0;
    const bytes = this.#make(this.#layout.AF_UNIX, SOCKADDR_UN.path + name.length + end);
    bytes.set(name, SOCKADDR_UN.path);
    return bytes;
  }

  /**
   * The name in a `struct sockaddr_un`; empty for a socket without one. A path that fills its room has
   * no zero at its end, and a system may give more bytes than the path has.
   */
  decodeName(address: Uint8Array): Uint8Array {
    const name = address.subarray(SOCKADDR_UN.path);
    if (name[0] === 0 && this.#layout.abstractNames) return name;
    const end = name.indexOf(0);
    return end < 0 ? name : name.subarray(0, end);
  }

  #make(family: number, size: number): RawAddress {
    const bytes = new Uint8Array(new ArrayBuffer(size));
    if (this.#layout.lengthFirst) bytes[0] = size;
    bytes[this.#familyAt] = family;
    return bytes;
  }
}

function writeScope(bytes: Uint8Array, scope: number): void {
  for (let i = 0; i < 4; i++) bytes[SOCKADDR_IN6.scope + i] = scope >>> (8 * i);
}

function readScope(bytes: Uint8Array): number {
  const at = SOCKADDR_IN6.scope;
  const high = (bytes[at + 3] << 24) | (bytes[at + 2] << 16);
  return (high | (bytes[at + 1] << 8) | bytes[at]) >>> 0;
}
