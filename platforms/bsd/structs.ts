// SPDX-License-Identifier: MIT
/**
 * Structures of <sys/socket.h> and <netinet/in.h> on macOS and FreeBSD, as data.
 *
 * Source: golang.org/x/sys/unix, ztypes_{darwin,freebsd}_{amd64,arm64}.go, which agree on
 * everything here.
 */
import { SockaddrCodec } from "../shared/sockaddr.ts";
import { AF_INET, AF_UNIX } from "./constants.ts";

/**
 * Returns the codec of both systems: a `struct sockaddr` begins with its own length. <sys/un.h> for
 * the path.
 */
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

/** `struct msghdr`, in bytes: its counts are 32 bits wide, unlike Linux's. */
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

/** `struct cmsghdr`, in bytes; its length is 32 bits wide. */
export const CMSGHDR = { size: 12, length: 0, level: 4, type: 8 } as const;

/** Layout of ancillary data, where the systems differ. */
export interface MessageLayout {
  /** Alignment in bytes of the data of a control message and of the next message. */
  readonly cmsgAlign: number;
  /** Control message with the destination of an IPv4 datagram, and its size. */
  readonly destination: { readonly type: number; readonly size: number };
}

/**
 * `struct xucred`, the value of LOCAL_PEERCRED, in bytes: 16 groups, of which the first is the
 * peer's effective group; what follows them differs. <sys/ucred.h>
 */
export const XUCRED = {
  version: 0,
  uid: 4,
  groupCount: 8,
  groups: 12,
  /** Enough for both systems. */
  room: 88,
  XUCRED_VERSION: 0,
} as const;
