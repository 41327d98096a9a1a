// SPDX-License-Identifier: MIT
/** Base class of TCP and Unix connections. Go: net/net.go, type conn. */
import { shown } from "../../validate/argument.ts";
import { COUNTED, type Counted } from "../../fd/byte_counts.ts";
import { type Chunks, FDChunks } from "../../fd/chunks.ts";
import { writev } from "../../fd/writev.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { DISOWN } from "../../sched/ownership.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Addr } from "../addr/addr.ts";
import { type Deadline, toMonotonic } from "../deadline.ts";
import { DESCRIPTOR } from "./descriptor.ts";
import type { Conn, KeepAlive } from "../net.ts";
import type { NetFD } from "./net_fd.ts";
import { readFull } from "./read_full.ts";
import { readyCase } from "./select_cases.ts";
import { setKeepAlive } from "../options/apply.ts";
import { showAs } from "../../validate/one_line.ts";
import { notesCalls } from "../../sched/noted_methods.ts";

/** Maximum linger time in seconds: more than nine hours, which every system supports. */
const MOST_LINGER = 0x7fff;

/** A stream over a descriptor. See {@linkcode Conn}. */
export abstract class StreamConn<A extends Addr> implements Conn {
  static {
    showAs(
      StreamConn.prototype,
      ({ netFD }) => `Conn(${netFD.describe()}${netFD.closed ? ", closed" : ""})`,
    );
  }

  /** @internal */
  protected readonly netFD: NetFD<A>;

  /** @internal */
  constructor(fd: NetFD<A>) {
    this.netFD = fd;
  }

  /**
   * Address if the kernel reports none.
   *
   * @internal
   */
  protected abstract get nowhere(): A;

  /** See {@linkcode Conn.read}. */
  read(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    return this.netFD.cancellable("read", this.netFD.read(p), cancel);
  }

  /** See {@linkcode Conn.readFull}. */
  readFull(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    return readFull(this, p, cancel);
  }

  /** See {@linkcode Conn.readable}. */
  readable(cancel?: Cancel): Routine<void> {
    return this.netFD.cancellable("read", this.netFD.readable(), cancel);
  }

  /** See {@linkcode Conn.onReadable}. */
  onReadable(): SelectCase<{ value: undefined; ok: true }> {
    return readyCase(this.netFD, "read");
  }

  /** See {@linkcode Conn.onWritable}. */
  onWritable(): SelectCase<{ value: undefined; ok: true }> {
    return readyCase(this.netFD, "write");
  }

  /** See {@linkcode Conn.chunks}. */
  chunks(): Chunks {
    return new FDChunks(this.netFD);
  }

  /** See {@linkcode Conn.write}. */
  write(p: Uint8Array | string, cancel?: Cancel): Routine<number> {
    return this.netFD.cancellable("write", this.netFD.write(p), cancel);
  }

  /** See {@linkcode Conn.writev}. */
  writev(pieces: readonly Uint8Array[], cancel?: Cancel): Routine<number> {
    return writev(this.netFD, pieces, cancel);
  }

  /** See {@linkcode Conn.close}. */
  close(): void {
    this.netFD.close();
  }

  /** See {@linkcode Conn.closeRead}. */
  closeRead(): void {
    this.netFD.shutdown("read");
  }

  /** See {@linkcode Conn.closeWrite}. */
  closeWrite(): void {
    this.netFD.shutdown("write");
  }

  /** See {@linkcode Conn.abort}. */
  abort(): void {
    this.netFD.abort();
  }

  /** See {@linkcode Conn.detach}. */
  detach(): number {
    return this.netFD.detach();
  }

  /** See {@linkcode Conn.localAddr}. */
  get localAddr(): A {
    return this.netFD.localAddr ?? this.nowhere;
  }

  /** See {@linkcode Conn.remoteAddr}. */
  get remoteAddr(): A {
    return this.netFD.remoteAddr ?? this.nowhere;
  }

  /** See {@linkcode Conn.fd}. */
  get fd(): number {
    return this.netFD.closed ? -1 : this.netFD.sysfd;
  }

  /** See {@linkcode Conn.setDeadline}. */
  setDeadline(at: Deadline): void {
    const monotonic = toMonotonic(at);
    this.netFD.setReadDeadline(monotonic);
    this.netFD.setWriteDeadline(monotonic);
  }

  /** See {@linkcode Conn.setReadDeadline}. */
  setReadDeadline(at: Deadline): void {
    this.netFD.setReadDeadline(toMonotonic(at));
  }

  /** See {@linkcode Conn.setWriteDeadline}. */
  setWriteDeadline(at: Deadline): void {
    this.netFD.setWriteDeadline(toMonotonic(at));
  }

  /** See {@linkcode Conn.setNoDelay}. */
  setNoDelay(on: boolean): void {
    this.netFD.setOption("TCP_NODELAY", on ? 1 : 0);
  }

  /** See {@linkcode Conn.setKeepAlive}. */
  setKeepAlive(on: boolean | KeepAlive): void {
    setKeepAlive((option, value) => this.netFD.setOption(option, value), on);
  }

  /** See {@linkcode Conn.setLinger}. */
  setLinger(seconds: number | null): void {
    if (
      seconds !== null && !(Number.isInteger(seconds) && seconds >= 0 && seconds <= MOST_LINGER)
    ) {
      throw new RangeError(
        `Cannot set linger as seconds must be a non-negative integer or null: current value is ${
          shown(seconds)
        }`,
      );
    }
    this.netFD.setLinger(seconds);
  }

  /** See {@linkcode Conn.setReadBuffer}. */
  setReadBuffer(bytes: number): void {
    this.netFD.setOption("SO_RCVBUF", bufferSize(bytes), true);
  }

  /** See {@linkcode Conn.setWriteBuffer}. */
  setWriteBuffer(bytes: number): void {
    this.netFD.setOption("SO_SNDBUF", bufferSize(bytes), true);
  }

  /** Closes the connection unless it is already closed. */
  [Symbol.dispose](): void {
    this.netFD.closeQuietly();
  }

  /** @internal */
  get [COUNTED](): Counted {
    return this.netFD;
  }

  /** @internal */
  get [DESCRIPTOR](): NetFD<A> {
    return this.netFD;
  }

  /** @internal */
  [DISOWN](): void {
    this.netFD.disown();
  }
}

/** Returns a valid buffer size; throws RangeError otherwise. */
export function bufferSize(bytes: number): number {
  if (Number.isInteger(bytes) && bytes > 0 && bytes < 2 ** 30) return bytes;
  throw new RangeError(
    `Cannot set the buffer size as bytes must be a positive integer: current value is ${
      shown(bytes)
    }`,
  );
}

notesCalls(StreamConn.prototype, "conn", "read", "readFull", "readable", "write", "writev");
