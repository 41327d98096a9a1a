// SPDX-License-Identifier: MIT
/** Layouts of Windows' structures on 64-bit processors as data, and the coding of socket addresses. */
import type { Endpoint, RawAddress } from "../types.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";

/** OVERLAPPED, in 32-bit words. */
export const OVERLAPPED = { words: 8, status: 0, bytes: 2, offset: 4 } as const;

/** WSABUF, in 32-bit words: a length, padding, and a pointer. */
export const WSABUF = { words: 4, length: 0, pointer: 2 } as const;

/** WSAMSG, in bytes; its flags are the last. */
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

/** WSACMSGHDR, in bytes: a header, and behind it the data; both are aligned to 8. */
export const WSACMSGHDR = { size: 16, length: 0, level: 8, type: 12 } as const;

/** OVERLAPPED_ENTRY, in 32-bit words: a key, the OVERLAPPED, what is reserved, a count. */
export const OVERLAPPED_ENTRY = { words: 8, overlapped: 2 } as const;

/** AFD_POLL_INFO of one socket, in 32-bit words: a time of 64 bits, a count, a flag, a HANDLE, events, a status. */
export const AFD_POLL_INFO = { words: 8, timeout: 0, count: 2, handle: 4, events: 6 } as const;

/** UNICODE_STRING and OBJECT_ATTRIBUTES, in bytes. */
export const UNICODE_STRING = { size: 16, length: 0, room: 2, pointer: 8 } as const;
export const OBJECT_ATTRIBUTES = { size: 48, length: 0, name: 16 } as const;

/** THREAD_BASIC_INFORMATION, in 32-bit words. */
export const THREAD_INFORMATION = { words: 12, teb: 2 } as const;

/** Where the TEB has LastErrorValue, in bytes. GetLastError and WSAGetLastError both read it. */
export const TEB_LAST_ERROR = 0x68;

/** Size of WSADATA, in bytes. */
export const WSADATA_SIZE = 408;

/** WSAPROTOCOL_INFOW, in bytes. */
export const PROTOCOL_INFO = { size: 628, flags: 0, family: 76, type: 88 } as const;

/** TCP_INFO_v0, in bytes: its first field is a TCPSTATE. */
export const TCP_INFO = { size: 88, state: 0 } as const;

/** Size of SOCKADDR_IN. */
export const SOCKADDR_IN_SIZE = 16;
/** Size of SOCKADDR_IN6. */
export const SOCKADDR_IN6_SIZE = 28;
/** SOCKADDR_UN, in bytes. */
export const SOCKADDR_UN = { size: 110, path: 2, pathSize: 108 } as const;
/** Size of SOCKADDR_STORAGE: no address is longer. */
export const SOCKADDR_STORAGE_SIZE = 128;
/** What AcceptEx wants for each of the two addresses: the longest, and 16 bytes for itself. */
export const ACCEPT_ADDRESS_SIZE = SOCKADDR_IN6_SIZE + 16;
/** The same for Unix sockets. */
export const ACCEPT_UNIX_SIZE = SOCKADDR_UN.size + 16;

/** `endpoint` as a SOCKADDR_IN or SOCKADDR_IN6: family in host order, port in network order. */
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

/** The endpoint in a SOCKADDR_IN or SOCKADDR_IN6. */
export function decodeAddress(address: RawAddress): Endpoint {
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
  const v4 = view.getUint16(0, true) === AF_INET;
  return {
    ip: v4 ? address.slice(4, 8) : address.slice(8, 24),
    port: view.getUint16(2, false),
    scope: v4 ? 0 : view.getUint32(24, true),
  };
}
