// SPDX-License-Identifier: MIT
/**
 * Ciphertext stream between `node:tls` and a connection.
 *
 * Neither runtime's engine applies backpressure to a stream that is not its own socket, so this
 * class does: it does not read for the engine while its plaintext is not wanted, and counts what
 * the engine writes. Nor does it report the end of the connection to the engine, which would treat
 * it as an orderly end: that requires a close_notify.
 */
import type { Duplex } from "node:stream";
import { platform } from "../../platforms/platform.ts";
import type { Conn } from "../net/net.ts";
import { ConnPump, pumpDuplex } from "../bridge/conn_pump.ts";

/** See the top of this file. */
export class CiphertextStream extends ConnPump {
  /** Whether the connection has ended or failed. */
  ended = false;
  /** Whether more plaintext is wanted. */
  isWanted: () => boolean = () => true;
  /** Called when the connection has ended, or failed with `error`. */
  onEnd: (error: Error | null) => void = () => {};
  /** Called when bytes are sent, or never will be. */
  onWrote: () => void = () => {};
  /** Number of records written by the engine that look like an alert, such as a close_notify. */
  alerts = 0;
  #asked = false;
  #drop: () => void = () => {};

  constructor(conn: Conn) {
    super(conn);
  }

  /** Creates the stream, for the engine. */
  open(): Duplex {
    const stream = pumpDuplex(this, true);
    if (platform().runtime.tlsHalfCloses) {
      // Deno destroys it when both sides have ended, before it has written its close_notify.
      const { destroy } = stream;
      stream.destroy = () => stream;
      this.#drop = () => destroy.call(stream);
    }
    return stream;
  }

  /** Destroys the stream: the engine has written all that will be sent. */
  drop(): void {
    this.#drop();
  }

  override read(): void {
    this.#asked = true;
    this.resume();
  }

  /** Reads if the engine has requested it and its plaintext is wanted. */
  resume(): void {
    if (!this.#asked || this.ended || !this.isWanted()) return;
    this.#asked = false;
    super.read();
  }

  /** Injects `bytes` as if they had just been received. */
  inject(bytes: Uint8Array): void {
    this.stream.push(bytes);
  }

  /** Does not close the connection: the TLS connection above does so, after its last byte. */
  override end(done: () => void): void {
    done();
  }

  override destroy(error: Error | null, done: (error: Error | null) => void): void {
    done(error);
  }

  protected override received(chunk: Uint8Array | null): void {
    if (chunk !== null) return super.received(chunk);
    this.ended = true;
    this.onEnd(null);
  }

  protected override failed(error: Error): void {
    this.ended = true;
    this.onEnd(error);
  }

  protected override wrote(failure: Error | null, done: (error?: Error | null) => void): void {
    // Do not report it to the engine: reads of the TLS connection report the error.
    done();
    if (failure !== null) this.failed(failure);
    this.onWrote();
  }

  override write(pieces: Uint8Array[], done: (error?: Error | null) => void): void {
    if (pieces.some(isAlert)) this.alerts++;
    super.write(pieces, done);
  }
}

/**
 * Content types of an alert and of application data, and the length of a record with an encrypted
 * alert.
 */
const ALERT = 21;
const APPLICATION_DATA = 23;
const ENCRYPTED_ALERT_BYTES = 5 + 2 + 1 + 16;

/** Whether a record is an alert. In TLS 1.3 it looks like application data of two bytes. */
function isAlert(piece: Uint8Array): boolean {
  return piece[0] === ALERT ||
    (piece[0] === APPLICATION_DATA && piece.length === ENCRYPTED_ALERT_BYTES);
}
