// SPDX-License-Identifier: MIT
/** TCP connections. Go: net/tcpsock.go, type TCPConn. */
import { Chunks } from "../poll/chunks.ts";
import type { Routine } from "../sched/goroutine.ts";
import { DISOWN } from "../sched/ownership.ts";
import type { Cancel } from "../sync/cancel.ts";
import type { SelectCase } from "../sync/select_case.ts";
import { TCPAddr } from "./addr.ts";
import { type Deadline, toMonotonic } from "./deadline.ts";
import type { Conn, KeepAlive } from "./net.ts";
import type { NetFD } from "./net_fd.ts";
import { readFull } from "./read_full.ts";
import { ReadyCase } from "./socket_cases.ts";
import { setKeepAlive } from "./sockopt.ts";

/** A TCP connection, as `dial` and `accept` give it. See {@linkcode Conn}. */
export class TCPConn implements Conn {
  readonly #fd: NetFD<TCPAddr>;

  /** @internal */
  constructor(fd: NetFD<TCPAddr>) {
    this.#fd = fd;
  }

  /** See {@linkcode Conn.read}. */
  read(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    return this.#fd.cancellable("read", this.#fd.read(p), cancel);
  }

  /** See {@linkcode Conn.readFull}. */
  readFull(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    return readFull(this, p, cancel);
  }

  /** See {@linkcode Conn.readable}. */
  readable(cancel?: Cancel): Routine<void> {
    return this.#fd.cancellable("read", this.#fd.readable(), cancel);
  }

  /** See {@linkcode Conn.onReadable}. */
  onReadable(): SelectCase<{ value: undefined; ok: true }> {
    return new ReadyCase(this.#fd, "read");
  }

  /** See {@linkcode Conn.onWritable}. */
  onWritable(): SelectCase<{ value: undefined; ok: true }> {
    return new ReadyCase(this.#fd, "write");
  }

  /** See {@linkcode Conn.chunks}. */
  chunks(): Chunks {
    return new Chunks(this.#fd);
  }

  /** See {@linkcode Conn.write}. */
  write(p: Uint8Array, cancel?: Cancel): Routine<number> {
    return this.#fd.cancellable("write", this.#fd.write(p), cancel);
  }

  /** See {@linkcode Conn.close}. */
  close(): void {
    this.#fd.close();
  }

  /** See {@linkcode Conn.closeRead}. */
  closeRead(): void {
    this.#fd.shutdown("read");
  }

  /** See {@linkcode Conn.closeWrite}. */
  closeWrite(): void {
    this.#fd.shutdown("write");
  }

  /** See {@linkcode Conn.abort}. */
  abort(): void {
    try {
      this.#fd.setLinger(0);
    } finally {
      this.#fd.close();
    }
  }

  /** See {@linkcode Conn.localAddr}. */
  get localAddr(): TCPAddr {
    return this.#fd.localAddr ?? NOWHERE;
  }

  /** See {@linkcode Conn.remoteAddr}. */
  get remoteAddr(): TCPAddr {
    return this.#fd.remoteAddr ?? NOWHERE;
  }

  /** See {@linkcode Conn.fd}. */
  get fd(): number {
    return this.#fd.closed ? -1 : this.#fd.sysfd;
  }

  /** See {@linkcode Conn.setDeadline}. */
  setDeadline(at: Deadline): void {
    const monotonic = toMonotonic(at);
    this.#fd.setReadDeadline(monotonic);
    this.#fd.setWriteDeadline(monotonic);
  }

  /** See {@linkcode Conn.setReadDeadline}. */
  setReadDeadline(at: Deadline): void {
    this.#fd.setReadDeadline(toMonotonic(at));
  }

  /** See {@linkcode Conn.setWriteDeadline}. */
  setWriteDeadline(at: Deadline): void {
    this.#fd.setWriteDeadline(toMonotonic(at));
  }

  /** See {@linkcode Conn.setNoDelay}. */
  setNoDelay(on: boolean): void {
    this.#fd.setOption("TCP_NODELAY", on ? 1 : 0);
  }

  /** See {@linkcode Conn.setKeepAlive}. */
  setKeepAlive(on: boolean | KeepAlive): void {
    setKeepAlive((option, value) => this.#fd.setOption(option, value), on);
  }

  /** See {@linkcode Conn.setLinger}. */
  setLinger(seconds: number | null): void {
    if (seconds !== null && !(Number.isInteger(seconds) && seconds >= 0)) {
      throw new RangeError(
        `Cannot linger as it must be whole seconds or null: current value is ${seconds}`,
      );
    }
    this.#fd.setLinger(seconds);
  }

  /** See {@linkcode Conn.setReadBuffer}. */
  setReadBuffer(bytes: number): void {
    this.#fd.setOption("SO_RCVBUF", bufferSize(bytes), "set-own");
  }

  /** See {@linkcode Conn.setWriteBuffer}. */
  setWriteBuffer(bytes: number): void {
    this.#fd.setOption("SO_SNDBUF", bufferSize(bytes), "set-own");
  }

  /** Closes it unless it is closed. */
  [Symbol.dispose](): void {
    this.#fd.closeQuietly();
  }

  /** @internal */
  [DISOWN](): void {
    this.#fd.disown();
  }
}

/** What an end is that the kernel would not name. */
const NOWHERE = new TCPAddr("", 0);

function bufferSize(bytes: number): number {
  if (Number.isInteger(bytes) && bytes > 0 && bytes < 2 ** 30) return bytes;
  throw new RangeError(
    `Cannot set a buffer as it must be a whole number of bytes: current value is ${bytes}`,
  );
}
