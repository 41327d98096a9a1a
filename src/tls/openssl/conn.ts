// SPDX-License-Identifier: MIT
/** TLS connection with OpenSSL as engine, over any connection. Go: crypto/tls/conn.go. */
import type { PeerCertificate } from "node:tls";
import { addWritten } from "../../fd/byte_counts.ts";
import { bytesOf, checkBytes, checkPieces, lengthOf, plainView } from "../../fd/check_bytes.ts";
import type { Chunks } from "../../fd/chunks.ts";
import { ClosedError, UnexpectedEOFError } from "../../fd/errors.ts";
import type { Cancel } from "../../context/cancellable.ts";
import { cancellable } from "../../context/cancellable.ts";
import type { Addr } from "../../net/addr/addr.ts";
import { type Deadline, toMonotonic } from "../../net/deadline.ts";
import { OpError } from "../../net/errors.ts";
import { HalfConn } from "../../net/io/half_conn.ts";
import { type Progress, VirtualConn, type VirtualOp } from "../../net/io/virtual_conn.ts";
import type { Conn, KeepAlive } from "../../net/net.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { DISOWN, disown } from "../../sched/ownership.ts";
import type { RunOwner } from "../../sched/goroutine.ts";
import { currentRun, spawn } from "../../sched/spawn.ts";
import { scheduler } from "../../sched/thread.ts";
import { BrokenPipeError } from "../broken_pipe.ts";
import type { TLSConn } from "../tls.ts";
import { SecureChunks } from "./chunks.ts";
import { FDTransport } from "./fd_transport.ts";
import type { TransferProgress } from "../../fd/transfer_progress.ts";
import { OUTLET, type Outlet, type Transfer } from "../../net/socket/descriptor.ts";
import { Peer } from "./peer.ts";
import type { SecureConn } from "./secure_conn.ts";
import { closeWithRun, leaveRun } from "./run_conns.ts";
import { SecureRead } from "./read_operation.ts";
import { AT_END, type SSLHandle } from "./ssl_handle.ts";
import type { SessionCache } from "./sessions.ts";
import { NOTHING_YET, type Transport } from "./transport.ts";
import { TransportHalf } from "./transport_half.ts";
import { MOST_PLAINTEXT } from "./wire.ts";
import { SecureWrite } from "./write_operation.ts";
import { notesCalls } from "../../sched/noted_methods.ts";

/** Most bytes per system call. */
const MOST_TRANSFER = 1 << 30;

/** See the top of this file. */
export class OpenSSLConn extends VirtualConn implements TLSConn, SecureConn {
  /** The SSL object; null until the handshake has started. @internal */
  handle: SSLHandle | null = null;
  /** Whether the handshake has completed. @internal */
  secured = false;
  /**
   * First failure, other than those recorded by the SSL object; null if there is none. @internal
   */
  failure: Error | null = null;
  /** Whether this side has shut down reading. @internal */
  readEnded = false;
  /** Cache that receives the session for later connections, or null. @internal */
  sessions: SessionCache | null = null;
  /** @internal */
  readonly transport: Transport;
  /** The transport if it is one of the library's sockets, which has a fast path. @internal */
  readonly socket: FDTransport | null;
  /** Wait queue for the handshake; null if it was never needed. */
  #securing: HalfConn | null = null;
  #endWhenSecured = false;
  #flushing = false;
  /** See {@linkcode securedWithRest}. */
  #deferred = false;
  /** Whether the socket is lent to a transfer. */
  #lent = false;
  #readOperation: SecureRead | null = null;
  readonly #run: RunOwner | null = scheduler.current?.run ?? null;
  #serverName = "";
  #peer: Peer | null = null;

