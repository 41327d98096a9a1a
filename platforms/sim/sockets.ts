// SPDX-License-Identifier: MIT
/** Stream sockets of a simulated host. */
import type {
  Family,
  IntOption,
  RawAddress,
  ShutdownHow,
  SocketCalls,
} from "../contract/sockets.ts";
import { POLL_HANGUP, POLL_READ, POLL_WRITE } from "../contract/pollers.ts";
import { SOCKADDR } from "../linux/structs.ts";
import { packAddress } from "../shared/packed_address.ts";
import { EBADF, ECONNABORTED, EINTR, ENODEV, ENOTSOCK } from "./errno.ts";
import type { Kernel, OpenFile } from "./kernel.ts";
import { SimSocket } from "./sim_socket.ts";
import { TcpSocket } from "./tcp_socket.ts";

/** Names of a host's network interfaces, by index from 1. */
export const INTERFACES: readonly string[] = ["lo", "eth0"];

const NO_ADDRESS: RawAddress = new Uint8Array(0);

/** An open file that is not a socket: a reserve descriptor. */
class NullFile implements OpenFile {
  readonly station: Kernel;
  references = 0;
  readonly registrations = [];
  readonly mode = 0;

  constructor(station: Kernel) {
    this.station = station;
  }

  closed(): void {}
}

/** See {@linkcode SocketCalls}. */
export class SimSockets implements SocketCalls {
  readonly acceptName = "accept4";
  readonly kernel: Kernel;
  #peer: RawAddress = NO_ADDRESS;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Number of open sockets. */
  get open(): number {
    return this.kernel.sockets;
  }

  streamSocket(family: Family): number {
    this.kernel.enter();
    return this.#done("socket", -1, this.kernel.allocate(new TcpSocket(this.kernel, family)));
  }

  bind(fd: number, address: RawAddress): number {
    return this.#on("bind", fd, (socket) => socket.bind(address));
  }

  listen(fd: number, backlog: number): number {
    return this.#on("listen", fd, (socket) => socket.listen(backlog));
  }

  accept(fd: number): number {
    return this.#on("accept", fd, (socket) => {
      const next = socket.accept();
      if (typeof next === "number") return next;
      const { faults } = this.kernel;
      if (faults?.happens("interrupt")) return -EINTR;
      if (faults?.happens("aborted")) {
        socket.accepted();
        next.cutOff();
        next.closed();
        return -ECONNABORTED;
      }
      const accepted = this.kernel.allocate(next);
      if (accepted < 0) return accepted;
      socket.accepted();
      this.#peer = next.peerName;
      return accepted;
    });
  }

  peer(): RawAddress {
    return this.#peer.slice();
  }

  packedPeer(): number {
    return packAddress(this.#peer, SOCKADDR.isInet4(this.#peer));
  }

  connect(fd: number, address: RawAddress): number {
    return this.#on("connect", fd, (socket) => socket.connect(address));
  }

  recv(fd: number, buffer: Uint8Array, length: number): number {
    const { kernel } = this;
    kernel.enter();
    const socket = kernel.file(fd);
    if (!(socket instanceof SimSocket)) return this.#done("recv", fd, this.#missing(socket));
    if (kernel.faults === null) return kernel.called("recv", fd, socket.recv(buffer, length));
    if (kernel.faults.happens("interrupt")) return kernel.called("recv", fd, -EINTR);
    // Not for packets, which a short read would truncate.
    const most = socket.type === "stream" ? kernel.faults.cut("shortRead", length) : length;
    const n = socket.recv(buffer, most);
    // A reader that gets less than available must be woken for the rest.
    if (n === most && n < length) socket.wake();
    return kernel.called("recv", fd, n);
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const { kernel } = this;
    kernel.enter();
    const socket = kernel.file(fd);
    if (!(socket instanceof SimSocket)) return this.#done("send", fd, this.#missing(socket));
    if (kernel.faults === null) return kernel.called("send", fd, socket.send(buffer, length));
    if (kernel.faults.happens("interrupt")) return kernel.called("send", fd, -EINTR);
    if (kernel.faults.happens("reset")) socket.cutOff();
    const most = socket.type === "stream" ? kernel.faults.cut("shortWrite", length) : length;
    return kernel.called("send", fd, socket.send(buffer, most));
  }

  read(fd: number, buffer: Uint8Array, length: number): number {
    return this.recv(fd, buffer, length);
  }

  write(fd: number, buffer: Uint8Array, length: number): number {
    return this.send(fd, buffer, length);
  }

  ready(fd: number, direction: "read" | "write"): number {
    this.kernel.enter();
    const file = this.kernel.file(fd);
    if (file === undefined) return -EBADF;
    const wanted = (direction === "read" ? POLL_READ : POLL_WRITE) | POLL_HANGUP;
    const { mode } = file;
    // A peer's end is readable, which POLL_READ reports as well.
    return mode & wanted & ~POLL_HANGUP || mode === POLL_HANGUP ? 1 : 0;
  }

  shutdown(fd: number, how: ShutdownHow): number {
    return this.#on("shutdown", fd, (socket) => socket.shutdown(how));
  }

  close(fd: number): number {
    this.kernel.enter();
    return this.#done("close", fd, this.kernel.close(fd));
  }

  getOption(fd: number, option: IntOption): number {
    const socket = this.#socket(fd);
    return typeof socket === "number" ? socket : socket.getOption(option);
  }

  setOption(fd: number, option: IntOption, value: number): number {
    const socket = this.#socket(fd);
    return typeof socket === "number" ? socket : socket.setOption(option, value);
  }

  setLinger(fd: number, seconds: number): number {
    const socket = this.#socket(fd);
    if (typeof socket === "number") return socket;
    socket.lingerSeconds = seconds;
    return 0;
  }

  linger(fd: number): number {
    const socket = this.#socket(fd);
    return typeof socket === "number" ? -1 : socket.lingerSeconds;
  }

  bindToDevice(fd: number, name: string): number {
    const socket = this.#socket(fd);
    if (typeof socket === "number") return socket;
    return INTERFACES.includes(name) ? 0 : -ENODEV;
  }

  localAddress(fd: number): RawAddress | number {
    const socket = this.#socket(fd);
    return typeof socket === "number" ? socket : socket.localAddress;
  }

  remoteAddress(fd: number): RawAddress | number {
    const socket = this.#socket(fd);
    return typeof socket === "number" ? socket : socket.remoteAddress;
  }

  unacknowledged(fd: number): number {
    const socket = this.#socket(fd);
    return typeof socket === "number" ? socket : socket.unacknowledged;
  }

  delivered(fd: number): number {
    const socket = this.#socket(fd);
    return typeof socket === "number" ? socket : socket.delivered;
  }

  maxBacklog(): number {
    return 0xffff;
  }

  spareDescriptor(): number {
    return this.kernel.allocate(new NullFile(this.kernel));
  }

  #socket(fd: number): SimSocket | number {
    this.kernel.enter();
    const file = this.kernel.file(fd);
    return file instanceof SimSocket ? file : this.#missing(file);
  }

  #missing(file: OpenFile | undefined): number {
    return file === undefined ? -EBADF : -ENOTSOCK;
  }

  #on(name: string, fd: number, call: (socket: SimSocket) => number): number {
    const socket = this.#socket(fd);
    return this.#done(name, fd, typeof socket === "number" ? socket : call(socket));
  }

  #done(name: string, fd: number, result: number): number {
    return this.kernel.called(name, fd, result);
  }
}
