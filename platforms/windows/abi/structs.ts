// SPDX-License-Identifier: MIT
/** Layouts of Windows structures on 64-bit processors. */
import { SOCKADDR_IN6, SOCKADDR_UN, SockaddrCodec } from "../../shared/sockaddr.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";

/** OVERLAPPED, in 32-bit words. */
export const OVERLAPPED = { words: 8, status: 0, bytes: 2, offset: 4 } as const;

/** WSABUF, in 32-bit words: a length, padding, and a pointer. */
export const WSABUF = { words: 4, length: 0, pointer: 2 } as const;

/** WSAMSG, in bytes; its flags come last. */
export const WSAMSG = {
  size: 56,
  name: 0,
  nameLength: 8,
  buffers: 16,
  bufferCount: 24,
  controlLength: 32,
  control: 40,
  flags: 48,
} as const;

/** WSACMSGHDR, in bytes: a header followed by data; both are aligned to 8. */
export const WSACMSGHDR = { size: 16, length: 0, level: 8, type: 12 } as const;

/** OVERLAPPED_ENTRY, in 32-bit words: a key, the OVERLAPPED, a reserved field, a count. */
export const OVERLAPPED_ENTRY = { words: 8, overlapped: 2 } as const;

/**
 * AFD_POLL_INFO of one socket, in 32-bit words: a 64-bit timeout, a count, a flag, a HANDLE,
 * events, a status.
 */
export const AFD_POLL_INFO = { words: 8, timeout: 0, count: 2, handle: 4, events: 6 } as const;

/** UNICODE_STRING and OBJECT_ATTRIBUTES, in bytes. */
export const UNICODE_STRING = { size: 16, length: 0, room: 2, pointer: 8 } as const;
export const OBJECT_ATTRIBUTES = { size: 48, length: 0, name: 16 } as const;

/** THREAD_BASIC_INFORMATION, in 32-bit words. */
export const THREAD_INFORMATION = { words: 12, teb: 2 } as const;

/** Offset of LastErrorValue in the TEB, in bytes. GetLastError and WSAGetLastError both read it. */
export const TEB_LAST_ERROR = 0x68;

/** Size of WSADATA, in bytes. */
export const WSADATA_SIZE = 408;

/** WSAPROTOCOL_INFOW, in bytes. */
export const PROTOCOL_INFO = { size: 628, flags: 0, family: 76, type: 88 } as const;

/** TCP_INFO_v0, in bytes: its first field is a TCPSTATE. */
export const TCP_INFO = { size: 88, state: 0 } as const;

/** Size of the path in a SOCKADDR_UN, in bytes. <afunix.h> */
const UNIX_PATH_MAX = 108;

/** Codec of Windows addresses, without abstract names. */
export const SOCKADDR = new SockaddrCodec({
  AF_UNIX,
  AF_INET,
  AF_INET6,
  lengthFirst: false,
  pathSize: UNIX_PATH_MAX,
  abstractNames: false,
});

/** Size of each address of AcceptEx: the longest address plus 16 bytes. */
export const ACCEPT_ADDRESS_SIZE = SOCKADDR_IN6.size + 16;
/** The same for Unix sockets. */
export const ACCEPT_UNIX_SIZE = SOCKADDR_UN.path + UNIX_PATH_MAX + 16;
