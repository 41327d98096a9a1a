// SPDX-License-Identifier: MIT
/** Control messages: the ancillary data of a message. See cmsg(3), ip(7), ipv6(7), unix(7). */
import { type ControlInfo, type ControlRequest, NO_CONTROL } from "../contract/packets.ts";
import * as C from "./constants.ts";
import { CMSGHDR } from "./structs.ts";

const HEADER = CMSGHDR.words * 4;
/** Room for the packet info of both IP versions and a segment size. */
const PACKET_ROOM = 128;

/** Returns the size of `length` bytes of data with their header. CMSG_SPACE(3). */
function space(length: number): number {
  return HEADER + ((length + 7) & ~7);
}

/** Returns the buffer size for the control messages of one message with up to `fds` descriptors. */
export function controlSize(fds: number): number {
  return fds === 0 ? PACKET_ROOM : space(fds * 4);
}

/** Parses the control messages that the kernel wrote to `bytes`. */
export function readControl(bytes: Uint8Array): ControlInfo {
  const info = { ...NO_CONTROL, fds: [] as number[] };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = view.getInt32(at + CMSGHDR.length * 4, true);
    if (length < HEADER || at + length > bytes.length) break;
    const level = view.getInt32(at + CMSGHDR.level * 4, true);
    const type = view.getInt32(at + CMSGHDR.type * 4, true);
    readOne(info, level, type, view, at + HEADER, at + length);
    at += space(length - HEADER);
  }
  return info;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads one message; ignores one that is shorter than its structure, because Linux truncated it.
 */
function readOne(
  info: Writable<ControlInfo>,
  level: number,
  type: number,
  view: DataView,
  from: number,
  to: number,
): void {
  const bytes = (start: number, length: number) =>
    new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + start, length).slice();
  const has = (wanted: number, of: number, size: number) =>
    level === wanted && type === of && to - from >= size;
  if (level === C.SOL_SOCKET && type === C.SCM_RIGHTS) {
    for (let at = from; at + 4 <= to; at += 4) (info.fds as number[]).push(view.getInt32(at, true));
  } else if (has(C.IPPROTO_IP, C.IP_PKTINFO, 12)) {
    // struct in_pktinfo { int index; struct in_addr local; struct in_addr destination; }
    info.interfaceIndex = view.getInt32(from, true);
    info.destination = bytes(from + 8, 4);
  } else if (has(C.IPPROTO_IPV6, C.IPV6_PKTINFO, 20)) {
    // struct in6_pktinfo { struct in6_addr destination; unsigned int index; }
    info.destination = bytes(from, 16);
    info.interfaceIndex = view.getInt32(from + 16, true);
  } else if (has(C.IPPROTO_UDP, C.UDP_GRO, 4)) {
    info.segmentSize = view.getInt32(from, true);
  }
}

/** Writes control messages to `bytes` and returns their length. Only one kind of source fits. */
export function writeControl(bytes: Uint8Array, request: ControlRequest): number {
  const { source, interfaceIndex = 0, segmentSize = 0, fds = [] } = request;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const begin = (level: number, type: number, length: number) => {
    bytes.fill(0, at, at + space(length));
    view.setInt32(at + CMSGHDR.length * 4, HEADER + length, true);
    view.setInt32(at + CMSGHDR.level * 4, level, true);
    view.setInt32(at + CMSGHDR.type * 4, type, true);
    const data = at + HEADER;
    at += space(length);
    return data;
  };
  if (source?.length === 4) {
    const data = begin(C.IPPROTO_IP, C.IP_PKTINFO, 12);
    view.setInt32(data, interfaceIndex, true);
    bytes.set(source, data + 4);
  } else if (source?.length === 16) {
    const data = begin(C.IPPROTO_IPV6, C.IPV6_PKTINFO, 20);
    bytes.set(source, data);
    view.setInt32(data + 16, interfaceIndex, true);
  }
  if (segmentSize > 0) {
    view.setUint16(begin(C.IPPROTO_UDP, C.UDP_SEGMENT, 2), segmentSize, true);
  }
  if (fds.length > 0) {
    const data = begin(C.SOL_SOCKET, C.SCM_RIGHTS, fds.length * 4);
    fds.forEach((fd, i) => view.setInt32(data + i * 4, fd, true));
  }
  return at;
}
