// SPDX-License-Identifier: MIT
/**
 * macOS's constants on x86-64 and arm64, by their C names. Source: golang.org/x/sys/unix,
 * zerrors_darwin_amd64.go and _arm64.go, which agree; LOCAL_PEERPID: XNU's bsd/sys/un.h.
 */
import { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOL_SOCKET } from "../bsd/constants.ts";
import type { BsdConstants, BsdSystem, PacketOptions } from "../bsd/system.ts";

/** See {@linkcode BsdConstants}. */
export const CONSTANTS: BsdConstants = {
  AF_INET6: 30,
  O_CLOEXEC: 0x1000000,
  LINGER_SECONDS: 0x1080, // SO_LINGER_SEC
  SO_NOSIGPIPE: 0x1022,
  MSG_NOSIGNAL: 0,
  SOCK_NONBLOCK: 0,
  SOCK_CLOEXEC: 0,
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
  TCP_KEEPIDLE: [IPPROTO_TCP, 0x10], // TCP_KEEPALIVE
  TCP_KEEPINTVL: [IPPROTO_TCP, 0x101],
  TCP_KEEPCNT: [IPPROTO_TCP, 0x102],
  TCP_FASTOPEN: [IPPROTO_TCP, 0x105],
  IP_TOS: [IPPROTO_IP, 3],
  IPV6_TCLASS: [IPPROTO_IPV6, 36],
  IPV6_V6ONLY: [IPPROTO_IPV6, 27],
};

/** Number of bytes in the socket's send buffer. */
export const SO_NWRITE = 0x1024;

/** See {@linkcode PacketOptions}. */
export const PACKET_OPTIONS: PacketOptions = {
  SO_BROADCAST: [SOL_SOCKET, 0x20],
  IP_TTL: [IPPROTO_IP, 4],
  IP_PKTINFO: [IPPROTO_IP, 26],
  IP_MULTICAST_TTL: [IPPROTO_IP, 10],
  IP_MULTICAST_LOOP: [IPPROTO_IP, 11],
  IPV6_UNICAST_HOPS: [IPPROTO_IPV6, 4],
  IPV6_MULTICAST_HOPS: [IPPROTO_IPV6, 10],
  IPV6_MULTICAST_LOOP: [IPPROTO_IPV6, 11],
  IPV6_RECVPKTINFO: [IPPROTO_IPV6, 61],
};

/** LOCAL_PEERPID of <sys/un.h>. */
export const LOCAL_PEERPID = 2;
