// SPDX-License-Identifier: MIT
/** Errors of TLS itself, whichever engine found them. */

/**
 * TLS failed: a certificate is not to be trusted, the peer breaks the protocol, it sent an alert.
 * It is the `cause` of the {@linkcode OpError} that a call throws. Go:
 * `tls.CertificateVerificationError`, `tls.AlertError` and the like.
 */
export class TLSError extends Error {
  /** "TLSError". */
  override readonly name = "TLSError";
  /**
   * As `node:tls` names it: "ERR_TLS_CERT_ALTNAME_INVALID", "DEPTH_ZERO_SELF_SIGNED_CERT",
   * "ERR_SSL_WRONG_VERSION_NUMBER".
   */
  readonly code: string;
  /** Not a time-out. */
  readonly timeout = false;
  /** Trying again does not help. */
  readonly temporary = false;

  /** @internal */
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The engine of a connection lacks what was asked for; another engine has it. */
export class TLSUnsupportedError extends Error {
  /** "TLSUnsupportedError". */
  override readonly name = "TLSUnsupportedError";
  /** As Node would name it. */
  readonly code = "ERR_TLS_UNSUPPORTED";
  /** The option or the method: "keyLog". */
  readonly feature: string;
  /** @internal */
  constructor(feature: string, engine: string, why = "") {
    super(`Cannot use ${feature} with the TLS engine "${engine}"${why === "" ? "" : `: ${why}`}`);
    this.feature = feature;
  }
}
