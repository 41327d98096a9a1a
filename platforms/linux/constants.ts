// SPDX-License-Identifier: MIT
/** Linux's constants on x86-64 and arm64 (asm-generic), by their C names. */

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const TCP_INFO = 11;
export const TCP_ULP = 31;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const SO_TYPE = 3;
export const SO_LINGER = 13;
export const SO_BINDTODEVICE = 25;
export const SO_PEERCRED = 17;
export const SO_ACCEPTCONN = 30;
export const SO_DOMAIN = 39;
export const MSG_PEEK = 0x2;
export const MSG_CTRUNC = 0x8;
export const MSG_TRUNC = 0x20;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const SCM_RIGHTS = 1;
export const IP_PKTINFO = 8;
export const IP_MULTICAST_IF = 32;
export const IP_ADD_MEMBERSHIP = 35;
export const IP_DROP_MEMBERSHIP = 36;
export const IPV6_MULTICAST_IF = 17;
export const IPV6_JOIN_GROUP = 20;
export const IPV6_LEAVE_GROUP = 21;
export const IPV6_PKTINFO = 50;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;
export const SIOCOUTQ = 0x5411;

// linux/tls.h
export const SOL_TLS = 282;
export const TLS_TX = 1;
export const TLS_SET_RECORD_TYPE = 1;
export const TLS_1_3_VERSION = 0x0304;

/** Size of an interface name, including its final zero. */
export const IF_NAMESIZE = 16;

export const O_RDONLY = 0;
export const O_RDWR = 2;
/** Mask of the direction. */
export const O_ACCMODE = 3;
export const O_CLOEXEC = 0o2000000;

export const O_NONBLOCK = 0o4000;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_DUPFD_CLOEXEC = 1030;
export const FD_CLOEXEC = 1;
export const F_SETPIPE_SZ = 1031;
export const F_GETPIPE_SZ = 1032;
export const SPLICE_F_NONBLOCK = 2;

export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLONESHOT = 1 << 30;
/** Bit 31, written so that it stays an int32. */
export const EPOLLET = 1 << 31;

export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;