  /** @internal */
  constructor(transport: Transport) {
    super(
      new TransportHalf(transport, "read", false),
      new TransportHalf(transport, "write", false),
    );
    this.transport = transport;
    this.socket = transport instanceof FDTransport ? transport : null;
    // A run that ends closes this connection, and thereby the socket, not the socket alone.
    if (this.socket !== null) this.socket.fd.pd!.holder = new Holder(this, this.socket);
    else if (this.#run !== null) closeWithRun(this.#run, this);
  }

  /** See {@linkcode TLSConn.conn}. */
  get conn(): Conn {
    return this.transport.conn;
  }

  /** See {@linkcode Conn.localAddr}. */
  get localAddr(): Addr {
    return this.transport.conn.localAddr;
  }

  /** See {@linkcode Conn.remoteAddr}. */
  get remoteAddr(): Addr {
    return this.transport.conn.remoteAddr;
  }

  /** See {@linkcode TLSConn.alpnProtocol}. */
  get alpnProtocol(): string {
    return this.#agreed?.alpnProtocol ?? "";
  }

  /** See {@linkcode TLSConn.protocol}. */
  get protocol(): string {
    return this.#agreed?.protocol ?? "";
  }

  /** See {@linkcode TLSConn.cipher}. */
  get cipher(): string {
    return this.#agreed?.cipher ?? "";
  }

  /** See {@linkcode TLSConn.serverName}. */
  get serverName(): string {
    return this.#serverName;
  }

  set serverName(name: string) {
    this.#serverName = name;
  }

  /** See {@linkcode TLSConn.authorized}. */
  get authorized(): boolean {
    return this.#agreed?.authorized ?? false;
  }

  /** See {@linkcode TLSConn.peerCertificate}. */
  get peerCertificate(): PeerCertificate | null {
    return this.#agreed?.certificate ?? null;
  }

  /** See {@linkcode TLSConn.engine}. */
  get engine(): "openssl" {
    return "openssl";
  }

  /** See {@linkcode TLSConn.kernelTLS}. */
  get kernelTLS(): boolean {
    return this.handle?.kernel ?? false;
  }

  /** See {@linkcode TLSConn.resumed}. */
  get resumed(): boolean {
    return this.#agreed?.resumed ?? false;
  }

  /** See {@linkcode TLSConn.ocspResponse}. */
  get ocspResponse(): Uint8Array | null {
    return this.#agreed?.ocspResponse ?? null;
  }

  /** See {@linkcode TLSConn.exportKeyingMaterial}. */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    if (this.closed) throw this.failClosed("close");
    if (this.#agreed === null) throw this.unsecured(new Error("the handshake is not complete"));
    return this.#agreed.exportKeyingMaterial(length, label, context);
  }

  /** See {@linkcode TLSConn.handshake}. */
  handshake(cancel?: Cancel): Routine<void> {
    const call = this.#handshake();
    if (cancel === undefined) return call;
    return cancellable(call, cancel, (cause) => this.unsecured(cause));
  }

  /** See {@linkcode Conn.read}. */
  override read(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    if (cancel !== undefined || this.socket === null) return super.read(p, cancel);
    checkBytes("read", p);
    const own = this.#readOperation ??= new SecureRead(this, this.socket);
    return (own.unused ? own : new SecureRead(this, this.socket)).call(plainView(p));
  }

  /** See {@linkcode Conn.write}. */
  override write(p: Uint8Array | string, cancel?: Cancel): Routine<number> {
    if (cancel !== undefined || this.socket === null) return super.write(p, cancel);
    return SecureWrite.of(this, this.socket).call(bytesOf(p));
  }

  /** See {@linkcode Conn.writev}. Short pieces share a record. */
  override writev(pieces: readonly Uint8Array[], cancel?: Cancel): Routine<number> {
    const length = checkPieces("write", pieces);
    if (length > MOST_PLAINTEXT) return super.writev(pieces, cancel);
    const all = new Uint8Array(new ArrayBuffer(length));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += lengthOf(piece);
    }
    return this.write(all, cancel);
  }

  /** See {@linkcode Conn.chunks}. */
  override chunks(): Chunks {
    return this.socket === null ? super.chunks() : new SecureChunks(this, this.socket);
  }

  /** A read that may have to wait for its turn or for the handshake. @internal */
  readSlowly(p: Uint8Array): Routine<number | null> {
    return super.read(p);
  }

  /** As {@linkcode readSlowly}. @internal */
  writeSlowly(p: Uint8Array): Routine<number> {
    return super.write(p);
  }

  /** See {@linkcode Conn.close}. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { handle } = this;
    // A transfer that this interrupts must not look complete to the peer.
    const orderly = this.failure === null && !this.#lent;
    if (this.secured && orderly) handle!.shutdown();
    const rest = handle?.out ?? null;
    this.#end();
    this.transport.close(orderly ? rest : null);
  }

  /** See {@linkcode Conn.abort}. */
  abort(): void {
    if (this.closed) return;
    this.closed = true;
    this.#end();
    this.transport.abort();
  }

