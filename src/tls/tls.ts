// SPDX-License-Identifier: MIT
/** Interface of TLS connections. Go: crypto/tls, type Conn. */
import type { PeerCertificate } from "node:tls";
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";

/**
 * TLS connection, as returned by `tlsDial` and `tlsListen`. See {@linkcode Conn}. Go: `tls.Conn`.
 *
 * Reads and writes wait for the handshake, which runs in the background. A write returns when the
 * TLS engine has accepted the bytes, as with a socket's send buffer; `close` flushes them, sends
 * close_notify and closes the underlying connection. If the peer closes it without close_notify,
 * reads fail with {@linkcode UnexpectedEOFError}: the stream may have been truncated.
 */
export interface TLSConn extends Conn {
  /** Underlying connection. Reading or writing it corrupts this one. Go: `tls.Conn.NetConn`. */
  readonly conn: Conn;
  /** Negotiated protocol (ALPN), or "" if there is none. Go: `NegotiatedProtocol`. */
  readonly alpnProtocol: string;
  /** TLS version, such as "TLSv1.3"; "" before the handshake has completed. */
  readonly protocol: string;
  /**
   * Standard name of the cipher suite, such as "TLS_AES_128_GCM_SHA256"; "" before the handshake
   * has completed.
   */
  readonly cipher: string;
  /** Server name that the client requested (SNI), or "". Go: `ServerName`. */
  readonly serverName: string;
  /** True if the peer presented a certificate issued by a trusted authority. */
  readonly authorized: boolean;
  /** Certificate of the peer, as `node:tls` returns it, or null. */
  readonly peerCertificate: PeerCertificate | null;
  /**
   * Waits until the handshake has completed; reads and writes also do this. Parks. Go:
   * `tls.Conn.HandshakeContext`.
   *
   * @param cancel cancels the wait; the handshake continues
   * @throws {OpError} if it fails: because of a certificate, a timeout, or the underlying
   * connection
   */
  handshake(cancel?: Cancel): Routine<void>;
}
