// SPDX-License-Identifier: MIT
/**
 * Owner of one SSL object: its input, its output, and its end, which comes exactly once, whatever
 * ended the connection, the goroutine or the run.
 *
 * Nothing here parks or touches a socket. `feed` adds received ciphertext; `out` holds ciphertext
 * that the connection must send before anything else. Every call that may produce ciphertext takes
 * it out of the BIO at once.
 */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import { ClosedError } from "../../fd/errors.ts";
import { onBehalfOf, takeAlert, takeMessage } from "./callbacks.ts";
import type { Context } from "./context.ts";
import { TLSError } from "../tls_error.ts";
import { failureOf, takeReason, verifyFailure } from "./failure.ts";
import { Owned } from "./owned.ts";
import { RecordCount } from "./record_count.ts";
import {
  SSL_ERROR_WANT_READ,
  SSL_ERROR_ZERO_RETURN,
  SSL_KEY_UPDATE_NONE,
  X509_V_OK,
} from "./numbers.ts";
import { countApplicationRecords, TrafficSecret } from "./traffic_secret.ts";
import type { Transport } from "./transport.ts";
import { type Wire, wire, type WireHolder } from "./wire.ts";

/** Result of `read` and `peek` without plaintext: more ciphertext is needed. */
const WANTS_MORE = -1;
/** Result after the peer's close_notify. */
export const AT_END = 0;

/** Type of an encrypted record. RFC 8446, section 5.1. */
const APPLICATION_DATA = 23;
/** A fatal alert. RFC 8446, section 6. */
const INTERNAL_ERROR = Uint8Array.of(2, 80);

const one = new Uint8Array(new ArrayBuffer(1));

/** See the top of this file. */
export class SSLHandle implements WireHolder {
  // What every call touches comes first: it lies in memory in this order.
  /** The SSL object. Must not be used once freed. */
  readonly ssl: Pointer;
  readonly wire: Wire;
  /** Whether the kernel encrypts what is sent: see kernel_tls.ts. Then `out` holds plain alerts. */
  kernel = false;
  /** Whether all received ciphertext is decrypted and returned. */
  drained = true;
  /** Ciphertext to send before anything else; null if there is none. */
  out: Uint8Array | null = null;
  /** Received ciphertext that is in no BIO. */
  #kept: Uint8Array | null = null;
  /** Number of its bytes last put into the shared BIO. */
  #fed = 0;
  /** First fatal error: OpenSSL's errors of later calls differ between versions. */
  failure: Error | null = null;
  /** Records received since all input was decrypted. */
  readonly #records = new RecordCount();
  /** Whether the peer has sent close_notify. */
  ended = false;
  /** Whether this side has sent it. */
  shut = false;
  /** What this side encrypts with; null if it is not wanted. */
  readonly secret: TrafficSecret | null;
  /** Records that the end of the handshake has sent under that secret: a server's tickets. */
  recordsSent = 0;
  readonly #context: Context;
  readonly #owned: Owned;
  /** BIO for the output of the handshake, owned by the SSL object. Null afterwards. */
  #wbio: Pointer | null;
  /** Whether OpenSSL executes a step of the handshake, in which keyLog may end the connection. */
  #shaking = false;
  #freeAfterStep = false;

