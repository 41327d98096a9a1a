// SPDX-License-Identifier: MIT
/**
 * Sockets of Windows. A call that would block starts an overlapped operation instead, and returns
 * EAGAIN; the poller reports its completion, and the next call returns the result.
 */
import { packAddress } from "../../shared/packed_address.ts";
import { SOCKADDR_STORAGE_SIZE } from "../../shared/sockaddr.ts";
import type {
  Family,
  IntOption,
  RawAddress,
  ShutdownHow,
  SocketCalls,
} from "../../contract/platform.ts";
import { OverlappedAcceptor } from "./acceptor.ts";
import * as C from "../abi/constants.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import { EBADF, ENOPROTOOPT, ENOTSOCK, EOPNOTSUPP } from "../abi/errno.ts";
import type { Shared, SocketHandle } from "../iocp/socket_handle.ts";
import { isHandle } from "../abi/winsock.ts";
import { INHERITED, SocketOptions } from "./options.ts";
import { StreamSocket } from "./stream_socket.ts";
import { PROTOCOL_INFO, SOCKADDR, TCP_INFO } from "../abi/structs.ts";
import type { Winsock } from "../abi/winsock.ts";

/** TCP states in which the peer has received everything: closed, FIN_WAIT_2, TIME_WAIT. */
const SETTLED_STATES: ReadonlySet<number> = new Set([0, 6, 10]);

/** See {@linkcode SocketCalls}. */
export class WindowsSockets implements SocketCalls {
  readonly acceptName = "acceptex";
  readonly #shared: Shared;
  readonly #winsock: Winsock;
  readonly #sockets = new Map<number, SocketHandle>();
  /** Sockets whose close waits for a pending send. */
  readonly #closing = new Set<SocketHandle>();
  readonly #options: SocketOptions;
  #peer: RawAddress = new Uint8Array(new ArrayBuffer(0));
  /** Scratch memory for out-parameters; every use is over before the call returns. */
  readonly #address = new Uint8Array(new ArrayBuffer(SOCKADDR_STORAGE_SIZE));
  readonly #length = new Int32Array(new ArrayBuffer(4));
  readonly #value = new Int32Array(new ArrayBuffer(4));
  readonly #info = new Uint8Array(new ArrayBuffer(PROTOCOL_INFO.size));

  constructor(shared: Shared) {
    this.#shared = shared;
    this.#winsock = shared.winsock;
    this.#options = new SocketOptions(shared.winsock);
  }

  /** Number of open sockets. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Number of used slots of the arena. */
  get slotsInUse(): number {
    return this.#shared.arena.inUse;
  }

  /** Returns the state of a socket, or minus an errno if `fd` is not one. */
  find(fd: number): SocketHandle | number {
    const known = this.#sockets.get(fd);
    if (known !== undefined) return known;
    this.#length[0] = this.#info.length;
    const { getsockopt } = this.#winsock.ws2;
    const info = this.#info;
    const done = this.#done(
      getsockopt(fd, C.SOL_SOCKET, C.SO_PROTOCOL_INFOW, info, this.#length),
    );
    if (done < 0) return isHandle(this.#winsock, fd) ? -ENOTSOCK : -EBADF;
    const view = new DataView(info.buffer);
    const family = view.getInt32(PROTOCOL_INFO.family, true);
    return this.#add(fd, family, view.getInt32(PROTOCOL_INFO.type, true));
  }

  streamSocket(family: Family): number {
    return this.#open(family, C.SOCK_STREAM);
  }

  /** Opens an AF_UNIX stream socket. */
  unixSocket(): number {
    return this.#openAs(C.AF_UNIX, C.SOCK_STREAM, 0);
  }

  /** Opens a datagram socket that does not report ICMP errors of earlier datagrams. */
  datagramSocket(family: Family): number {
    const fd = this.#open(family, C.SOCK_DGRAM);
    if (fd < 0) return fd;
    const { WSAIoctl } = this.#winsock.ws2;
    this.#value[0] = 0;
    for (const code of [C.SIO_UDP_CONNRESET, C.SIO_UDP_NETRESET]) {
      // A system without this control code does not have the behavior either.
      WSAIoctl(fd, code, this.#value, 4, this.#value, 0, this.#length, null, null);
    }
    return fd;
  }

  #open(family: Family, type: number): number {
    const number = family === "ip4" ? C.AF_INET : C.AF_INET6;
    return this.#openAs(number, type, type === C.SOCK_STREAM ? C.IPPROTO_TCP : C.IPPROTO_UDP);
  }

  #openAs(family: number, type: number, protocol: number): number {
    const flags = C.WSA_FLAG_OVERLAPPED | C.WSA_FLAG_NO_HANDLE_INHERIT;
    const { WSASocketW } = this.#winsock.ws2;
    const fd = this.#done(WSASocketW(family, type, protocol, null, 0, flags));
    if (fd >= 0) this.#add(fd, family, type);
    return fd;
  }

