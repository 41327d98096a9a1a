// SPDX-License-Identifier: MIT
/**
 * The structures of <sys/socket.h> and <netinet/in.h> as macOS and FreeBSD have them, as data, and
 * the coding of socket addresses. A `struct sockaddr` begins with its own length in a byte.
 *
 * Source: golang.org/x/sys/unix, ztypes_{darwin,freebsd}_{amd64,arm64}.go, which agree in all that is
 * here.
 */
import { AF_INET } from "./constants.ts";
import type { Endpoint, RawAddress } from "../types.ts";

/** Size of `struct sockaddr_in`. */
export const SOCKADDR_IN_SIZE = 16;
/** Size of `struct sockaddr_in6`. */
export const SOCKADDR_IN6_SIZE = 28;
/** `struct sockaddr_un`: its size, and that of `sun_path`, which begins at byte 2. */
export const SOCKADDR_UN = { size: 106, path: 2, pathSize: 104 } as const;
/** Size of `struct sockaddr_storage`: no address is longer. */
export const SOCKADDR_STORAGE_SIZE = 128;

/** `struct iovec`, in bytes. */
export const IOVEC = { size: 16, base: 0, length: 8 } as const;

/** `struct msghdr`, in bytes: unlike Linux's, its counts are 32 bits wide. */
export const MSGHDR = {
  size: 48,
  name: 0,
  nameLength: 8,
  iov: 16,
  iovCount: 24,
  control: 32,
  controlLength: 40,
  flags: 44,
} as const;

/** `struct cmsghdr`, in bytes; its length counts 32 bits. */
export const CMSGHDR = { size: 12, length: 0, level: 4, type: 8 } as const;

/** What differs between the systems in messages with ancillary data. */
export interface MessageLayout {
  /** What the data of a control message and the next one are aligned to, in bytes. */
  readonly cmsgAlign: number;
  /** The control message that tells where a datagram of IPv4 was sent to, and its size. */
  readonly destination: { readonly type: number; readonly size: number };
}

/**
 * `struct xucred`, which LOCAL_PEERCRED gives, in bytes: 16 groups of which the first is the peer's
 * own; what follows them differs. <sys/ucred.h>
 */
export const XUCRED = {
  version: 0,
  uid: 4,
  groupCount: 8,
  groups: 12,
  /** Room for either system's. */
  room: 88,
  XUCRED_VERSION: 0,
} as const;

/** `endpoint` as a `struct sockaddr_in` or `sockaddr_in6`. */
export function encodeAddress(endpoint: Endpoint, afInet6: number): RawAddress {
  const { ip, port, scope } = endpoint;
  const v4 = ip.length === 4;
  const bytes = new Uint8Array(new ArrayBuffer(v4 ? SOCKADDR_IN_SIZE : SOCKADDR_IN6_SIZE));
  const view = new DataView(bytes.buffer);
  bytes[0] = bytes.length;
  bytes[1] = v4 ? AF_INET : afInet6;
  view.setUint16(2, port, false);
  bytes.set(ip, v4 ? 4 : 8);
  if (!v4) view.setUint32(24, scope, true);
  return bytes;
}

/** The endpoint in a `struct sockaddr_in` or `sockaddr_in6`. */
export function decodeAddress(address: RawAddress): Endpoint {
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
  const v4 = address[1] === AF_INET;
  return {
    ip: v4 ? address.slice(4, 8) : address.slice(8, 24),
    port: view.getUint16(2, false),
    scope: v4 ? 0 : view.getUint32(24, true),
  };
}
