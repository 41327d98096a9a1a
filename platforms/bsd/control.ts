// SPDX-License-Identifier: MIT
/** Control messages: the ancillary data of a message. See cmsg in recvmsg(2), ip(4), ip6(4). */
import { IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO, SCM_RIGHTS, SOL_SOCKET } from "./constants.ts";
import { type ControlInfo, type ControlRequest, NO_CONTROL } from "../contract/packets.ts";
import { CMSGHDR, type MessageLayout } from "./structs.ts";

/** Room for the packet info of both IP versions. */
const PACKET_ROOM = 128;
/**
 * Maximum number of descriptors in one message: the kernel converts them to pointers in a buffer of
 * 2048 bytes, MCLBYTES. A smaller receive buffer would leak: macOS keeps descriptors open that do
 * not fit, without reporting their numbers. XNU: sockargs, copyout_control
 */
const MOST_FDS = 254;

/** Control messages in the layout of a system. */
export class Control {
  readonly #layout: MessageLayout;
  /** Size of a header in bytes; the data follows it. */
  readonly #header: number;

  constructor(layout: MessageLayout) {
    this.#layout = layout;
    this.#header = this.#aligned(CMSGHDR.size);
  }

  /**
   * Returns the buffer size for the control messages of one message, with or without descriptors.
   */
  size(withFds: boolean): number {
    return withFds ? this.#space(MOST_FDS * 4) : PACKET_ROOM;
  }

  /** Parses the control messages that the kernel wrote to `bytes`. */
  read(bytes: Uint8Array): ControlInfo {
    const info = { ...NO_CONTROL, fds: [] as number[] };
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + this.#header <= bytes.length;) {
      const length = view.getInt32(at + CMSGHDR.length, true);
      if (length < this.#header) break;
      // A truncated message keeps its original length; use only the bytes that are there.
      const end = Math.min(at + length, bytes.length);
      const level = view.getInt32(at + CMSGHDR.level, true);
      const type = view.getInt32(at + CMSGHDR.type, true);
      const from = at + this.#header;
      const { destination } = this.#layout;
      // Ignore a message shorter than its structure.
      const has = (wanted: number, of: number, size: number) =>
        level === wanted && type === of && end - from >= size;
      if (level === SOL_SOCKET && type === SCM_RIGHTS) {
        for (let i = from; i + 4 <= end; i += 4) info.fds.push(view.getInt32(i, true));
      } else if (end - at < length) {
        break;
      } else if (has(IPPROTO_IP, destination.type, destination.size)) {
        // struct in_pktinfo { unsigned int index; struct in_addr local, destination; }
        const whole = destination.size === 12;
        if (whole) info.interfaceIndex = view.getInt32(from, true);
        info.destination = bytes.slice(whole ? from + 8 : from).slice(0, 4);
      } else if (has(IPPROTO_IPV6, IPV6_PKTINFO, 20)) {
        // struct in6_pktinfo { struct in6_addr destination; unsigned int index; }
        info.destination = bytes.slice(from, from + 16);
        info.interfaceIndex = view.getInt32(from + 16, true);
      }
      at += this.#space(length - this.#header);
    }
    return info;
  }

  /** Writes control messages to `bytes` and returns their length. */
  write(bytes: Uint8Array, request: ControlRequest): number {
    const { source, interfaceIndex = 0, fds = [] } = request;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const begin = (level: number, type: number, length: number) => {
      bytes.fill(0, at, at + this.#space(length));
      view.setInt32(at + CMSGHDR.length, this.#header + length, true);
      view.setInt32(at + CMSGHDR.level, level, true);
      view.setInt32(at + CMSGHDR.type, type, true);
      const data = at + this.#header;
      at += this.#space(length);
      return data;
    };
    if (source?.length === 4) {
      const { type, size } = this.#layout.destination;
      const data = begin(IPPROTO_IP, type, size);
      if (size === 12) view.setInt32(data, interfaceIndex, true);
      bytes.set(source, size === 12 ? data + 4 : data);
    } else if (source?.length === 16) {
      const data = begin(IPPROTO_IPV6, IPV6_PKTINFO, 20);
      bytes.set(source, data);
      view.setInt32(data + 16, interfaceIndex, true);
    }
    if (fds.length > 0) {
      const data = begin(SOL_SOCKET, SCM_RIGHTS, fds.length * 4);
      fds.forEach((fd, i) => view.setInt32(data + i * 4, fd, true));
    }
    return at;
  }

  /** Returns the size of `length` bytes of data with their header. CMSG_SPACE. */
  #space(length: number): number {
    return this.#header + this.#aligned(length);
  }

  #aligned(length: number): number {
    const mask = this.#layout.cmsgAlign - 1;
    return (length + mask) & ~mask;
  }
}
