// SPDX-License-Identifier: MIT
/** Layouts of the kernel's structures as data, and the coding of socket addresses. */
import type { Endpoint, RawAddress } from "../types.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";

/** Sizes and offsets of `struct epoll_event`, in 32-bit words. */
export interface EpollEventLayout {
  readonly words: number;
  readonly events: number;
  /** First word of the 64 bits of `data`. */
  readonly data: number;
}

/** The structure is packed on x86-64 alone (12 bytes); elsewhere `data` is aligned (16 bytes). */
export const EPOLL_EVENT: Readonly<Record<"x64" | "arm64", EpollEventLayout>> = {
  x64: { words: 3, events: 0, data: 1 },
  arm64: { words: 4, events: 0, data: 2 },
};

/** Size and offsets of `struct msghdr` on 64-bit Linux, in 32-bit words. */
export const MSGHDR = { words: 14, iov: 4, iovlen: 6 } as const;

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

/** Size and offsets of `struct cmsghdr` on 64-bit Linux, in 32-bit words; its data is aligned to 8 bytes. */
export const CMSGHDR = { words: 4, length: 0, level: 2, type: 3 } as const;

/** Size and offsets of `struct iovec` on 64-bit Linux, in 32-bit words. */
export const IOVEC = { words: 4, base: 0, length: 2 } as const;

/** The part of `struct tcp_info` that is asked for, and the offset of `tcpi_bytes_received` in it. */
export const TCP_INFO_SIZE = 136;
/** See {@linkcode TCP_INFO_SIZE}; 64 bits, Linux 4.1. */
export const TCPI_BYTES_RECEIVED = 128;

/** Size of `struct sockaddr_in`. */
export const SOCKADDR_IN_SIZE = 16;
/** Size of `struct sockaddr_in6`. */
export const SOCKADDR_IN6_SIZE = 28;
/** Offset of the path in a `struct sockaddr_un`, and its size. */
export const SOCKADDR_UN = { path: 2, pathSize: 108 } as const;
/** Size of `struct sockaddr_storage`: no address is longer. */
export const SOCKADDR_STORAGE_SIZE = 128;

/** `endpoint` as a `struct sockaddr_in` or `sockaddr_in6`: family in host order, port in network order. */
export function encodeAddress(endpoint: Endpoint): RawAddress {
  const { ip, port, scope } = endpoint;
  const v4 = ip.length === 4;
  const bytes = new Uint8Array(new ArrayBuffer(v4 ? SOCKADDR_IN_SIZE : SOCKADDR_IN6_SIZE));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, v4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port, false);
  bytes.set(ip, v4 ? 4 : 8);
  if (!v4) view.setUint32(24, scope, true);
  return bytes;
}

/** The endpoint in a `struct sockaddr_in` or `sockaddr_in6`. */
export function decodeAddress(address: RawAddress): Endpoint {
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
  const v4 = view.getUint16(0, true) === AF_INET;
  return {
    ip: v4 ? address.slice(4, 8) : address.slice(8, 24),
    port: view.getUint16(2, false),
    scope: v4 ? 0 : view.getUint32(24, true),
  };
}
