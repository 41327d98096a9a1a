// SPDX-License-Identifier: MIT
/** Generic descriptor calls of a simulated host. */
import type { DescriptorCalls, DescriptorKind } from "../contract/packets.ts";
import type { SocketCalls } from "../contract/sockets.ts";
import { EBADF } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { SimSocket } from "./sim_socket.ts";
import type { SimSockets } from "./sockets.ts";

/** See {@linkcode DescriptorCalls}. */
export class SimDescriptors implements DescriptorCalls {
  readonly files: SocketCalls;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel, sockets: SimSockets) {
    this.files = sockets;
    this.#kernel = kernel;
  }

  kind(fd: number): DescriptorKind | number {
    const file = this.#kernel.file(fd);
    if (file === undefined) return -EBADF;
    if (!(file instanceof SimSocket)) return { domain: "file", type: "other", listening: false };
    const { domain, type, listening } = file;
    return { domain, type, listening };
  }

  duplicate(fd: number): number {
    const file = this.#kernel.file(fd);
    return file === undefined ? -EBADF : this.#kernel.allocate(file);
  }

  closeOnExec(fd: number): number {
    return this.#kernel.file(fd) === undefined ? -EBADF : 0;
  }

  /** Simulated descriptors never block. */
  setNonBlocking(fd: number): number {
    return this.closeOnExec(fd);
  }

  close(fd: number): number {
    return this.#kernel.close(fd);
  }
}
