// SPDX-License-Identifier: MIT
/** A connection that first reads bytes that were already read from it. Go: io.MultiReader. */
import type { Addr } from "../net/addr/addr.ts";
import type { Deadline } from "../net/deadline.ts";
import { DESCRIPTOR, descriptorOf } from "../net/socket/descriptor.ts";
import type { Conn, KeepAlive } from "../net/net.ts";
import { readFull } from "../net/socket/read_full.ts";
import { checkBytes, plainView } from "../fd/check_bytes.ts";
import { COUNTED, type Counted } from "../fd/byte_counts.ts";
import { type Chunks, ReaderChunks } from "../fd/chunks.ts";
import type { FD } from "../fd/fd.ts";
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { DISOWN, disown } from "../sched/ownership.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { OUTCOME, SelectCase, SelectWaiter } from "../chan/select_case.ts";
import { notesCalls } from "../sched/noted_methods.ts";

type Ready = { value: undefined; ok: true };

/** Returns `conn` with `unread` in front of its input. */
export function unreadConn(conn: Conn, unread: Uint8Array): Conn {
  return new UnreadConn(conn, unread);
}

/** See {@linkcode unreadConn}. Delegates everything but reading. */
class UnreadConn implements Conn {
  readonly #conn: Conn;
  #unread: Uint8Array;

  constructor(conn: Conn, unread: Uint8Array) {
    this.#conn = conn;
    this.#unread = unread;
  }

  *read(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    checkBytes("read", p);
    p = plainView(p);
    // An empty read reports a closed connection or a cancelled context.
    if (this.#unread.length > 0) yield* this.#conn.read(p.subarray(0, 0), cancel);
    const n = Math.min(this.#unread.length, p.length);
    if (n === 0) return yield* this.#conn.read(p, cancel);
    p.set(this.#unread.subarray(0, n));
    this.#unread = this.#unread.subarray(n);
    return n;
  }

  readFull(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    return readFull(this, p, cancel);
  }

  *readable(cancel?: Cancel): Routine<void> {
    if (this.#unread.length === 0) yield* this.#conn.readable(cancel);
    else yield* this.#conn.read(this.#unread.subarray(0, 0), cancel);
  }

  chunks(): Chunks {
    return new ReaderChunks(this);
  }

  onReadable(): SelectCase<Ready> {
    return new UnreadCase(this.#conn.onReadable(), () => this.#unread.length > 0);
  }

  write(p: Uint8Array | string, cancel?: Cancel): Routine<number> {
    return this.#conn.write(p, cancel);
  }

  writev(pieces: readonly Uint8Array[], cancel?: Cancel): Routine<number> {
    return this.#conn.writev(pieces, cancel);
  }

  onWritable(): SelectCase<Ready> {
    return this.#conn.onWritable();
  }

  close(): void {
    this.#conn.close();
  }

  closeRead(): void {
    this.#unread = this.#unread.subarray(0, 0);
    this.#conn.closeRead();
  }

  closeWrite(): void {
    this.#conn.closeWrite();
  }

  abort(): void {
    this.#conn.abort();
  }

  detach(): number {
    const { length } = this.#unread;
    if (length > 0) throw new PanicError(`detach of a connection with ${length} unread bytes`);
    return this.#conn.detach();
  }

  get localAddr(): Addr {
    return this.#conn.localAddr;
  }

  get remoteAddr(): Addr {
    return this.#conn.remoteAddr;
  }

  get fd(): number {
    return this.#conn.fd;
  }

  setDeadline(at: Deadline): void {
    this.#conn.setDeadline(at);
  }

  setReadDeadline(at: Deadline): void {
    this.#conn.setReadDeadline(at);
  }

  setWriteDeadline(at: Deadline): void {
    this.#conn.setWriteDeadline(at);
  }

  setNoDelay(on: boolean): void {
    this.#conn.setNoDelay(on);
  }

  setKeepAlive(on: boolean | KeepAlive): void {
    this.#conn.setKeepAlive(on);
  }

  setLinger(seconds: number | null): void {
    this.#conn.setLinger(seconds);
  }

  setReadBuffer(bytes: number): void {
    this.#conn.setReadBuffer(bytes);
  }

  setWriteBuffer(bytes: number): void {
    this.#conn.setWriteBuffer(bytes);
  }

  [Symbol.dispose](): void {
    this.#conn[Symbol.dispose]();
  }

  /** @internal */
  get [COUNTED](): Counted | undefined {
    return (this.#conn as { readonly [COUNTED]?: Counted })[COUNTED];
  }

  /** @internal */
  get [DESCRIPTOR](): FD | undefined {
    // While there are unread bytes, the kernel must not move the bytes after them.
    return this.#unread.length > 0 ? undefined : descriptorOf(this.#conn) ?? undefined;
  }

  /** @internal */
  [DISOWN](): void {
    disown(this.#conn);
  }
}

/** Ready at once while there are unread bytes, and like the connection's own case afterwards. */
class UnreadCase implements SelectCase<Ready> {
  /** @internal */
  declare readonly [OUTCOME]?: Ready;
  readonly #below: SelectCase<Ready>;
  readonly #unread: () => boolean;

  constructor(below: SelectCase<Ready>, unread: () => boolean) {
    this.#below = below;
    this.#unread = unread;
  }

  try(waiter: SelectWaiter): boolean {
    if (this.#unread()) return waiter.ok = true;
    return this.#below.try(waiter);
  }

  enqueue(waiter: SelectWaiter): void {
    this.#below.enqueue(waiter);
  }

  dequeue(waiter: SelectWaiter): void {
    this.#below.dequeue(waiter);
  }

  collect(waiter: SelectWaiter): undefined {
    return this.#below.collect(waiter);
  }
}

notesCalls(UnreadConn.prototype, "conn", "read", "readFull", "readable", "write", "writev");
