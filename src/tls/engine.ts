// SPDX-License-Identifier: MIT
/** What secures a connection: the interface between the calls of TLS and the two engines. */
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import type {
  TLSCertificates,
  TLSClientOptions,
  TLSServerOptions,
  TLSSettings,
} from "./tls_options.ts";
import type { TLSConn } from "./tls.ts";

/** The server's side of one listener. */
export interface TLSServerSide {
  /** Begins the handshake with the client at the other end of `conn`. It goes on by itself. */
  begin(conn: Conn): TLSConn;
  /**
   * Shows these certificates from now on. Throws TypeError when one is wrong; then nothing changes.
   */
  setCertificates(certificates: TLSCertificates): void;
  /** There will be no further `begin`. A second call does nothing. */
  close(): void;
}

/** A client's handshake that has not begun. */
export interface TLSClientSide {
  readonly conn: TLSConn;
  /**
   * Makes the handshake, within the time that the options give it. Parks. Throws OpError; a
   * handshake that has failed or was ended closes the connection below.
   */
  shakeHands(): Routine<void>;
  /** Gives up what the handshake holds, also one that never began. A second call does nothing. */
  end(): void;
  /** The error of the handshake. */
  unsecured(cause: Error): Error;
}

/** See the top of this file. */
export interface TLSEngine {
  /**
   * `call` is what the caller does, for messages: "listen with TLS". `use` says whether there will
   * be one `begin` only. Tickets are sealed with `ticketKeys`, or with keys of its own. Throws
   * TypeError.
   */
  server(
    call: string,
    settings: TLSSettings<TLSServerOptions>,
    use?: "once" | "often",
    ticketKeys?: Uint8Array<ArrayBuffer>,
  ): TLSServerSide;
  /**
   * `host` is the name or the IP address that the server's certificate must be for. Throws
   * TypeError.
   */
  client(
    call: string,
    conn: Conn,
    host: string,
    settings: TLSSettings<TLSClientOptions>,
  ): TLSClientSide;
}
