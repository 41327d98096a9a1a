// SPDX-License-Identifier: MIT
/**
 * SSL_CTX of one certificate and one set of options: created once, freed once. Go: `tls.Config`.
 */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import { PlatformError } from "../../../platforms/contract/platform.ts";
import type { TLSCertificate, TLSOptions } from "../tls_options.ts";
import {
  acceptUnverified,
  type HandshakeHooks,
  logKeys,
  selectProtocol,
  sendStaple,
} from "./callbacks.ts";
import { setCiphers } from "./ciphers.ts";
import { failureOf } from "./failure.ts";
import type { OpenSSL } from "./library.ts";
import { bytesOf } from "./memory.ts";
import { Owned } from "./owned.ts";
import * as N from "./numbers.ts";
import { eachCertificate, withPrivateKey } from "./pem.ts";
import { withStore } from "./trust.ts";

/** Parameters of an SSL_CTX. */
export interface ContextOptions extends TLSOptions, Partial<TLSCertificate> {
  /** Whether a server asks for a certificate. */
  requestCert?: boolean;
  /** Whether a peer that cannot be verified is rejected. */
  rejectUnauthorized?: boolean;
}

/** Lower levels allow insecure algorithms: RSA of 1024 bits, SHA-1. */
const SECURITY_LEVEL = 2;
const OPTIONS = N.SSL_OP_NO_COMPRESSION + N.SSL_OP_NO_RENEGOTIATION +
  N.SSL_OP_CIPHER_SERVER_PREFERENCE;
/** Length of the name and keys that tickets are encrypted with. */
const TICKET_KEY_BYTES = 80;
/** Sessions can be resumed only by servers with this session ID context. */
const SESSION_ID_CONTEXT = bytesOf("netpoll");

/** See the top of this file. */
export class Context {
  readonly openssl: OpenSSL;
  readonly pointer: Pointer;
  readonly side: "client" | "server";
  readonly hooks: HandshakeHooks;
  /** Whether the kernel encrypts what is sent, if it can. */
  readonly kTLS: boolean;
  /** Whether the peer's certificate is verified. */
  readonly verifies: boolean;
  readonly #owned: Owned;
  #users = 1;

  /**
   * Creates an SSL_CTX.
   *
   * @param call the caller's operation, for messages: "listen with TLS"
   * @throws {TypeError} for an invalid option; {@linkcode PlatformError} if it needs a callback and
   * none is permitted
   */
  constructor(openssl: OpenSSL, side: "client" | "server", call: string, options: ContextOptions) {
    const { ssl } = openssl;
    const protocols = options.ALPNProtocols ?? [];
    this.openssl = openssl;
    this.side = side;
    this.hooks = {
      protocols: protocols.length === 0 ? null : wireProtocols(protocols),
      ocspResponse: options.ocspResponse === undefined ? null : bytesOf(options.ocspResponse),
      keyLog: options.keyLog ?? null,
    };
    this.kTLS = options.kTLS === true;
    this.verifies = side === "client" || options.requestCert === true;
    const pointer = ssl.SSL_CTX_new(
      side === "server" ? ssl.TLS_server_method() : ssl.TLS_client_method(),
    );
    if (!pointer) throw failureOf(openssl, "SSL_CTX_new");
    this.pointer = pointer;
    this.#owned = new Owned(this, "contexts", pointer, ssl.SSL_CTX_free);
    try {
      this.#configure(call, options);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Adds a reference. */
  retain(): this {
    this.#users++;
    return this;
  }

  /**
   * Releases a reference, and frees the SSL_CTX with the last one. Its connections keep their own
   * references.
   */
  release(): void {
    if (--this.#users === 0) this.#owned.free();
  }

  /**
   * Encrypts tickets with the keys of `other` from now on, so that its sessions can be resumed
   * here.
   */
  adoptTicketKeys(other: Context): void {
    const { sslBytes } = this.openssl;
    const keys = new Uint8Array(new ArrayBuffer(TICKET_KEY_BYTES));
    const { length } = keys;
    if (sslBytes.SSL_CTX_ctrl(other.pointer, N.SSL_CTRL_GET_TLSEXT_TICKET_KEYS, length, keys) > 0) {
      this.setTicketKeys(keys);
    }
    keys.fill(0);
    this.openssl.crypto.ERR_clear_error();
  }

  /** Encrypts tickets with these keys from now on. */
  setTicketKeys(keys: Uint8Array<ArrayBuffer>): void {
    const { sslBytes } = this.openssl;
    sslBytes.SSL_CTX_ctrl(this.pointer, N.SSL_CTRL_SET_TLSEXT_TICKET_KEYS, keys.length, keys);
  }

  #configure(call: string, options: ContextOptions): void {
    const { openssl, pointer } = this;
    const { ssl } = openssl;
    ssl.SSL_CTX_set_options(pointer, OPTIONS);
    ssl.SSL_CTX_ctrl(pointer, N.SSL_CTRL_MODE, N.SSL_MODE_RELEASE_BUFFERS, null);
    ssl.SSL_CTX_set_security_level(pointer, SECURITY_LEVEL);
    ssl.SSL_CTX_ctrl(pointer, N.SSL_CTRL_SET_SESS_CACHE_MODE, N.SSL_SESS_CACHE_OFF, null);
    setCiphers(openssl, pointer, call, options);
    if (options.cert !== undefined && options.key !== undefined) {
      this.#useCertificate(call, options as TLSCertificate);
    }
    this.#verify(options);
    if (this.side === "server") this.#serve();
    else if (this.hooks.protocols !== null) {
      const { protocols } = this.hooks;
      ssl.SSL_CTX_set_alpn_protos(pointer, protocols, protocols.length);
    }
    if (this.kTLS || this.hooks.keyLog !== null) this.#logKeys();
  }

  /** Kernel TLS does without where callbacks are not permitted: it is not available then. */
  #logKeys(): void {
    const { openssl, pointer } = this;
    try {
      openssl.ssl.SSL_CTX_set_keylog_callback(pointer, logKeys(openssl));
    } catch (error) {
      if (this.hooks.keyLog !== null || !(error instanceof PlatformError)) throw error;
    }
  }

  #useCertificate(call: string, own: TLSCertificate): void {
    const { openssl, pointer } = this;
    const { ssl } = openssl;
    const fail = (field: string): never => {
      const { message } = failureOf(openssl, "refused");
      throw new TypeError(`Cannot ${call} as OpenSSL does not accept ${field}: ${message}`);
    };
    eachCertificate(openssl, own.cert, (x509, index) => {
      const done = index === 0
        ? ssl.SSL_CTX_use_certificate(pointer, x509)
        : ssl.SSL_CTX_ctrl(pointer, N.SSL_CTRL_CHAIN_CERT, N.CHAIN_ADD1, x509);
      if (done !== 1) fail("cert");
    });
    withPrivateKey(openssl, own.key, own.passphrase, (key) => {
      if (ssl.SSL_CTX_use_PrivateKey(pointer, key) !== 1) fail("key");
    });
    if (ssl.SSL_CTX_check_private_key(pointer) !== 1) fail("key");
  }

