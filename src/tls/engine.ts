// SPDX-License-Identifier: MIT
/** Interface between the TLS API and its two engines. */
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import type {
  TLSCertificates,
  TLSClientOptions,
  TLSServerOptions,
  TLSSettings,
} from "./tls_options.ts";
import type { TLSConn } from "./tls.ts";

/** Server side of one listener. */
export interface TLSServerSide {
  /** Starts the handshake with the client of `conn`. It continues in the background. */
  begin(conn: Conn): TLSConn;
  /**
   * Replaces the certificates for future handshakes. Throws TypeError for an invalid one; then
   * nothing changes.
   */
  setCertificates(certificates: TLSCertificates): void;
  /** Releases resources; no further `begin` may follow. A second call does nothing. */
  close(): void;
}

/** A client's handshake that has not started. */
export interface TLSClientSide {
  readonly conn: TLSConn;
  /**
   * Performs the handshake, within the time that the options allow. Parks. Throws OpError; a failed
   * or ended handshake closes the underlying connection.
   */
  shakeHands(): Routine<void>;
  /**
   * Releases the resources of the handshake, also if it never started. A second call does nothing.
   */
  end(): void;
  /** Creates the error of the handshake. */
  unsecured(cause: Error): Error;
}

/** See the top of this file. */
export interface TLSEngine {
  /**
   * Creates the server side. `call` is the caller's operation, for messages: "listen with TLS".
   * `use` is whether there will be only one `begin`. Session tickets are encrypted with
   * `ticketKeys`, or with keys of its own. Throws TypeError.
   */
  server(
    call: string,
    settings: TLSSettings<TLSServerOptions>,
    use?: "once" | "often",
    ticketKeys?: Uint8Array<ArrayBuffer>,
  ): TLSServerSide;
  /**
   * Creates the client side. `host` is the name or IP address that the server's certificate must
   * match. Throws TypeError.
   */
  client(
    call: string,
    conn: Conn,
    host: string,
    settings: TLSSettings<TLSClientOptions>,
  ): TLSClientSide;
}