  constructor(context: Context) {
    const { openssl } = context;
    const { ssl, crypto } = openssl;
    const pointer = ssl.SSL_new(context.pointer);
    if (!pointer) throw failureOf(openssl, "SSL_new");
    this.#context = context;
    this.secret = context.kTLS ? new TrafficSecret(context.side) : null;
    this.wire = wire();
    this.ssl = pointer;
    this.#owned = new Owned(this, "connections", pointer, ssl.SSL_free);
    const { incoming } = this.wire;
    crypto.BIO_up_ref(incoming.pointer);
    this.#wbio = crypto.BIO_new(crypto.BIO_s_mem());
    ssl.SSL_set_bio(pointer, incoming.pointer, this.#wbio);
    if (context.side === "server") ssl.SSL_set_accept_state(pointer);
    else ssl.SSL_set_connect_state(pointer);
  }

  /** Whether it has been freed. */
  get freed(): boolean {
    return this.#owned.freed || this.#freeAfterStep;
  }

  /** Frees the SSL object, after the current step of a handshake. A second call does nothing. */
  free(): void {
    if (this.#owned.freed) return;
    this.#freeAfterStep = this.#shaking;
    if (this.#shaking) return;
    this.#discard();
    this.#kept = null;
    this.secret?.wipe();
    this.#owned.free();
  }

  /**
   * Continues the handshake. Returns whether it has completed. Sends its output by `transport`, as
   * far as that accepts it and nothing has failed; the rest is in `out`, and so is what can wait for
   * the next write: see {@linkcode mayDefer}. Throws the cause of a failure.
   */
  handshake(transport: Transport): boolean {
    const { ssl } = this.wire.openssl;
    if (this.wire.holder !== this) this.#claim();
    const result = this.#step();
    const done = result === 1;
    if (!done && ssl.SSL_get_error(this.ssl, result) !== SSL_ERROR_WANT_READ) {
      this.failure ??= this.#handshakeFailure();
    }
    this.#takeFlight(this.failure === null && this.secret === null ? transport : null, done);
    if (done) {
      // What a client sends last is encrypted with keys of the handshake.
      if (this.secret !== null && this.out !== null && this.#context.side === "server") {
        this.recordsSent = countApplicationRecords(this.out);
      }
      this.#shareOutput();
      this.#keepRest();
    } else this.#discard();
    if (this.failure !== null) throw this.failure;
    return done;
  }

  /** Has OpenSSL continue the handshake; returns its result. */
  #step(): number {
    const { openssl } = this.wire;
    let result: number;
    this.#shaking = true;
    try {
      result = onBehalfOf(
        this.#context.hooks,
        this.secret,
        () => openssl.ssl.SSL_do_handshake(this.ssl),
      );
    } catch (error) {
      // OpenSSL's own would be reported by the next call, possibly on another connection.
      takeReason(openssl);
      throw this.failure ??= error as Error;
    } finally {
      this.#shaking = false;
      if (this.#freeAfterStep) this.free();
    }
    if (!this.freed) return result;
    takeReason(openssl);
    throw new ClosedError();
  }

  /**
   * Whether what the handshake has left in `out` can wait for the next write: a server's tickets,
   * which under TLS 1.3 are encrypted as data is, and for which no client waits.
   */
  get mayDefer(): boolean {
    return this.secret === null && this.out !== null && this.#areTickets(this.out);
  }

  /**
   * Makes `bytes`, which may be the beginning of the shared buffer, the input of the next step of
   * the handshake, which follows at once.
   */
  feedHello(bytes: Uint8Array): void {
    const room = this.wire.room();
    if (bytes.buffer !== room.buffer) room.set(bytes);
    this.#hold(bytes.length);
  }

  /** As {@linkcode feedHello}, with the first `length` bytes of the shared buffer. */
  feedHandshake(length: number): void {
    this.#hold(length);
  }

  /**
   * Adds the first `length` bytes of the shared buffer, received from the peer: see
   * {@linkcode Wire.room}. A read must have asked for more before.
   */
  feed(length: number): void {
    const { wire } = this;
    if (this.drained) this.#records.complete = 0;
    this.drained = false;
    this.#records.count(wire.incoming.bytes, length);
    this.#hold(length);
  }

  /** Makes the first `length` bytes of the shared buffer the input of the next calls. */
  #hold(length: number): void {
    const { wire } = this;
    wire.incoming.fill(length);
    wire.holder = this;
    this.#fed = length;
  }

  /** See {@linkcode WireHolder}. */
  vacate(): void {
    const { wire } = this;
    const { unread, bytes } = wire.incoming;
    wire.holder = null;
    if (unread === 0) return;
    this.#kept = bytes.slice(this.#fed - unread, this.#fed);
    wire.incoming.fill(0);
  }

  /**
   * Decrypts into the first `length` bytes of `p`, at most one record. Returns the number of bytes,
   * or one of the results above. Throws the connection's failure.
   */
  read(p: Uint8Array, length: number): number {
    if (this.drained) return this.#nothing();
    if (this.wire.holder !== this) this.#claim();
    const n = this.wire.openssl.ssl.SSL_read(this.ssl, p, length);
    if (n <= 0) return this.#noPlaintext(n);
    // Earlier records may have required a reply.
    if (this.#records.complete > 1) this.takeOut();
    if (this.kernel) this.#checkKeyUpdate();
    // A read that did not fill its buffer has reached the end of its record.
    if (n < length && --this.#records.complete === 0 && this.#records.aligned) {
      this.drained = true;
      this.wire.holder = null;
    }
    return n;
  }

  /** Whether `read` would not return {@linkcode WANTS_MORE}; decrypts, but consumes nothing. */
  peek(): boolean {
    if (this.drained) return this.ended || this.failure !== null;
    if (this.wire.holder !== this) this.#claim();
    const n = this.wire.openssl.ssl.SSL_peek(this.ssl, one, 1);
    if (n > 0) {
      this.takeOut();
      if (this.kernel) this.#checkKeyUpdate();
      return true;
    }
    try {
      return this.#noPlaintext(n) !== WANTS_MORE;
    } catch {
      return true;
    }
  }

  /**
   * Encrypts the first `length` bytes of `p`, at most {@linkcode MOST_PLAINTEXT}. Returns the
   * number of ciphertext bytes in the shared output buffer, to be sent at once or appended to
   * `out`. Throws the connection's failure.
   */
  encrypt(p: Uint8Array, length: number): number {
    const { openssl, outgoing } = this.wire;
    if (openssl.ssl.SSL_write(this.ssl, p, length) !== length) {
      this.failure ??= failureOf(openssl, "write failed");
      this.takeOut();
      throw this.failure;
    }
    const { written } = outgoing;
    outgoing.fill(0);
    return written;
  }

  /** Ends this side: appends close_notify to `out`. */
  shutdown(): void {
    if (this.shut || this.failure !== null || this.#owned.freed) return;
    this.shut = true;
    this.wire.openssl.ssl.SSL_shutdown(this.ssl);
    takeReason(this.wire.openssl);
    this.takeOut();
  }

  /** Appends OpenSSL's pending output to `out`, after the handshake. */
  takeOut(): void {
    const { outgoing, output } = this.wire;
    const { written } = outgoing;
    if (written === 0) return;
    outgoing.fill(0);
    if (this.kernel) this.#replace();
    else this.append(output, 0, written);
  }

  /** As `takeOut`, in the handshake; sends it by `transport` first. */
  #takeFlight(transport: Transport | null, done: boolean): void {
    const { openssl, output } = this.wire;
    for (;;) {
      const n = openssl.crypto.BIO_read(this.#wbio!, output, output.length);
      if (n <= 0) return;
      const waits = this.out !== null || (done && this.#areTickets(output));
      const sent = waits || transport === null ? 0 : transport.send(output, n);
      if (sent < n) this.append(output, sent, n);
    }
  }

  /** Whether `output`, what a completed handshake has left, is a server's tickets. */
  #areTickets(output: Uint8Array): boolean {
    return this.#context.side === "server" && output[0] === APPLICATION_DATA;
  }

  /**
   * What OpenSSL has produced is encrypted with a key that the kernel goes on with: an alert goes
   * into `out` as it is, to be encrypted there.
   */
  #replace(): void {
    const alert = takeAlert();
    if (alert === null) this.#refuseNewKeys();
    else this.append(alert, 0, alert.length);
  }

  /**
   * A KeyUpdate may want one in return before anything else is sent, which OpenSSL would produce
   * within the next write. The kernel would need the next key then, whose secret nothing shows.
   */
  #checkKeyUpdate(): void {
    if (!takeMessage() || this.failure !== null) return;
    const { ssl } = this.wire.openssl;
    if (ssl.SSL_get_key_update_type(this.ssl) !== SSL_KEY_UPDATE_NONE) this.#refuseNewKeys();
  }

  #refuseNewKeys(): void {
    this.failure ??= new TLSError(
      "tls: the peer has requested new keys (KeyUpdate), which kernel TLS does not support here",
      "ERR_TLS_KEY_UPDATE",
    );
    this.append(INTERNAL_ERROR, 0, INTERNAL_ERROR.length);
  }

  /** Appends bytes `start` to `end` of `bytes` to `out`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const before = this.out;
    if (before === null) {
      this.out = bytes.slice(start, end);
      return;
    }
    const all = new Uint8Array(new ArrayBuffer(before.length + end - start));
    all.set(before);
    all.set(bytes.subarray(start, end), before.length);
    this.out = all;
  }

  /** Removes the first `n` bytes of `out` after they were sent. */
  sent(n: number): void {
    this.out = n === this.out!.length ? null : this.out!.subarray(n);
  }

  #nothing(): number {
    if (this.failure !== null) throw this.failure;
    return this.ended ? AT_END : WANTS_MORE;
  }

