// SPDX-License-Identifier: MIT
/**
 * FreeBSD's constants on x86-64 and arm64, by their C names. Source: golang.org/x/sys/unix,
 * zerrors_freebsd_amd64.go and _arm64.go, which agree; FIONWRITE: sys/sys/filio.h, XUCRED_PID:
 * sys/sys/ucred.h.
 */
import { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOL_SOCKET } from "../bsd/constants.ts";
import type { BsdConstants, BsdSystem, PacketOptions } from "../bsd/system.ts";

/** See {@linkcode BsdConstants}. */
export const CONSTANTS: BsdConstants = {
  AF_INET6: 28,
  O_CLOEXEC: 0x100000,
  LINGER_SECONDS: 0x80, // SO_LINGER
  SO_NOSIGPIPE: 0x800,
  MSG_NOSIGNAL: 0x20000,
  SOCK_NONBLOCK: 0x20000000,
  SOCK_CLOEXEC: 0x10000000,
  EPROTOTYPE: 41,
  ECONNREFUSED: 61,
};

/** See {@linkcode BsdSystem.options}. */
export const OPTIONS: BsdSystem["options"] = {
  SO_REUSEADDR: [SOL_SOCKET, 0x4],
  SO_KEEPALIVE: [SOL_SOCKET, 0x8],
  SO_REUSEPORT: [SOL_SOCKET, 0x200],
  SO_SNDBUF: [SOL_SOCKET, 0x1001],
  SO_RCVBUF: [SOL_SOCKET, 0x1002],
  SO_ERROR: [SOL_SOCKET, 0x1007],
  SO_TYPE: [SOL_SOCKET, 0x1008],
  TCP_NODELAY: [IPPROTO_TCP, 0x1],
  TCP_KEEPIDLE: [IPPROTO_TCP, 0x100],
  TCP_KEEPINTVL: [IPPROTO_TCP, 0x200],
  TCP_KEEPCNT: [IPPROTO_TCP, 0x400],
  TCP_FASTOPEN: [IPPROTO_TCP, 0x401],
  IP_TOS: [IPPROTO_IP, 3],
  IPV6_TCLASS: [IPPROTO_IPV6, 61],
  IPV6_V6ONLY: [IPPROTO_IPV6, 27],
};

/** Number of bytes in the socket's send buffer: `_IOR('f', 119, int)` of <sys/filio.h>. */
export const FIONWRITE = 0x40046677;

/** See {@linkcode PacketOptions}. */
export const PACKET_OPTIONS: PacketOptions = {
  SO_BROADCAST: [SOL_SOCKET, 0x20],
  IP_TTL: [IPPROTO_IP, 4],
  IP_PKTINFO: [IPPROTO_IP, 7], // IP_RECVDSTADDR
  IP_MULTICAST_TTL: [IPPROTO_IP, 10],
  IP_MULTICAST_LOOP: [IPPROTO_IP, 11],
  IPV6_UNICAST_HOPS: [IPPROTO_IPV6, 4],
  IPV6_MULTICAST_HOPS: [IPPROTO_IPV6, 10],
  IPV6_MULTICAST_LOOP: [IPPROTO_IPV6, 11],
  IPV6_RECVPKTINFO: [IPPROTO_IPV6, 36],
};

/** Offset of `cr_pid` in `struct xucred` since FreeBSD 13; 0 before. <sys/ucred.h> */
export const XUCRED_PID = 80;
