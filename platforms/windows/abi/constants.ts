// SPDX-License-Identifier: MIT
/** Windows constants, by their C names in winsock2.h, ws2tcpip.h, mswsock.h and winnt.h. */

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 23;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;

export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;

/** Size of an interface name, including its final zero. */
export const IF_NAMESIZE = 256;

/** Family, type and protocol for WSASocketW if they come from a WSAPROTOCOL_INFOW. */
export const FROM_PROTOCOL_INFO = -1;
export const WSA_FLAG_OVERLAPPED = 0x01;
export const WSA_FLAG_NO_HANDLE_INHERIT = 0x80;

export const SOL_SOCKET = 0xffff;
export const SO_ACCEPTCONN = 0x02;
export const SO_REUSEADDR = 0x04;
export const SO_LINGER = 0x80;
export const SO_PROTOCOL_INFOW = 0x2005;
export const SO_UPDATE_ACCEPT_CONTEXT = 0x700b;
export const SO_UPDATE_CONNECT_CONTEXT = 0x7010;
export const SD_RECEIVE = 0;
export const SD_SEND = 1;

/** `_IOW('f', 126, u_long)`. */
export const FIONBIO = 0x8004667e;
/** `_IOR('f', 127, u_long)`. */
export const FIONREAD = 0x4004667f;
/** Both a socket option and the type of the control message that it enables. */
export const IP_PKTINFO = 19;
export const IPV6_PKTINFO = 19;

export const SIO_GET_EXTENSION_FUNCTION_POINTER = 0xc8000006;
export const SIO_UDP_CONNRESET = 0x9800000c;
export const SIO_UDP_NETRESET = 0x9800000f;
/** For AF_UNIX: `_WSAIOR(IOC_VENDOR, 256)`. */
export const SIO_AF_UNIX_GETPEERPID = 0x58000100;
/** Since Windows 10 1703. */
export const SIO_TCP_INFO = 0xd8000027;

/** Returns the base socket below layered service providers. */
export const SIO_BASE_HANDLE = 0x48000022;

/** Flag of a provider whose sockets are system handles, without a layered provider. */
export const XP1_IFS_HANDLES = 0x00020000;

export const FILE_SKIP_COMPLETION_PORT_ON_SUCCESS = 1;
export const FILE_SKIP_SET_EVENT_ON_HANDLE = 2;

export const HANDLE_FLAG_INHERIT = 1;

export const MEM_COMMIT = 0x1000;
export const MEM_RESERVE = 0x2000;
export const PAGE_READWRITE = 0x04;

export const SYNCHRONIZE = 0x00100000;
export const FILE_SHARE_READ = 1;
export const FILE_SHARE_WRITE = 2;
export const FILE_SHARE_DELETE = 4;
export const GENERIC_READ = 0x80000000;
export const OPEN_EXISTING = 3;
export const FILE_FLAG_OVERLAPPED = 0x40000000;
export const FILE_FLAG_SEQUENTIAL_SCAN = 0x08000000;
export const INVALID_HANDLE_VALUE = -1;
export const FILE_OPEN = 1;

/** AFD request and event flags; wepoll and mio use the same. */
export const IOCTL_AFD_POLL = 0x00012024;
export const AFD_POLL_RECEIVE = 0x0001;
export const AFD_POLL_SEND = 0x0004;
export const AFD_POLL_DISCONNECT = 0x0008;
export const AFD_POLL_ABORT = 0x0010;
export const AFD_POLL_LOCAL_CLOSE = 0x0020;
export const AFD_POLL_ACCEPT = 0x0080;
export const AFD_POLL_CONNECT_FAIL = 0x0100;

export const THREAD_QUERY_LIMITED_INFORMATION = 0x0800;
export const STILL_ACTIVE = 259;
export const THREAD_BASIC_INFORMATION = 0;
export const IO_COMPLETION_ALL_ACCESS = 0x1f0003;

export const STATUS_SUCCESS = 0;

/** The operation has started and will queue a packet. */
export const WSA_IO_PENDING = 997;
