// SPDX-License-Identifier: MIT
/**
 * The structures of <sys/socket.h> and <netinet/in.h> as macOS and FreeBSD have them, as data.
 *
 * Source: golang.org/x/sys/unix, ztypes_{darwin,freebsd}_{amd64,arm64}.go, which agree in all that is
 * here.
 */
import { SockaddrCodec } from "../shared/sockaddr.ts";
import { AF_INET, AF_UNIX } from "./constants.ts";

/** The addresses of either: a `struct sockaddr` begins with its own length. <sys/un.h> for the path. */
export function sockaddrCodec(AF_INET6: number): SockaddrCodec {
  return new SockaddrCodec({
    AF_UNIX,
    AF_INET,
    AF_INET6,
    lengthFirst: true,
    pathSize: 104,
    abstractNames: false,
  });
}

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
