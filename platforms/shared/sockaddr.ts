// SPDX-License-Identifier: MIT
/**
 * Socket address structures and their codec: `struct sockaddr_in`, `sockaddr_in6` and
 * `sockaddr_un`. All systems place their fields alike, except as {@linkcode SockaddrLayout}
 * describes.
 */
import type { AddressCodec } from "../contract/platform.ts";
import type { Endpoint, RawAddress } from "../contract/sockets.ts";

/** `struct sockaddr_in`, in bytes: the port in network order, the address. */
export const SOCKADDR_IN = { size: 16, port: 2, addr: 4 } as const;
/**
 * `struct sockaddr_in6`, in bytes: the port in network order, the address, the scope in host order.
 */
export const SOCKADDR_IN6 = { size: 28, port: 2, addr: 8, scope: 24 } as const;
/** `struct sockaddr_un`, in bytes: offset of `sun_path`. */
export const SOCKADDR_UN = { path: 2 } as const;
/** Size of `struct sockaddr_storage`, the upper bound of all addresses. */
export const SOCKADDR_STORAGE_SIZE = 128;

/** Properties in which the socket addresses of systems differ. */
export interface SockaddrLayout {
  readonly AF_UNIX: number;
  readonly AF_INET: number;
  readonly AF_INET6: number;
  /**
   * Whether a structure begins with its own length in a byte (`sa_len`), followed by the family in
   * the second byte. Elsewhere the family has both bytes, of which a little-endian processor uses
   * the first.
   */
  readonly lengthFirst: boolean;
  /** Size of `sun_path` in bytes. */
  readonly pathSize: number;
  /** Whether a name that begins with a zero is an abstract one, which is not a file. */
  readonly abstractNames: boolean;
}

/** Encodes and decodes the socket addresses of one system. */
export class SockaddrCodec implements AddressCodec {
  /** Maximum length of a path in bytes, without its final zero. */
  readonly maxPath: number;
  /** Maximum length of an abstract name in bytes, without its leading zero; 0 if unsupported. */
  readonly maxAbstract: number;
  readonly #layout: SockaddrLayout;
  readonly #familyAt: number;
  /** Cached, since every accept reads it. */
  readonly #inet: number;

  constructor(layout: SockaddrLayout) {
    this.maxPath = layout.pathSize - 1;
    this.maxAbstract = layout.abstractNames ? layout.pathSize - 1 : 0;
    this.#layout = layout;
    this.#familyAt = layout.lengthFirst ? 1 : 0;
    this.#inet = layout.AF_INET;
  }

  /** Returns the number of the address family: AF_INET. */
  family(address: Uint8Array): number {
    return address[this.#familyAt];
  }

  /** Whether the address is a `struct sockaddr_in`. */
  isInet4(address: Uint8Array): boolean {
    return address[this.#familyAt] === this.#inet;
  }

  /**
   * Encodes `endpoint` as a `struct sockaddr_in` if its address has 4 bytes, otherwise as a
   * `sockaddr_in6`.
   */
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

  /** Decodes a `struct sockaddr_in` or `sockaddr_in6`. */
  decode(address: RawAddress): Endpoint {
    const port = (address[SOCKADDR_IN.port] << 8) | address[SOCKADDR_IN.port + 1];
    if (this.isInet4(address)) {
      return { ip: address.slice(SOCKADDR_IN.addr, SOCKADDR_IN.addr + 4), port, scope: 0 };
    }
    const ip = address.slice(SOCKADDR_IN6.addr, SOCKADDR_IN6.addr + 16);
    return { ip, port, scope: readScope(address) };
  }

  /**
   * Encodes a `struct sockaddr_un`: a path, an abstract name with its leading zero, or an empty
   * name, for which the system chooses one. The length delimits an abstract name, which may contain
   * zeros; a zero delimits a path.
   */
  encodeName(name: Uint8Array): RawAddress {
    const end = name.length > 0 && name[0] !== 0 ? 1 : 0;
    const bytes = this.#make(this.#layout.AF_UNIX, SOCKADDR_UN.path + name.length + end);
    bytes.set(name, SOCKADDR_UN.path);
    return bytes;
  }

  /**
   * Returns the name in a `struct sockaddr_un`; empty for a socket without one. A path that fills
   * the field has no final zero, and a system may return more bytes than the path has.
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
