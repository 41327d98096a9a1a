// SPDX-License-Identifier: MIT
/** What secures a connection: the interface between the calls of TLS and the two engines. */
import { PlatformError } from "../../platforms/contract/platform.ts";
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { HOST } from "./host_engine.ts";
import { openSSLEngine } from "./openssl/engine.ts";
import type {
  TLSCertificates,
  TLSClientOptions,
  TLSOptions,
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
   * be one `begin` only. Throws TypeError.
   */
  server(
    call: string,
    settings: TLSSettings<TLSServerOptions>,
    use?: "once" | "often",
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

/**
 * The engine of `options`.
 *
 * @throws {PlatformError} when it is to be OpenSSL and that is not there
 */
export function engineOf({ engine = "auto", libssl }: TLSOptions): TLSEngine {
  if (engine === "host") return HOST;
  // A library that was named is to be used.
  if (engine === "openssl" || libssl !== undefined) return openSSLEngine(libssl);
  const openssl = orElse(() => openSSLEngine(), () => HOST);
  if (openssl === HOST) return HOST;
  // Without permission for callbacks OpenSSL lacks some options: see openssl/callbacks.ts.
  return {
    server: (...args) => orElse(() => openssl.server(...args), () => HOST.server(...args)),
    client: (...args) => orElse(() => openssl.client(...args), () => HOST.client(...args)),
  };
}

/** What `f` returns, or, where the platform does not allow that, `other`. */
function orElse<T>(f: () => T, other: () => T): T {
  try {
    return f();
  } catch (error) {
    if (error instanceof PlatformError) return other();
    throw error;
  }
}
