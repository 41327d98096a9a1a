// SPDX-License-Identifier: MIT
/** TLS connection with `node:tls` as engine. Go: crypto/tls/conn.go. */
import type { PeerCertificate, TLSSocket } from "node:tls";
import { platform } from "../../platforms/platform.ts";
import { HalfConn } from "../net/io/half_conn.ts";
import { descriptorOf } from "../net/socket/descriptor.ts";
import { lingerTimeoutOf, NetFD } from "../net/socket/net_fd.ts";
import { OpError } from "../net/errors.ts";
import type { Conn, KeepAlive } from "../net/net.ts";
import { ClosedError, UnexpectedEOFError } from "../fd/errors.ts";
import { DeadlineExceededError } from "../context/errors.ts";
import { sleep, wait } from "../sched/api.ts";
import { now } from "../sched/clock.ts";
import type { Routine } from "../sched/goroutine.ts";
import { DISOWN, disown } from "../sched/ownership.ts";
import { scheduler } from "../sched/thread.ts";
import { type Cancel, cancellable } from "../context/cancellable.ts";
import { DuplexConn } from "../bridge/duplex_conn.ts";
import type { TLSConn } from "./tls.ts";
import { TLSUnsupportedError } from "./tls_error.ts";
import type { CiphertextStream } from "./ciphertext_stream.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/** Maximum amount of unread plaintext before reading of ciphertext stops. */
const MOST_READY = 64 * 1024;
/** Turns of the host's loop within which its engine processes its input. */
const SETTLING_TURNS = 3;
/** Maximum delay of the engine's close_notify on Deno. */
const LATE_MS = 500;

/** See the top of this file. */
export class TLSConnImpl extends DuplexConn implements TLSConn {
  readonly conn: Conn;
  readonly #ciphertext: CiphertextStream;
  readonly #securing = new HalfConn("TLS handshake");
  #socket: TLSSocket | null = null;
  #secured = false;
  #endWhenSecured = false;
  /** Whether the engine has processed the end of the underlying connection. */
  #settled: "no" | "soon" | "yes" = "no";

  /** */
  constructor(conn: Conn, ciphertext: CiphertextStream) {
    super(conn.localAddr, conn.remoteAddr, lingerTimeoutOf(conn));
    this.conn = conn;
    this.#ciphertext = ciphertext;
    this.#securing.onWatch = this.reading.onWatch;
    this.#securing.onUnwatch = this.reading.onUnwatch;
    ciphertext.isWanted = () => this.ready + (this.stream?.readableLength ?? 0) < MOST_READY;
    ciphertext.onWrote = () => this.changed();
    ciphertext.onEnd = (error) => {
      if (error !== null) this.broken(error);
      this.changed();
    };
  }

  get alpnProtocol(): string {
    return this.#socket?.alpnProtocol || "";
  }

  get protocol(): string {
    return this.#socket?.getProtocol() ?? "";
  }

  get cipher(): string {
    return this.#socket?.getCipher()?.standardName ?? "";
  }

