// SPDX-License-Identifier: MIT
/**
 * The stream of ciphertext between `node:tls` and a connection.
 *
 * Neither runtime's engine holds back what it reads or writes over a stream that is not its own
 * socket, so the flow is controlled here: nothing is read for the engine while the plaintext is not
 * wanted, and what it writes is counted. The end of the connection is not told to the engine
 * either, which would take it for an orderly one: that must come as a close_notify.
 */
import type { Conn } from "../net/net.ts";
import { ConnPump } from "../bridge/conn_pump.ts";

/** See the top of this file. */
export class CiphertextStream extends ConnPump {
  /** Whether the connection has ended or failed. */
  ended = false;
  /** Whether more plaintext is wanted. */
  isWanted: () => boolean = () => true;
  /** The connection has ended, or has failed with `error`. */
  onEnd: (error: Error | null) => void = () => {};
  /** Bytes are out, or will never be. */
  onWrote: () => void = () => {};
  /** Writes of the engine that look like an alert, as a close_notify is one. */
  alerts = 0;
  #asked = false;

  constructor(conn: Conn) {
    super(conn);
  }

  override read(): void {
    this.#asked = true;
    this.resume();
  }

  /** Reads if the engine has asked for it and its plaintext is wanted. */
  resume(): void {
    if (!this.#asked || this.ended || !this.isWanted()) return;
    this.#asked = false;
    super.read();
  }

  /** As if `bytes` had come now. */
  inject(bytes: Uint8Array): void {
    this.stream.push(bytes);
  }

  /** What closes the connection is the close of the TLS connection above, after its last byte. */
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
    // The engine need not know: whoever reads is told what became of the connection.
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
 * Content type of an alert, of application data, and the length of a record with an encrypted
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
