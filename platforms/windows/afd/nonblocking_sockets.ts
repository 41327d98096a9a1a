// SPDX-License-Identifier: MIT
/**
 * Windows stream sockets with POSIX semantics: each call is immediate, and returns EAGAIN if it
 * would block. For loops over a raw poller; the library's own sockets use overlapped operations
 * instead.
 */
import {
  type Family,
  POLL_READ,
  POLL_WRITE,
  type RawAddress,
  type RawSocketCalls,
} from "../../contract/platform.ts";
import type { IntOption, ShutdownHow } from "../../contract/platform.ts";
import * as C from "../abi/constants.ts";
import { ERRNO } from "../abi/errno.ts";
import { AGAIN } from "../iocp/socket_handle.ts";
import type { WindowsSockets } from "../socket/sockets.ts";
import type { Winsock } from "../abi/winsock.ts";

/** Observer of calls: a raw poller. */
export interface Blocking {
  /** A call would block, or has consumed everything: the next change must be reported. */
  blocked(fd: number, mode: number): void;
  /** A socket is about to be closed. */
  closing(fd: number): void;
}

/** See the top of this file. */
export class NonblockingSockets implements RawSocketCalls {
  readonly acceptName = "accept";
  /** Observers of EAGAIN results. */
  readonly blocking: Set<Blocking> = new Set();
  readonly #winsock: Winsock;
  readonly #sockets: WindowsSockets;

  constructor(winsock: Winsock, sockets: WindowsSockets) {
    this.#winsock = winsock;
    this.#sockets = sockets;
  }

  streamSocket(family: Family): number {
    const fd = this.#sockets.streamSocket(family);
    return fd < 0 ? fd : this.#unblock(fd);
  }

  bind(fd: number, address: RawAddress): number {
    return this.#done(this.#winsock.ws2.bind(fd, address, address.length));
  }

  listen(fd: number, backlog: number): number {
    return this.#done(this.#winsock.ws2.listen(fd, backlog));
  }

  accept(fd: number): number {
    const accepted = this.#moved(fd, POLL_READ, this.#winsock.ws2.accept(fd, null, null));
    if (accepted < 0) return accepted;
    // Unlike a socket of WSASocketW, it would be inherited.
    this.#winsock.kernel.SetHandleInformation(accepted, C.HANDLE_FLAG_INHERIT, 0);
    return this.#unblock(accepted);
  }

  connect(fd: number, address: RawAddress): number {
    const { ws2 } = this.#winsock;
    const done = this.#moved(fd, POLL_WRITE, ws2.connect(fd, address, address.length));
    return done === AGAIN ? -ERRNO.EINPROGRESS : done;
  }

  read(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#moved(fd, POLL_READ, this.#winsock.ws2.recv(fd, buffer, length, 0));
    if (n > 0 && n < length) this.#blocked(fd, POLL_READ);
    return n;
  }

  write(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#moved(fd, POLL_WRITE, this.#winsock.ws2.send(fd, buffer, length, 0));
    if (n >= 0 && n < length) this.#blocked(fd, POLL_WRITE);
    return n;
  }

  shutdown(fd: number, how: ShutdownHow): number {
    const { shutdown } = this.#winsock.ws2;
    return this.#done(shutdown(fd, how === "read" ? C.SD_RECEIVE : C.SD_SEND));
  }

  close(fd: number): number {
    for (const each of this.blocking) each.closing(fd);
    return this.#sockets.close(fd);
  }

  getOption(fd: number, option: IntOption): number {
    return this.#sockets.getOption(fd, option);
  }

  setOption(fd: number, option: IntOption, value: number): number {
    return this.#sockets.setOption(fd, option, value);
  }

  localAddress(fd: number): RawAddress | number {
    return this.#sockets.localAddress(fd);
  }

  maxBacklog(): number {
    return this.#sockets.maxBacklog();
  }

  /** Makes the socket non-blocking; fails for a descriptor that is not a socket. */
  #unblock(fd: number): number {
    const done = this.#done(this.#winsock.ws2.ioctlsocket(fd, C.FIONBIO, ONE));
    if (done === 0) return fd;
    this.#sockets.close(fd);
    return done;
  }

  /** Returns a result, or minus an errno; notifies the observers of EAGAIN. */
  #moved(fd: number, mode: number, result: number): number {
    const done = this.#done(result);
    if (done === AGAIN) this.#blocked(fd, mode);
    return done;
  }

  #blocked(fd: number, mode: number): void {
    for (const each of this.blocking) each.blocked(fd, mode);
  }

  #done(result: number): number {
    return result !== -1 ? result : -this.#winsock.errno();
  }
}

const ONE = new Int32Array(new ArrayBuffer(4));
ONE[0] = 1;
