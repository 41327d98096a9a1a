// SPDX-License-Identifier: MIT
/**
 * Connects by ConnectEx. A connect needs a port from its beginning, so one that is requested before
 * the registration starts on registration.
 */
import { POLL_READ, POLL_WRITE, type RawAddress } from "../../contract/platform.ts";
import { BARE, type Operation, type OverlappedOwner } from "../iocp/overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { ECANCELED, ERRNO } from "../abi/errno.ts";
import { AGAIN, type SocketHandle } from "../iocp/socket_handle.ts";
import { SOCKADDR } from "../abi/structs.ts";

/** See the top of this file. */
export class OverlappedConnector implements OverlappedOwner {
  readonly socket: SocketHandle;
  #wanted: RawAddress | null = null;
  #pending: Operation | null = null;
  #error = 0;
  #bound = false;

  constructor(socket: SocketHandle) {
    this.socket = socket;
  }

  /** Records that the socket is bound, which ConnectEx requires. */
  bound(): void {
    this.#bound = true;
  }

  /** Starts to connect, or defers it. 0, or minus an errno: EINPROGRESS while pending. */
  connect(address: RawAddress): number {
    if (this.#pending !== null || this.#wanted !== null) return -ERRNO.EALREADY;
    this.#wanted = address;
    return this.socket.port === null ? -ERRNO.EINPROGRESS : this.#begin(address);
  }

  /** Starts a deferred connect after the registration. */
  registered(): void {
    if (this.#wanted === null || this.#pending !== null) return;
    const begun = this.#begin(this.#wanted);
    if (begun === -ERRNO.EINPROGRESS) return;
    this.#error = -begun;
    this.socket.port!.report(this.socket, POLL_READ | POLL_WRITE);
  }

  /** Returns the result, once: 0 or an errno; EINPROGRESS while pending. */
  outcome(): number {
    if (this.#pending !== null) return ERRNO.EINPROGRESS;
    const error = this.#error;
    this.#error = 0;
    return error;
  }

  /** See {@linkcode OverlappedOwner}. */
  completed(operation: Operation): number {
    this.#pending = null;
    this.#error = this.#settle(operation);
    return POLL_READ | POLL_WRITE;
  }

  #begin(address: RawAddress): number {
    const socket = this.socket;
    const { errno, extension } = socket.winsock;
    const bound = this.#bindAnywhere();
    if (bound < 0) return bound;
    const operation = socket.take(this, BARE, 0);
    if (operation === null) return -ERRNO.ENOBUFS;
    operation.room.set(address);
    const { room, overlapped } = operation;
    const ConnectEx = extension("ConnectEx", socket.fd);
    const failure = ConnectEx(socket.fd, room, address.length, null, 0, null, overlapped) !== 0
      ? 0
      : errno();
    const begun = socket.begun(failure);
    if (begun === AGAIN) {
      this.#pending = operation;
      return -ERRNO.EINPROGRESS;
    }
    this.#wanted = null;
    if (begun === 0) return -this.#settle(operation);
    socket.arena.give(operation);
    return begun;
  }

  /** Before SO_UPDATE_CONNECT_CONTEXT, Windows does not treat the socket as connected. */
  #settle(operation: Operation): number {
    const { fd, closed, winsock, arena } = this.socket;
    const { errno } = operation;
    arena.give(operation);
    this.#wanted = null;
    if (closed) return ECANCELED;
    if (errno !== 0) return errno;
    const { setsockopt } = winsock.ws2;
    const done = setsockopt(fd, C.SOL_SOCKET, C.SO_UPDATE_CONNECT_CONTEXT, NOTHING, 0);
    return done === 0 ? 0 : winsock.errno();
  }

  #bindAnywhere(): number {
    if (this.#bound) return 0;
    this.#bound = true;
    const { fd, family, winsock } = this.socket;
    const ip = new Uint8Array(family === C.AF_INET ? 4 : 16);
    const anywhere = SOCKADDR.encode({ ip, port: 0, scope: 0 });
    return winsock.ws2.bind(fd, anywhere, anywhere.length) === 0 ? 0 : -winsock.errno();
  }
}

const NOTHING = new Uint8Array(new ArrayBuffer(0));
