// SPDX-License-Identifier: MIT
/** Interface of TLS connections. Go: crypto/tls, type Conn. */
import type { TLSEngineName } from "./tls_options.ts";
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
  /** Library that secures it: "openssl" or "host". See {@linkcode TLSOptions.engine}. */
  readonly engine: TLSEngineName;
  /**
   * Whether the kernel encrypts what is sent; false before the handshake has completed. See
   * {@linkcode TLSOptions.kTLS}.
   */
  readonly kernelTLS: boolean;
  /** Whether an earlier session was resumed. Go: `DidResume`. */
  readonly resumed: boolean;
  /**
   * OCSP response that the server stapled, as DER, or null; only with the option `requestOCSP` of
   * {@linkcode TLSClientOptions}. It is not verified. Go: `OCSPResponse`.
   */
  readonly ocspResponse: Uint8Array | null;
  /**
   * Derives a secret of this connection that only its two ends know. RFC 5705. Never parks. Go:
   * `ConnectionState.ExportKeyingMaterial`.
   *
   * @param length number of bytes
   * @param label as registered for the protocol: "EXPORTER-Channel-Binding"
   * @param context application data, or none, which in TLS 1.2 differs from empty data
   * @throws {OpError} before the handshake is over; {@linkcode TLSUnsupportedError} with the engine
   * "host"
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array;
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