  get serverName(): string {
    return (this.#socket as { servername?: string | false } | null)?.servername || "";
  }

  get authorized(): boolean {
    return this.peerCertificate !== null && this.#socket!.authorized;
  }

  get peerCertificate(): PeerCertificate | null {
    const certificate = this.#socket?.getPeerCertificate();
    return certificate?.raw === undefined ? null : certificate;
  }

  readonly engine = "host";
  readonly ocspResponse = null;
  readonly kernelTLS = false;

  get resumed(): boolean {
    const socket = this.#socket as { isSessionReused?(): boolean } | null;
    return socket?.isSessionReused?.() ?? false;
  }

  exportKeyingMaterial(): Uint8Array {
    throw new TLSUnsupportedError("exportKeyingMaterial", "host");
  }

  handshake(cancel?: Cancel): Routine<void> {
    const call = this.#handshake();
    return cancel === undefined
      ? call
      : cancellable(call, cancel, (e) => this.fail("handshake", e));
  }

  /** Waits for the handshake until `at`, in milliseconds of `performance.now()`. */
  *secureBy(at: number): Routine<void> {
    this.#securing.setDeadline(at);
    try {
      yield* this.#handshake();
    } catch (error) {
      this.fall();
      throw error;
    }
  }

  /** Creates the error of a handshake. */
  unsecured(cause: Error): Error {
    return this.fail("handshake", cause);
  }

  /** Attaches the engine's socket. */
  engage(socket: TLSSocket): void {
    this.#socket = socket;
    this.attach(socket);
  }

  /** Marks the handshake as completed. */
  secured(): void {
    this.#secured = true;
    if (this.#endWhenSecured) this.stream!.end();
    this.changed();
  }

  /** Fails the handshake, or the engine after it. */
  refused(error: Error): void {
    this.broken(error);
  }

  override closeWrite(): void {
    if (this.closed) return;
    if (this.#secured) return super.closeWrite();
    this.#endWhenSecured = true;
  }

  override abort(): void {
    super.abort();
    this.#ciphertext.drop();
    this.conn.abort();
  }

  override setNoDelay(on: boolean): void {
    this.conn.setNoDelay(on);
  }

  override setKeepAlive(on: boolean | KeepAlive): void {
    this.conn.setKeepAlive(on);
  }

  override setLinger(seconds: number | null): void {
    this.conn.setLinger(seconds);
  }

  override setReadBuffer(bytes: number): void {
    this.conn.setReadBuffer(bytes);
  }

  override setWriteBuffer(bytes: number): void {
    this.conn.setWriteBuffer(bytes);
  }

  /** */
  [DISOWN](): void {
    disown(this.conn);
  }

  protected override changed(): void {
    super.changed();
    this.#securing.changed();
  }

  protected override get unwritten(): number {
    return super.unwritten + this.#ciphertext.unwritten;
  }

  protected override get writable(): boolean {
    return super.writable && (!this.#peerHasEnded || platform().runtime.tlsHalfCloses);
  }

  /** Whether a close_notify has arrived, possibly after unread plaintext. */
  get #peerHasEnded(): boolean {
    const { stream } = this;
    const { _readableState: state } = (stream ?? {}) as { _readableState?: { ended?: boolean } };
    return this.ended || (this.failure === null && state?.ended === true);
  }

  protected override get mayRead(): boolean {
    return super.mayRead || this.#isCut;
  }

  /** Whether the underlying connection has ended, and the engine has no more output. */
  get #isCut(): boolean {
    if (!this.#ciphertext.ended || this.ended) return false;
    if (this.#settled === "no") this.#settle();
    return this.#settled === "yes";
  }

  protected override get room(): number {
    return this.#secured ? super.room : 0;
  }

  protected override take(p: Uint8Array): number | null | undefined {
    const n = super.take(p);
    this.#ciphertext.resume();
    return n;
  }

  protected override atEnd(): null | undefined {
    if (super.atEnd() === null) return null;
    if (this.#isCut) this.broken(new UnexpectedEOFError(0));
    return super.atEnd();
  }

  /** Reports the cause of an error of the underlying connection as an error of this one. */
  protected override broken(error: Error): void {
    super.broken(error instanceof OpError ? error.cause : error);
  }

  protected override *finish(since: number): Routine<void> {
    const { stream } = this;
    if (stream === null || !this.#secured) return;
    const until = since + this.lingerTimeout;
    const ended = stream.writableEnded;
    const { alerts } = this.#ciphertext;
    stream.end();
    stream.resume();
    yield* this.outlast(() => stream.writableFinished || stream.destroyed, until);
    // The close_notify follows the last byte, on Deno with a delay.
    yield* turns();
    const late = platform().runtime.tlsHalfCloses && !ended ? Math.min(now() + LATE_MS, until) : 0;
    while (now() < late && this.#ciphertext.alerts === alerts) {
      yield* sleep(1);
      yield* turns();
    }
    yield* this.outlast(() => this.#ciphertext.unwritten === 0, until);
    const fd = descriptorOf(this.conn);
    if (fd instanceof NetFD) fd.lingerTimeout = Math.max(0, until - now());
  }

  protected override release(): void {
    this.fall();
  }

  protected override failed(op: "read" | "write"): Error {
    return this.#secured ? super.failed(op) : this.unsecured(this.failure!);
  }

  *#handshake(): Routine<void> {
    while (!this.#secured) {
      if (this.closed) throw this.unsecured(new ClosedError());
      // An end before the handshake has completed is not orderly.
      if (this.atEnd() === null) throw this.unsecured(new UnexpectedEOFError(0));
      if (this.#securing.expired) throw this.unsecured(new DeadlineExceededError());
      yield* this.#securing.wait();
    }
  }

  /** Closes the underlying connection and the engine. */
  fall(): void {
    this.conn[Symbol.dispose]();
    this.stream?.destroy();
    this.#ciphertext.drop();
    scheduler.handOver();
  }

  #settle(): void {
    this.#settled = "soon";
    let left = SETTLING_TURNS;
    const turn = () => {
      if (left-- > 0) return void setImmediate(turn);
      this.#settled = "yes";
      this.changed();
    };
    scheduler.handOver(turn);
  }
}

/** Waits for some turns of the host's loop. */
function* turns(): Routine<void> {
  for (let i = 0; i < SETTLING_TURNS; i++) {
    scheduler.handOver();
    yield* wait(new Promise<void>((resolve) => setImmediate(resolve)));
  }
}

showAs(TLSConnImpl.prototype, ({ conn }) => `TLS${conn}`);

notesCalls(TLSConnImpl.prototype, "conn", "handshake");
