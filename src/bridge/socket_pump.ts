// SPDX-License-Identifier: MIT
/** The pump of a stream that replaces a socket, with or without the host's TLS above it. */
import { platform } from "../../platforms/platform.ts";
import type { Conn } from "../net/net.ts";
import { ConnPump, type Done } from "./conn_pump.ts";

/** Beginning of a TLS handshake: record type and major version. */
const [HANDSHAKE, MAJOR] = [22, 3];
/** Time for the TLS layer above a stream to end it after the peer has ended its side. */
const TLS_END_MS = 5_000;

/** See the top of this file. */
export class SocketPump extends ConnPump {
  /** Whether the written data is TLS of the host's engine above the stream. */
  #tls = false;

  constructor(conn: Conn) {
    super(conn);
    this.hostTasks.hold();
  }

  override write(pieces: Uint8Array[], done: Done): void {
    this.#tls ||= pieces[0]?.[0] === HANDSHAKE && pieces[0][1] === MAJOR;
    super.write(pieces, done);
  }

  override destroy(error: Error | null, done: Done): void {
    super.destroy(error, done);
    this.hostTasks.release();
  }

  protected override received(chunk: Uint8Array | null): void {
    if (chunk === null && this.#tls && platform().runtime.tlsDropsUnread) this.#leaveEndToTLS();
    super.received(chunk);
  }

  /**
   * Keeps the stream from ending by itself: Deno's engine drops unread plaintext once the stream
   * below it has closed, and ends that stream itself when the plaintext has been read.
   */
  #leaveEndToTLS(): void {
    const { stream } = this;
    if (stream.allowHalfOpen) return;
    stream.allowHalfOpen = true;
    const timer = setTimeout(() => stream.end(), TLS_END_MS);
    stream.once("close", () => clearTimeout(timer));
  }
}