  /** Handles the result `n` of a read without plaintext. */
  #noPlaintext(n: number): number {
    const { openssl } = this.wire;
    const error = openssl.ssl.SSL_get_error(this.ssl, n);
    this.drained = true;
    if (error === SSL_ERROR_ZERO_RETURN) this.ended = true;
    else if (error !== SSL_ERROR_WANT_READ) this.failure ??= failureOf(openssl, "read failed");
    // Without read-ahead, OpenSSL has consumed all input, except what follows an end.
    if (error !== SSL_ERROR_WANT_READ) this.#discard();
    else if (this.wire.holder === this) this.wire.holder = null;
    // An alert, or the reply to a key update.
    this.takeOut();
    if (this.kernel) this.#checkKeyUpdate();
    return this.#nothing();
  }

  /** Makes this connection the holder of the shared BIO, filled with its kept ciphertext alone. */
  #claim(): void {
    const { wire } = this;
    const room = wire.room();
    wire.holder = this;
    const kept = this.#kept;
    if (kept === null) return;
    this.#kept = null;
    room.set(kept);
    wire.incoming.fill(kept.length);
    this.#fed = kept.length;
  }

  /** Discards the rest of the input in the shared BIO. */
  #discard(): void {
    const { wire } = this;
    if (wire.holder !== this) return;
    wire.holder = null;
    wire.incoming.fill(0);
  }

  /** Switches to the shared BIO for output after the handshake: see wire.ts. */
  #shareOutput(): void {
    const { openssl, outgoing } = this.wire;
    this.#wbio = null;
    openssl.crypto.BIO_up_ref(outgoing.pointer);
    openssl.ssl.SSL_set0_wbio(this.ssl, outgoing.pointer);
  }

  /** Keeps the input that follows the handshake: it begins with a record. */
  #keepRest(): void {
    const { wire } = this;
    const { unread, bytes } = wire.incoming;
    if (unread === 0) {
      wire.holder = null;
      return;
    }
    this.drained = false;
    this.#records.count(bytes.subarray(this.#fed - unread, this.#fed), unread);
  }

  #handshakeFailure(): TLSError {
    const { openssl } = this.wire;
    const refused = this.#context.verifies
      ? openssl.ssl.SSL_get_verify_result(this.ssl)
      : X509_V_OK;
    const failure = failureOf(openssl, "handshake failed");
    const verification = failure.code === "ERR_SSL_CERTIFICATE_VERIFY_FAILED";
    return verification && refused !== X509_V_OK ? verifyFailure(openssl, refused) : failure;
  }
}
