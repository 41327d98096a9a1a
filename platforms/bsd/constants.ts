// SPDX-License-Identifier: MIT
/**
 * Constants that macOS and FreeBSD share, on x86-64 and arm64, by their C names. Those that differ
 * are in ../darwin and ../freebsd. Source: golang.org/x/sys/unix, zerrors_*.go; <sys/filio.h> of
 * XNU and FreeBSD.
 */

// <sys/socket.h>
export const AF_UNIX = 1;
export const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;
export const SOL_SOCKET = 0xffff;
export const SO_ACCEPTCONN = 0x2;
export const SO_TYPE = 0x1008;
export const MSG_TRUNC = 0x10;
export const MSG_CTRUNC = 0x20;
export const SCM_RIGHTS = 1;

// <netinet/in.h>, <netinet6/in6.h>
export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_IPV6 = 41;
export const IP_MULTICAST_IF = 9;
export const IP_ADD_MEMBERSHIP = 12;
export const IP_DROP_MEMBERSHIP = 13;
export const IPV6_MULTICAST_IF = 9;
export const IPV6_JOIN_GROUP = 12;
export const IPV6_LEAVE_GROUP = 13;
export const IPV6_PKTINFO = 46;

// <sys/un.h>
export const SOL_LOCAL = 0;
export const LOCAL_PEERCRED = 1;

// <fcntl.h>
export const O_RDONLY = 0;
export const O_NONBLOCK = 0x4;
export const F_GETFL = 3;

// <sys/filio.h>
/** `_IO('f', 1)`. */
export const FIOCLEX = 0x20006601;
/** `_IOW('f', 126, int)`. */
export const FIONBIO = 0x8004667e;

// <net/if.h>
/** Size of an interface name, including its final zero. */
export const IF_NAMESIZE = 16;

// <sys/errno.h>
export const ENOENT = 2;
export const EINTR = 4;
export const EEXIST = 17;
export const EINVAL = 22;
export const EPIPE = 32;
export const ENOTSOCK = 38;
export const ENOPROTOOPT = 42;
export const ENOSYS = 78;