  bind(fd: number, address: RawAddress): number {
    const done = this.#done(this.#winsock.ws2.bind(fd, address, address.length));
    if (done === 0) this.#sockets.get(fd)?.bound();
    return done;
  }

  listen(fd: number, backlog: number): number {
    const socket = this.find(fd);
    if (typeof socket === "number") return socket;
    const done = this.#done(this.#winsock.ws2.listen(fd, backlog));
    if (done === 0) acceptorOf(socket);
    return done;
  }

  accept(fd: number): number {
    const listener = this.find(fd);
    if (typeof listener === "number") return listener;
    const accepted = acceptorOf(listener)?.accept() ?? -EOPNOTSUPP;
    if (typeof accepted === "number") return accepted;
    this.#peer = accepted.peer;
    const socket = this.#add(accepted.fd, listener.family, C.SOCK_STREAM);
    for (const [option, value] of listener.options) this.#options.set(socket, option, value);
    return accepted.fd;
  }

  peer(): RawAddress {
    return this.#peer;
  }

  packedPeer(): number {
    return packAddress(this.#peer, SOCKADDR.isInet4(this.#peer));
  }

  connect(fd: number, address: RawAddress): number {
    const socket = this.find(fd);
    return typeof socket === "number" ? socket : socket.connect(address);
  }

  recv(fd: number, buffer: Uint8Array, length: number): number {
    const socket = this.find(fd);
    return typeof socket === "number" ? socket : socket.receive(buffer, length);
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const socket = this.find(fd);
    return typeof socket === "number" ? socket : socket.send(buffer, length);
  }

  /** Sockets only: Windows has no non-blocking read from any handle. */
  read(fd: number, buffer: Uint8Array, length: number): number {
    return this.recv(fd, buffer, length);
  }

  /** As {@linkcode read}. */
  write(fd: number, buffer: Uint8Array, length: number): number {
    return this.send(fd, buffer, length);
  }

  ready(fd: number, direction: "read" | "write"): number {
    const socket = this.find(fd);
    if (typeof socket === "number") return socket;
    return socket.ready(direction) ? 1 : 0;
  }

  shutdown(fd: number, how: ShutdownHow): number {
    const socket = this.find(fd);
    if (typeof socket === "number") return socket;
    const { shutdown } = this.#winsock.ws2;
    if (how === "write") return socket.behindSends(() => this.#done(shutdown(fd, C.SD_SEND)));
    const done = this.#done(shutdown(fd, C.SD_RECEIVE));
    if (done === 0) socket.end();
    return done;
  }

  /**
   * Pending receives end with the socket, and their packets still arrive. A pending send would be
   * cut off, although `send` has already accepted its data: then the socket is closed after it.
   */
  close(fd: number): number {
    const socket = this.#sockets.get(fd);
    if (socket === undefined) return this.#closeNow(fd);
    this.#sockets.delete(fd);
    socket.discard();
    if (socket.abrupt) return this.#closeNow(fd);
    this.#closing.add(socket);
    return socket.behindSends(() => this.#closing.delete(socket) ? this.#closeNow(fd) : 0);
  }

  /** Also closes a completion port. */
  closeAny(fd: number): number {
    const done = this.close(fd);
    if (done !== -ENOTSOCK) return done;
    const { kernel, errno } = this.#winsock;
    return kernel.CloseHandle(fd) !== 0 ? 0 : -errno();
  }

  /** Closes sockets whose close waits for a send. Returns whether there were any. */
  closeDeferred(): boolean {
    const closing = [...this.#closing];
    this.#closing.clear();
    for (const { fd } of closing) this.#closeNow(fd);
    return closing.length > 0;
  }

  getOption(fd: number, option: IntOption): number {
    const outcome = option === "SO_ERROR" ? this.#sockets.get(fd)?.outcome() ?? null : null;
    return outcome ?? this.#options.get(fd, option);
  }

  setOption(fd: number, option: IntOption, value: number): number {
    const socket = this.find(fd);
    if (typeof socket === "number") return socket;
    const done = this.#options.set(socket, option, value);
    if (done === 0 && INHERITED.has(option)) socket.options.set(option, value);
    return done;
  }

  setLinger(fd: number, seconds: number): number {
    const socket = this.find(fd);
    if (typeof socket === "number") return socket;
    socket.abrupt = seconds === 0;
    return this.#options.setLinger(fd, seconds);
  }

  linger(fd: number): number {
    return this.#options.linger(fd);
  }

  bindToDevice(): number {
    return -ENOPROTOOPT;
  }

  localAddress(fd: number): RawAddress | number {
    this.#length[0] = SOCKADDR_STORAGE_SIZE;
    const done = this.#done(this.#winsock.ws2.getsockname(fd, this.#address, this.#length));
    return done < 0 ? done : this.#copyAddress();
  }

  remoteAddress(fd: number): RawAddress | number {
    this.#length[0] = SOCKADDR_STORAGE_SIZE;
    const done = this.#done(this.#winsock.ws2.getpeername(fd, this.#address, this.#length));
    return done < 0 ? done : this.#copyAddress();
  }

  /**
   * Windows does not count them, but since 10 (1703) reports whether the peer has everything,
   * including the FIN. Negative if it does not report it.
   */
  unacknowledged(fd: number): number {
    const underWay = this.underWay(fd);
    if (underWay > 0) return underWay;
    const { WSAIoctl } = this.#winsock.ws2;
    const version = this.#value;
    version[0] = 0;
    const { size, state } = TCP_INFO;
    const length = this.#length;
    const info = this.#info;
    const done = this.#done(
      WSAIoctl(fd, C.SIO_TCP_INFO, version, 4, info, size, length, null, null),
    );
    if (done !== 0) return done < 0 ? done : -done;
    return SETTLED_STATES.has(info[state]) ? 0 : 1;
  }

  underWay(fd: number): number {
    return this.#sockets.get(fd)?.underWay() ?? 0;
  }

  /** Bytes received here, plus those that Windows holds while no receive is pending. */
  delivered(fd: number): number {
    const { ws2, errno } = this.#winsock;
    const unread = this.#value;
    if (ws2.ioctlsocket(fd, C.FIONREAD, unread) !== 0) return -errno();
    return (this.#sockets.get(fd)?.received() ?? 0) + (unread[0] >>> 0);
  }

  handedOn(fd: number): void {
    this.#sockets.delete(fd);
  }

  /** SOMAXCONN: the provider chooses its maximum. */
  maxBacklog(): number {
    return 0x7fffffff;
  }

  spareDescriptor(): number {
    return this.#open("ip4", C.SOCK_STREAM);
  }

  #add(fd: number, family: number, type: number): SocketHandle {
    const socket = type === C.SOCK_DGRAM
      ? new DatagramSocket(this.#shared, fd, family)
      : new StreamSocket(this.#shared, fd, family);
    this.#sockets.set(fd, socket);
    return socket;
  }

  #closeNow(fd: number): number {
    return this.#done(this.#winsock.ws2.closesocket(fd));
  }

  #done(result: number): number {
    return result !== -1 ? result : -this.#winsock.errno();
  }

  #copyAddress(): RawAddress {
    return this.#address.slice(0, this.#length[0]);
  }
}

function acceptorOf(socket: SocketHandle): OverlappedAcceptor | null {
  if (!(socket instanceof StreamSocket)) return null;
  return socket.acceptor ??= new OverlappedAcceptor(socket);
}
