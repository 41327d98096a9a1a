// SPDX-License-Identifier: MIT
/** What a connection under TLS can do beyond every other. Go: crypto/tls, type Conn. */
import type { PeerCertificate } from "node:tls";
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";

/**
 * A connection under TLS, as `tlsDial` and `tlsListen` give it. See {@linkcode Conn}. Go: `tls.Conn`.
 *
 * Reads and writes wait for the handshake, which goes on by itself. A write is over when the engine
 * has taken the bytes, as with the buffer of a socket; `close` lets them go out, tells the peer
 * (close_notify), and closes the connection below. A peer that ends that connection without telling
 * makes reads fail with {@linkcode UnexpectedEOFError}: somebody may have cut it short.
 */
export interface TLSConn extends Conn {
  /** The connection below. Reading or writing it breaks this one. Go: `tls.Conn.NetConn`. */
  readonly conn: Conn;
  /** The protocol that was agreed on, or "" if none was. Go: `NegotiatedProtocol`. */
  readonly alpnProtocol: string;
  /** The version of TLS: "TLSv1.3"; "" before the handshake is over. */
  readonly protocol: string;
  /** The cipher suite, as the standard names it: "TLS_AES_128_GCM_SHA256"; "" before the handshake. */
  readonly cipher: string;
  /** The name that the client asked for, or "" if it asked for none. Go: `ServerName`. */
  readonly serverName: string;
  /** Whether the peer showed a certificate that a trusted authority vouches for. */
  readonly authorized: boolean;
  /** The certificate that the peer showed, as `node:tls` tells it, or null. */
  readonly peerCertificate: PeerCertificate | null;
  /**
   * Waits until the handshake is over. Parks. Reads and writes do so by themselves. Go:
   * `tls.Conn.HandshakeContext`.
   *
   * @param cancel ends the wait; the handshake goes on
   * @throws {OpError} when it failed: of a certificate, of a time-out, of the connection below
   */
  handshake(cancel?: Cancel): Routine<void>;
}