  /** See {@linkcode Conn.closeRead}. */
  closeRead(): void {
    if (this.closed) return;
    this.readEnded = true;
    this.changed();
  }

  /** See {@linkcode Conn.closeWrite}. */
  closeWrite(): void {
    if (this.closed) return;
    if (this.secured) this.#shutdown();
    else this.#endWhenSecured = true;
  }

  /** See {@linkcode Conn.setReadDeadline}. */
  override setReadDeadline(at: Deadline): void {
    super.setReadDeadline(at);
    if (this.socket?.closed === false) this.socket.fd.setReadDeadline(toMonotonic(at));
  }

  /** See {@linkcode Conn.setWriteDeadline}. */
  override setWriteDeadline(at: Deadline): void {
    super.setWriteDeadline(at);
    if (this.socket?.closed === false) this.socket.fd.setWriteDeadline(toMonotonic(at));
  }

  /** See {@linkcode Conn.setNoDelay}. */
  setNoDelay(on: boolean): void {
    this.conn.setNoDelay(on);
  }

  /** See {@linkcode Conn.setKeepAlive}. */
  setKeepAlive(on: boolean | KeepAlive): void {
    this.conn.setKeepAlive(on);
  }

  /** See {@linkcode Conn.setLinger}. */
  setLinger(seconds: number | null): void {
    this.conn.setLinger(seconds);
  }

  /** See {@linkcode Conn.setReadBuffer}. */
  setReadBuffer(bytes: number): void {
    this.conn.setReadBuffer(bytes);
  }

  /** See {@linkcode Conn.setWriteBuffer}. */
  setWriteBuffer(bytes: number): void {
    this.conn.setWriteBuffer(bytes);
  }

  /** Whether this side has closed it, or the underlying connection is closed. @internal */
  get gone(): boolean {
    return this.closed || this.transport.closed;
  }

