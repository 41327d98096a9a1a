// SPDX-License-Identifier: MIT
/** The pump of a stream that stands for a socket, with or without TLS of the host above it. */
import { platform } from "../../platforms/platform.ts";
import { ConnPump, type Done } from "./conn_pump.ts";

/** Beginning of a TLS handshake: the type of its records, and the major version. */
const [HANDSHAKE, MAJOR] = [22, 3];
/** How long TLS above a stream has to end it once the peer has. */
const TLS_END_MS = 5_000;

/** See the top of this file. */
export class SocketPump extends ConnPump {
  /** Whether what is written is TLS, of the host's engine above the stream. */
  #tls = false;

  override write(pieces: Uint8Array[], done: Done): void {
    this.#tls ||= pieces[0]?.[0] === HANDSHAKE && pieces[0][1] === MAJOR;
    super.write(pieces, done);
  }

  protected override received(chunk: Uint8Array | null): void {
    if (chunk === null && this.#tls && platform().runtime.tlsDropsUnread) this.#leaveEndToTLS();
    super.received(chunk);
  }

  /**
   * Deno's engine drops what is unread as soon as the stream below it has closed. It ends that
   * stream itself when the plaintext has been read, so the stream does not end by itself.
   */
  #leaveEndToTLS(): void {
    const { stream } = this;
    if (stream.allowHalfOpen) return;
    stream.allowHalfOpen = true;
    const timer = setTimeout(() => stream.end(), TLS_END_MS);
    stream.once("close", () => clearTimeout(timer));
  }
}
