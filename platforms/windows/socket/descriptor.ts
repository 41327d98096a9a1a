// SPDX-License-Identifier: MIT
/**
 * Foreign sockets on Windows: their kind, and duplicates. A duplicate is another handle of the same
 * socket, so both share its properties, including that its first completion port is permanent.
 */
import type { DescriptorCalls, DescriptorKind } from "../../contract/packets.ts";
import * as C from "../abi/constants.ts";
import { EBADF } from "../abi/errno.ts";
import { isHandle } from "../abi/winsock.ts";
import type { WindowsSockets } from "./sockets.ts";
import { PROTOCOL_INFO } from "../abi/structs.ts";
import type { Winsock } from "../abi/winsock.ts";

const DOMAINS: Readonly<Record<number, DescriptorKind["domain"]>> = {
  [C.AF_INET]: "ip4",
  [C.AF_INET6]: "ip6",
  [C.AF_UNIX]: "unix",
};
const TYPES: Readonly<Record<number, DescriptorKind["type"]>> = {
  [C.SOCK_STREAM]: "stream",
  [C.SOCK_DGRAM]: "dgram",
};

/** See {@linkcode DescriptorCalls}. */
export class WindowsDescriptors implements DescriptorCalls {
  /** Unused: the poller rejects everything but sockets. */
  readonly files: WindowsSockets;
  readonly #winsock: Winsock;
  readonly #info = new Uint8Array(new ArrayBuffer(PROTOCOL_INFO.size));
  readonly #value = new Int32Array(new ArrayBuffer(4));
  readonly #length = new Int32Array(new ArrayBuffer(4));

  constructor(winsock: Winsock, sockets: WindowsSockets) {
    this.#winsock = winsock;
    this.files = sockets;
  }

  kind(fd: number): DescriptorKind | number {
    const { ws2 } = this.#winsock;
    this.#length[0] = PROTOCOL_INFO.size;
    const info = this.#info;
    if (ws2.getsockopt(fd, C.SOL_SOCKET, C.SO_PROTOCOL_INFOW, info, this.#length) !== 0) {
      if (!isHandle(this.#winsock, fd)) return -EBADF;
      return { domain: "file", type: "other", listening: false };
    }
    const view = new DataView(info.buffer);
    this.#length[0] = 4;
    const asked = ws2.getsockopt(fd, C.SOL_SOCKET, C.SO_ACCEPTCONN, this.#value, this.#length);
    return {
      domain: DOMAINS[view.getInt32(PROTOCOL_INFO.family, true)] ?? "other",
      type: TYPES[view.getInt32(PROTOCOL_INFO.type, true)] ?? "other",
      listening: asked === 0 && this.#value[0] !== 0,
    };
  }

  duplicate(fd: number): number {
    const { ws2, kernel, errno, runtime, addressOf } = this.#winsock;
    const info = this.#info;
    if (ws2.WSADuplicateSocketW(fd, kernel.GetCurrentProcessId(), info) !== 0) return -errno();
    const same = C.FROM_PROTOCOL_INFO;
    const flags = C.WSA_FLAG_OVERLAPPED | C.WSA_FLAG_NO_HANDLE_INHERIT;
    const pointer = runtime.pointerAt(addressOf(info));
    const copy = ws2.WSASocketW(same, same, same, pointer, 0, flags);
    return copy === -1 ? -errno() : copy;
  }

  closeOnExec(fd: number): number {
    const { kernel, errno } = this.#winsock;
    return kernel.SetHandleInformation(fd, C.HANDLE_FLAG_INHERIT, 0) !== 0 ? 0 : -errno();
  }

  /** Overlapped operations never block, whatever the socket's mode. */
  setNonBlocking(): number {
    return 0;
  }

  close(fd: number): number {
    return isHandle(this.#winsock, fd) ? this.files.closeAny(fd) : -EBADF;
  }
}