  /** Marks the handshake as completed. @internal */
  nowSecured(): void {
    this.secured = true;
    if (this.#endWhenSecured) this.#shutdown();
    // Until now, what arrived concerned the handshake alone.
    this.watchTransport();
    this.changed();
  }

  /** Has readers and writers wait for the underlying connection as well. @internal */
  watchTransport(): void {
    (this.reading as TransportHalf).start();
    (this.writing as TransportHalf).start();
  }

  /**
   * Marks the handshake as completed, and sends what it has left in `out` together with an answer
   * that the goroutines of this connection write at once. Parks for a turn. @internal
   */
  *securedWithRest(): Routine<void> {
    this.#deferred = true;
    try {
      // The client's first data often has arrived meanwhile.
      if (!this.gone) this.socket!.fd.pd!.rready = true;
      this.nowSecured();
      if (this.handle!.out !== null) yield scheduler.yieldNow();
    } finally {
      this.#deferred = false;
      if (this.handle!.out !== null) this.flushSoon();
    }
  }

  /** Whether `out` waits for what is written next, which is to be appended. @internal */
  get deferred(): boolean {
    return this.#deferred;
  }

  /** Fails the handshake: sends the alert to the peer and closes. @internal */
  refused(cause: Error): void {
    if (this.closed) return;
    const rest = this.handle?.out ?? null;
    this.broken(cause);
    this.handle?.free();
    this.#leaveRun();
    this.transport.close(rest);
  }

  /** Records a failure: readers receive it after the remaining data. @internal */
  broken(cause: Error): void {
    this.failure ??= cause;
    this.changed();
  }

  /** Creates the error of a handshake. @internal */
  unsecured(cause: Error): Error {
    return this.fail("handshake", cause);
  }

  /**
   * Creates the error of a call after a failure, with the SSL object's error, or else `cause`.
   * @internal
   */
  failed(op: "read" | "write", cause: Error | null = this.failure): Error {
    if (!this.secured) return this.unsecured(cause!);
    if (!(cause instanceof UnexpectedEOFError)) return this.fail(op, cause!);
    return op === "read" ? new UnexpectedEOFError(0) : this.fail(op, new BrokenPipeError());
  }

  /** Creates the error of `op`, with the addresses of the underlying connection. @internal */
  override fail(op: VirtualOp | "handshake", cause: Error): Error {
    return new OpError(op, this.localAddr.network, this.localAddr, this.remoteAddr, cause);
  }

  /** @internal */
  override failClosed(op: VirtualOp): Error {
    return this.fail(op, new ClosedError());
  }

  /**
   * Sends pending ciphertext, as far as the underlying connection accepts it. Returns whether all
   * is sent. @internal
   */
  flushNow(): boolean {
    const handle = this.handle!;
    // What follows a transfer waits for its end.
    if (this.#lent && handle.out !== null) return false;
    while (handle.out !== null && !this.gone) {
      try {
        const n = this.transport.send(handle.out, handle.out.length);
        if (n === 0) return false;
        handle.sent(n);
      } catch (error) {
        this.broken(error as Error);
        return false;
      }
    }
    return true;
  }

  /**
   * As {@linkcode flushNow}, and sends the rest in the background unless another goroutine does.
   * @internal
   */
  flushSoon(): void {
    if (this.#flushing || this.#deferred || this.flushNow() || this.failure !== null) return;
    this.#flushing = true;
    const run = this.#run?.ending === false ? this.#run : currentRun();
    spawn(run, "TLS flush", this.#flushAside());
  }

  /** @internal */
  [DISOWN](): void {
    this.#leaveRun();
    disown(this.conn);
  }

  /** Wakes all waiters to retry. */
  protected changed(): void {
    this.reading.changed();
    this.writing.changed();
    this.#securing?.changed();
    this.transport.wake();
  }

  protected override get mayRead(): boolean {
    if (this.readEnded || this.failure !== null || this.transport.closed) return true;
    if (!this.secured) return false;
    for (;;) {
      if (this.handle!.peek()) return true;
      if (this.handle!.out !== null) this.flushSoon();
      const n = this.#receive();
      if (n !== true) return n === null;
    }
  }

  protected override get mayWrite(): boolean {
    if (this.failure !== null || this.transport.closed) return true;
    if (!this.secured) return false;
    return this.handle!.shut || (this.flushNow() && this.transport.ready("write"));
  }

  protected override take(p: Uint8Array): number | null | undefined {
    if (this.readEnded) return null;
    if (this.transport.closed && this.failure === null) throw this.fail("read", new ClosedError());
    for (;;) {
      if (this.secured) {
        const n = this.decrypt(p, p.length);
        if (n > 0) return n;
        if (n === AT_END) return null;
      }
      if (this.failure !== null) throw this.failed("read");
      // Until then, the handshake consumes all input.
      if (!this.secured || this.#receive() === false) return undefined;
    }
  }

  /** Decrypts; throws the error of a read. See {@linkcode SSLHandle.read}. @internal */
  decrypt(p: Uint8Array, length: number): number {
    const handle = this.handle!;
    try {
      return handle.read(p, length);
    } catch (error) {
      throw this.failed("read", error as Error);
    } finally {
      if (handle.out !== null) this.flushSoon();
    }
  }

  protected override *put(p: Uint8Array, progress: Progress): Routine<void> {
    for (let at = 0; at < p.length;) {
      yield* this.#flush();
      const rest = at === 0 ? p : p.subarray(at);
      let length = Math.min(rest.length, MOST_PLAINTEXT);
      const handle = this.handle!;
      if (handle.kernel) length = this.sendPlain(rest, rest.length);
      else handle.append(handle.wire.output, 0, this.encrypt(rest, length));
      at += length;
      progress.written += length;
      if (length === 0 && this.failure === null) yield* this.writing.wait();
    }
    yield* this.#flush();
  }

  /** See {@linkcode SecureConn.sendPlain}. @internal */
  sendPlain(p: Uint8Array, length: number): number {
    const handle = this.handle!;
    this.#checkWriting(handle);
    try {
      return this.socket!.sendBytes(p, Math.min(length, MOST_TRANSFER));
    } catch (error) {
      this.broken(error as Error);
      return 0;
    }
  }

  /** See {@linkcode OUTLET}: the socket, where its kernel encrypts. @internal */
  get [OUTLET](): Outlet | null {
    if (this.socket === null || (this.secured && !this.kernelTLS)) return null;
    return (transfer, progress, cancel) => this.#lend(transfer, progress, cancel);
  }

  /** Has `transfer` send plaintext by the socket itself; null where the kernel does not encrypt. */
  *#lend(
    transfer: Transfer,
    progress: TransferProgress,
    cancel: Cancel | undefined,
  ): Routine<number | null> {
    const unless = (call: Routine<void>) => {
      if (cancel === undefined) return call;
      return cancellable(
        call,
        cancel,
        (cause) => Object.assign(this.fail("write", cause), { bytesWritten: 0 }),
      );
    };
    yield* unless(this.writing.turn.lock());
    try {
      yield* unless(this.#flush());
      if (!this.kernelTLS) return null;
      this.#checkWriting(this.handle!);
      this.#lent = true;
      return yield* transfer(this.socket!.fd);
    } catch (error) {
      throw Object.assign(error as Error, progress.fields());
    } finally {
      this.#lent = false;
      addWritten(this, progress.moved);
      this.writing.turn.unlock();
      if (!this.gone && this.handle!.out !== null) this.flushSoon();
    }
  }

  #checkWriting({ shut, failure }: SSLHandle): void {
    if (shut) throw this.fail("write", new BrokenPipeError());
    if (failure !== null) throw this.failed("write", failure);
  }

  /** Encrypts; throws the error of a write. See {@linkcode SSLHandle.encrypt}. @internal */
  encrypt(p: Uint8Array, length: number): number {
    const handle = this.handle!;
    if (handle.shut) throw this.fail("write", new BrokenPipeError());
    try {
      return handle.encrypt(p, length);
    } catch (error) {
      throw this.failed("write", error as Error);
    }
  }

  get #agreed(): Peer | null {
    if (!this.secured || this.handle!.freed) return this.#peer;
    return this.#peer ??= new Peer(this.handle!);
  }

  /** Releases this side's resources and wakes all waiters. */
  #end(): void {
    this.#leaveRun();
    if (this.secured && this.handle?.freed === false) this.sessions?.keep(this.handle);
    this.handle?.free();
    this.changed();
  }

  #leaveRun(): void {
    if (this.socket === null && this.#run !== null) leaveRun(this.#run, this);
  }

  #shutdown(): void {
    this.handle!.shutdown();
    this.flushSoon();
  }

  /**
   * Passes received ciphertext to the SSL object: returns true; false if there is none yet; null at
   * the end or after a failure.
   */
  #receive(): boolean | null {
    const handle = this.handle!;
    try {
      const n = this.transport.receive(handle.wire.room());
      if (n === NOTHING_YET) return false;
      if (n > 0) {
        handle.feed(n);
        return true;
      }
      // An orderly end would have followed a close_notify.
      this.broken(new UnexpectedEOFError(0));
    } catch (error) {
      this.broken(error as Error);
    }
    return null;
  }

