// SPDX-License-Identifier: MIT
/** Control messages: the ancillary data of a datagram. See WSACMSGHDR in ws2def.h. */
import { type ControlInfo, type ControlRequest, NO_CONTROL } from "../../contract/packets.ts";
import * as C from "../abi/constants.ts";
import { WSACMSGHDR } from "../abi/structs.ts";

const HEADER = WSACMSGHDR.size;

/** Parses the control messages that Windows wrote to `bytes`. */
export function readControl(bytes: Uint8Array): ControlInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER <= bytes.length;) {
    // A SIZE_T, whose upper half is always zero here.
    const length = view.getUint32(at + WSACMSGHDR.length, true);
    if (length < HEADER || at + length > bytes.length) break;
    const size = infoAddress(
      view.getInt32(at + WSACMSGHDR.level, true),
      view.getInt32(at + WSACMSGHDR.type, true),
    );
    // IN_PKTINFO and IN6_PKTINFO: an address and an interface index.
    if (size > 0 && length >= HEADER + size + 4) {
      const from = at + HEADER;
      const destination = bytes.slice(from, from + size);
      return { ...NO_CONTROL, destination, interfaceIndex: view.getUint32(from + size, true) };
    }
    at += aligned(length);
  }
  return NO_CONTROL;
}

/**
 * Writes the control message of a source address to `bytes`; returns its length, 0 if there is
 * none.
 */
export function writeControl(
  bytes: Uint8Array,
  { source, interfaceIndex = 0 }: ControlRequest,
): number {
  if (source === undefined) return 0;
  const ip = isMapped(source) ? source.subarray(12) : source;
  const v4 = ip.length === 4;
  const length = HEADER + ip.length + 4;
  bytes.fill(0, 0, aligned(length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(WSACMSGHDR.length, length, true);
  view.setInt32(WSACMSGHDR.level, v4 ? C.IPPROTO_IP : C.IPPROTO_IPV6, true);
  view.setInt32(WSACMSGHDR.type, v4 ? C.IP_PKTINFO : C.IPV6_PKTINFO, true);
  bytes.set(ip, HEADER);
  view.setUint32(HEADER + ip.length, interfaceIndex, true);
  return aligned(length);
}

/** Size of the address in a packet info; 0 if it is another message. */
function infoAddress(level: number, type: number): number {
  if (level === C.IPPROTO_IP && type === C.IP_PKTINFO) return 4;
  return level === C.IPPROTO_IPV6 && type === C.IPV6_PKTINFO ? 16 : 0;
}

/** Whether it is an IPv4-mapped address, which Windows expects in IPv4 form. */
function isMapped(ip: Uint8Array): boolean {
  return ip.length === 16 && ip[10] === 0xff && ip[11] === 0xff &&
    ip.subarray(0, 10).every((byte) => byte === 0);
}

function aligned(length: number): number {
  return (length + 7) & ~7;
}