  #verify({ ca, rejectUnauthorized = true }: ContextOptions): void {
    const { openssl, pointer, side } = this;
    const { ssl } = openssl;
    if (!this.verifies) return ssl.SSL_CTX_set_verify(pointer, N.SSL_VERIFY_NONE, null);
    withStore(openssl, ca, (store) => ssl.SSL_CTX_set1_cert_store(pointer, store));
    if (side === "client") {
      const mode = rejectUnauthorized ? N.SSL_VERIFY_PEER : N.SSL_VERIFY_NONE;
      return ssl.SSL_CTX_set_verify(pointer, mode, null);
    }
    if (rejectUnauthorized) {
      const mode = N.SSL_VERIFY_PEER | N.SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
      ssl.SSL_CTX_set_verify(pointer, mode, null);
    } else {
      // Without a callback, a server would reject a client that it cannot verify.
      ssl.SSL_CTX_set_verify(pointer, N.SSL_VERIFY_PEER, acceptUnverified());
    }
    // A client with several certificates chooses by these names.
    const named = ca === undefined || ca === "system" ? [] : Array.isArray(ca) ? ca : [ca];
    for (const pem of named) {
      eachCertificate(openssl, pem, (x509) => ssl.SSL_CTX_add_client_CA(pointer, x509));
    }
  }

  #serve(): void {
    const { openssl, pointer } = this;
    const { ssl } = openssl;
    ssl.SSL_CTX_set_session_id_context(pointer, SESSION_ID_CONTEXT, SESSION_ID_CONTEXT.length);
    // As in Go: one ticket per handshake.
    ssl.SSL_CTX_set_num_tickets(pointer, 1);
    if (this.hooks.protocols !== null) {
      ssl.SSL_CTX_set_alpn_select_cb(pointer, selectProtocol(openssl), null);
    }
    if (this.hooks.ocspResponse !== null) {
      ssl.SSL_CTX_callback_ctrl(pointer, N.SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, sendStaple(openssl));
    }
  }
}

/** Returns protocols in ALPN wire format: each with a length prefix. RFC 7301. */
function wireProtocols(protocols: readonly string[]): Uint8Array<ArrayBuffer> {
  const names = protocols.map((name) => new TextEncoder().encode(name));
  const wire = new Uint8Array(
    new ArrayBuffer(names.reduce((sum, name) => sum + 1 + name.length, 0)),
  );
  let at = 0;
  for (const name of names) {
    wire[at++] = name.length;
    wire.set(name, at);
    at += name.length;
  }
  return wire;
}