  *#handshake(): Routine<void> {
    const securing = this.#securing ??= new HalfConn("TLS handshake");
    while (!this.secured) {
      if (this.closed) throw this.unsecured(new ClosedError());
      if (this.failure !== null) throw this.unsecured(this.failure);
      yield* securing.wait();
    }
  }

  /** Waits until all pending ciphertext is sent. */
  *#flush(): Routine<void> {
    for (;;) {
      this.check("write");
      if (this.failure !== null) throw this.failed("write");
      if (this.transport.closed) throw this.fail("write", new ClosedError());
      if (this.secured && this.flushNow()) return;
      if (this.failure === null) yield* this.writing.wait();
    }
  }

  *#flushAside(): Routine<void> {
    const { writing } = this;
    const own = new TransportHalf(this.transport, "write");
    yield* writing.turn.lock();
    try {
      while (!this.gone && this.failure === null && !this.flushNow()) yield* own.wait();
    } finally {
      this.#flushing = false;
      writing.turn.unlock();
    }
  }
}

/** Closes the connection together with its run. */
class Holder {
  readonly #conn: OpenSSLConn;
  readonly #socket: FDTransport;

  constructor(conn: OpenSSLConn, socket: FDTransport) {
    this.#conn = conn;
    this.#socket = socket;
  }

  closeQuietly(): void {
    this.#conn[Symbol.dispose]();
  }

  describe(): string {
    return this.#socket.fd.describe();
  }
}

notesCalls(OpenSSLConn.prototype, "conn", "handshake", "read", "write", "writev");
