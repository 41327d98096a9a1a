// SPDX-License-Identifier: MIT
/** TLS errors of both engines. */

/**
 * TLS failure: an untrusted certificate, a protocol violation, an alert of the peer. It is the
 * `cause` of the {@linkcode OpError} that a call throws. Go: `tls.CertificateVerificationError`,
 * `tls.AlertError` and the like.
 */
export class TLSError extends Error {
  /** "TLSError". */
  override readonly name = "TLSError";
  /**
   * Error code, as in `node:tls`: "ERR_TLS_CERT_ALTNAME_INVALID", "DEPTH_ZERO_SELF_SIGNED_CERT",
   * "ERR_SSL_WRONG_VERSION_NUMBER".
   */
  readonly code: string;
  /** Not a timeout. */
  readonly timeout = false;
  /** A retry cannot succeed. */
  readonly temporary = false;

  /** @internal */
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Thrown for a feature that the connection's engine does not support; the other engine does. */
export class TLSUnsupportedError extends Error {
  /** "TLSUnsupportedError". */
  override readonly name = "TLSUnsupportedError";
  /** Error code, in Node's style. */
  readonly code = "ERR_TLS_UNSUPPORTED";
  /** The option or method: "keyLog". */
  readonly feature: string;
  /** @internal */
  constructor(feature: string, engine: string, why = "") {
    super(`Cannot use ${feature} with the TLS engine "${engine}"${why === "" ? "" : `: ${why}`}`);
    this.feature = feature;
  }
}
