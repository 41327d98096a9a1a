// SPDX-License-Identifier: MIT
/** A connection under TLS, whose engine is that of `node:tls`. Go: crypto/tls/conn.go. */
import type { PeerCertificate, TLSSocket } from "node:tls";
import { setImmediate } from "node:timers";
import { Direction } from "../net/direction.ts";
import { OpError } from "../net/errors.ts";
import type { Conn, KeepAlive } from "../net/net.ts";
import type { UserOp } from "../net/user_conn.ts";
import { ERR_DEADLINE, UnexpectedEOFError } from "../poll/errors.ts";
import { wait } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { DISOWN, disown } from "../sched/ownership.ts";
import { scheduler } from "../sched/thread.ts";
import { type Cancel, cancellable } from "../sync/cancel.ts";
import { DuplexConn } from "./duplex_conn.ts";
import type { Ciphertext } from "./tls_ciphertext.ts";

/** Plaintext that may lie ready before no more ciphertext is read. */
const MOST_READY = 64 * 1024;
/** Turns of the host's loop after which its engine has dealt with what it was given. */
const SETTLING_TURNS = 3;
/** How long a connection that is to be closed may make no progress before it is reset. */
const STALLED_MS = 5_000;

/**
 * A connection under TLS, as `tlsDial` and `tlsListen` give it. See {@linkcode Conn}. Go: `tls.Conn`.
 *
 * Reads and writes wait for the handshake, which goes on by itself. A write is over when the engine
 * has taken the bytes, as with the buffer of a socket; `close` lets them go out, tells the peer
 * (close_notify), and closes the connection below. A peer that ends that connection without telling
 * makes reads fail with {@linkcode UnexpectedEOFError}: somebody may have cut it short.
 */
export class TLSConn extends DuplexConn {
  /** The connection below. Reading or writing it breaks this one. Go: `tls.Conn.NetConn`. */
  readonly conn: Conn;
  readonly #ciphertext: Ciphertext;
  readonly #securing = new Direction("TLS handshake");
  #socket: TLSSocket | null = null;
  #secured = false;
  #endWhenSecured = false;
  /** Whether the end of the connection below is the end of what its engine has to say. */
  #settled: "no" | "soon" | "yes" = "no";

  /** @internal */
  constructor(conn: Conn, ciphertext: Ciphertext) {
    super(conn.localAddr, conn.remoteAddr);
    this.conn = conn;
    this.#ciphertext = ciphertext;
    this.#securing.onWatch = this.reading.onWatch;
    this.#securing.onUnwatch = this.reading.onUnwatch;
    ciphertext.isWanted = () => (this.stream?.readableLength ?? 0) < MOST_READY;
    ciphertext.onWrote = () => this.changed();
    ciphertext.onEnd = (error) => {
      if (error !== null) this.broken(error);
      this.changed();
    };
  }

  /** The protocol that was agreed on, or "" if none was. Go: `NegotiatedProtocol`. */
  get alpnProtocol(): string {
    return this.#socket?.alpnProtocol || "";
  }

  /** The version of TLS: "TLSv1.3"; "" before the handshake is over. */
  get protocol(): string {
    return this.#socket?.getProtocol() ?? "";
  }

  /** The cipher suite, as the standard names it: "TLS_AES_128_GCM_SHA256"; "" before the handshake. */
  get cipher(): string {
    return this.#socket?.getCipher()?.standardName ?? "";
  }

  /** The name that the client asked for, or "" if it asked for none. Go: `ServerName`. */
  get serverName(): string {
    return (this.#socket as { servername?: string | false } | null)?.servername || "";
  }

  /** Whether the peer showed a certificate that a trusted authority vouches for. */
  get authorized(): boolean {
    return this.peerCertificate !== null && this.#socket!.authorized;
  }

  /** The certificate that the peer showed, as `node:tls` tells it, or null. */
  get peerCertificate(): PeerCertificate | null {
    const certificate = this.#socket?.getPeerCertificate();
    return certificate?.raw === undefined ? null : certificate;
  }

  /**
   * Waits until the handshake is over. Parks. Reads and writes do so by themselves. Go:
   * `tls.Conn.HandshakeContext`.
   *
   * @param cancel ends the wait; the handshake goes on
   * @throws {OpError} when it failed: of a certificate, of a time-out, of the connection below
   */
  handshake(cancel?: Cancel): Routine<void> {
    const call = this.#handshake();
    return cancel === undefined
      ? call
      : cancellable(call, cancel, (e) => this.fail("handshake", e));
  }

  /** Waits for the handshake until `at`, in milliseconds of `performance.now()`. @internal */
  *secureBy(at: number): Routine<void> {
    this.#securing.setDeadline(at);
    try {
      yield* this.#handshake();
    } catch (error) {
      this.#fall();
      throw error;
    }
  }

  /** The engine's socket is there. @internal */
  engage(socket: TLSSocket): void {
    this.#socket = socket;
    this.attach(socket);
  }

  /** The handshake is over. @internal */
  secured(): void {
    this.#secured = true;
    if (this.#endWhenSecured) this.stream!.end();
    this.changed();
  }

  /** The handshake, or the engine after it, has failed. @internal */
  refused(error: Error): void {
    this.broken(error instanceof OpError ? error : this.fail("handshake", error));
  }

  override closeWrite(): void {
    if (this.closed) throw this.failClosed("close");
    if (this.#secured) return super.closeWrite();
    this.#endWhenSecured = true;
  }

  override abort(): void {
    super.abort();
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

  /** @internal */
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
    return super.writable && !this.#ciphertext.shut;
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
    if (!this.#ciphertext.ended) return undefined;
    if (this.#settled === "yes") throw new UnexpectedEOFError(0);
    if (this.#settled === "no") this.#settle();
    return undefined;
  }

  protected override *finish(): Routine<void> {
    const { stream } = this;
    try {
      if (stream === null || !this.#secured) return;
      stream.end();
      yield* this.outlast(() => stream.writableFinished || stream.destroyed, STALLED_MS);
      // The close_notify comes behind the last byte, on Deno a moment later.
      yield* turns();
      yield* this.outlast(() => this.#ciphertext.unwritten === 0, STALLED_MS);
    } finally {
      this.#fall();
    }
  }

  /** The errors of the handshake are whole already. */
  protected override failed(op: "read" | "write"): Error {
    return this.#secured ? super.failed(op) : this.failure!;
  }

  *#handshake(): Routine<void> {
    while (!this.#secured) {
      if (this.closed) throw this.failClosed("handshake" as UserOp);
      if (this.failure !== null) throw this.failed("read");
      if (this.#ciphertext.ended && this.#settled === "yes") {
        throw this.fail("handshake", new UnexpectedEOFError(0));
      }
      if (this.#ciphertext.ended && this.#settled === "no") this.#settle();
      if (this.#securing.late) throw this.fail("handshake", ERR_DEADLINE);
      yield* this.#securing.wait();
    }
  }

  /** Ends what is below, and the engine. */
  #fall(): void {
    this.conn[Symbol.dispose]();
    this.stream?.destroy();
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

/** Some turns of the host's loop. */
function* turns(): Routine<void> {
  for (let i = 0; i < SETTLING_TURNS; i++) {
    scheduler.handOver();
    yield* wait(new Promise<void>((resolve) => setImmediate(resolve)));
  }
}
