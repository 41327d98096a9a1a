// SPDX-License-Identifier: MIT
/** Layouts of kernel structures. */
import { SockaddrCodec } from "../shared/sockaddr.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";

/** Sizes and offsets of `struct epoll_event`, in 32-bit words. */
export interface EpollEventLayout {
  readonly words: number;
  readonly events: number;
  /** First word of the 64 bits of `data`. */
  readonly data: number;
}

/** The structure is packed on x86-64 (12 bytes); elsewhere `data` is aligned (16 bytes). */
export const EPOLL_EVENT: Readonly<Record<"x64" | "arm64", EpollEventLayout>> = {
  x64: { words: 3, events: 0, data: 1 },
  arm64: { words: 4, events: 0, data: 2 },
};

/** Size and offsets of `struct msghdr` on 64-bit Linux, in 32-bit words. */
export const MSGHDR = { words: 14, iov: 4, iovlen: 6, control: 8, controllen: 10 } as const;

/** Size and offsets of `struct mmsghdr` on 64-bit Linux, in 32-bit words: a msghdr and a length. */
export const MMSGHDR = {
  words: 16,
  name: 0,
  namelen: 2,
  iov: 4,
  iovlen: 6,
  control: 8,
  controllen: 10,
  flags: 12,
  length: 14,
} as const;

/**
 * Size and offsets of `struct cmsghdr` on 64-bit Linux, in 32-bit words; its data is aligned to 8
 * bytes.
 */
export const CMSGHDR = { words: 4, length: 0, level: 2, type: 3 } as const;

/** Size and offsets of `struct iovec` on 64-bit Linux, in 32-bit words. */
export const IOVEC = { words: 4, base: 0, length: 2 } as const;

/**
 * Size of the `struct tcp_info` prefix that is read. The offset of `tcpi_bytes_received` follows.
 */
export const TCP_INFO_SIZE = 216;
/** See {@linkcode TCP_INFO_SIZE}; 64 bits, Linux 4.1. */
export const TCPI_BYTES_RECEIVED = 128;
/** Offset of `tcpi_bytes_sent`; 64 bits, Linux 4.19. */
export const TCPI_BYTES_SENT = 200;
/** Offset of `tcpi_bytes_retrans`; 64 bits, Linux 4.19. */
export const TCPI_BYTES_RETRANS = 208;

/** See sys/un.h for the path. */
export const SOCKADDR = new SockaddrCodec({
  AF_UNIX,
  AF_INET,
  AF_INET6,
  lengthFirst: false,
  pathSize: 108,
  abstractNames: true,
});
