// SPDX-License-Identifier: MIT
/** Client side of a handshake by OpenSSL. Go: crypto/tls/handshake_client.go. */
import { ClosedError } from "../../fd/errors.ts";
import { parseIP } from "../../net/addr/ip.ts";
import type { Conn } from "../../net/net.ts";
import { now } from "../../sched/clock.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { checkCertificate } from "../certificates.ts";
import type { TLSClientSide } from "../engine.ts";
import { sentName } from "../server_name.ts";
import type { TLSClientOptions, TLSSettings } from "../tls_options.ts";
import { OpenSSLConn } from "./conn.ts";
import { Context } from "./context.ts";
import { keptContext, keyOf } from "./context_cache.ts";
import { failureOf } from "./failure.ts";
import { shakeHands } from "./handshake.ts";
import type { OpenSSL } from "./library.ts";
import { cString } from "./memory.ts";
import {
  SSL_CTRL_SET_TLSEXT_HOSTNAME,
  SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE,
  TLSEXT_NAMETYPE_host_name,
  TLSEXT_STATUSTYPE_ocsp,
  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
} from "./numbers.ts";
import { SessionCache } from "./sessions.ts";
import { SSLHandle } from "./ssl_handle.ts";
import { transportOf } from "./transport_of.ts";

const HOST_FLAGS = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

/** See the top of this file. */
export class OpenSSLClient implements TLSClientSide {
  readonly conn: OpenSSLConn;
  readonly #openssl: OpenSSL;
  readonly #context: Context;
  readonly #settings: TLSSettings<TLSClientOptions>;
  /** Name or IP address that the certificate must match. */
  readonly #host: string;
  readonly #sessions: SessionCache | null;
  #ended = false;

  /** Throws TypeError for an invalid option; then `conn` is unchanged. */
  constructor(
    openssl: OpenSSL,
    call: string,
    conn: Conn,
    host: string,
    settings: TLSSettings<TLSClientOptions>,
  ) {
    this.#openssl = openssl;
    this.#settings = settings;
    this.#host = settings.servername ?? (host === "" ? "localhost" : host);
    this.#context = keptContext("client", settings, () => {
      checkOwn(call, settings);
      return new Context(openssl, "client", call, settings);
    });
    const port = String(conn.remoteAddr);
    this.#sessions = settings.resume === true
      ? new SessionCache(openssl, `${this.#host} ${port} ${keyOf("client", settings)}`)
      : null;
    this.conn = new OpenSSLConn(transportOf(conn));
    this.conn.sessions = this.#sessions;
  }

  *shakeHands(): Routine<void> {
    const until = now() + this.#settings.handshakeTimeout;
    let failure: Error = new ClosedError();
    try {
      yield* this.#shakeHands(until);
    } catch (error) {
      failure = error as Error;
      throw this.unsecured(failure);
    } finally {
      // Also if the goroutine is ended while it waits.
      this.end(failure);
    }
  }

  end(cause: Error = new ClosedError()): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.conn.secured) this.conn.refused(cause);
    this.#context.release();
  }

  unsecured(cause: Error): Error {
    return this.conn.unsecured(cause);
  }

  *#shakeHands(until: number): Routine<void> {
    const handle = new SSLHandle(this.#context);
    try {
      this.#name(handle);
      if (this.#settings.requestOCSP) {
        const command = SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE;
        this.#openssl.ssl.SSL_ctrl(handle.ssl, command, TLSEXT_STATUSTYPE_ocsp, null);
      }
      this.#sessions?.offer(handle);
    } catch (error) {
      handle.free();
      throw error;
    }
    yield* shakeHands(this.conn, handle, until);
  }

  /** Sets the server name to send, and the name that the certificate must match. */
  #name(handle: SSLHandle): void {
    const { ssl, sslBytes, crypto } = this.#openssl;
    let done: number;
    if (parseIP(this.#host) !== null) {
      // An IP address is verified, but never sent as a server name (RFC 6066).
      const address = cString(this.#host.replace(/%.*$/, ""));
      done = crypto.X509_VERIFY_PARAM_set1_ip_asc(ssl.SSL_get0_param(handle.ssl), address);
    } else {
      const name = sentName(this.#host);
      ssl.SSL_set_hostflags(handle.ssl, HOST_FLAGS);
      done = ssl.SSL_set1_host(handle.ssl, cString(name));
      const command = SSL_CTRL_SET_TLSEXT_HOSTNAME;
      if (done === 1) {
        done = sslBytes.SSL_ctrl(handle.ssl, command, TLSEXT_NAMETYPE_host_name, cString(name));
      }
      this.conn.serverName = name;
    }
    if (done !== 1) throw failureOf(this.#openssl, `${this.#host} is not a host name`);
  }
}

/** Throws TypeError unless the client's own certificate, if any, is valid and matches its key. */
function checkOwn(call: string, { cert, key, passphrase }: TLSClientOptions): void {
  if (cert === undefined && key === undefined) return;
  if (cert === undefined || key === undefined) {
    throw new TypeError(`Cannot ${call} as cert and key must be given together`);
  }
  checkCertificate(call, { cert, key, passphrase });
}
