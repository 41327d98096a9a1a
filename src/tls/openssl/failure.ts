// SPDX-License-Identifier: MIT
/** Converts OpenSSL failures to Errors: by reason string, never by number. */
import { TLSError } from "../tls_error.ts";
import type { OpenSSL } from "./library.ts";
import { textAt } from "./memory.ts";
import { VERIFY_CODES } from "./verify_codes.ts";

/**
 * Returns the oldest reason in the thread's error queue and clears the queue: otherwise its rest
 * would be reported as an error of the next call, possibly on another connection.
 */
export function takeReason(openssl: OpenSSL): string {
  const first = openssl.crypto.ERR_get_error();
  if (first === 0) return "";
  const reason = textAt(openssl, openssl.crypto.ERR_reason_error_string(first));
  openssl.crypto.ERR_clear_error();
  return reason || "unknown error";
}

/** Creates the error of a failed call from the error queue; `fallback` if it is empty. */
export function failureOf(openssl: OpenSSL, fallback: string): TLSError {
  const reason = takeReason(openssl) || fallback;
  return new TLSError(`tls: ${reason}`, codeOf(reason));
}

/** Creates the error of a failed verification with the code of X509_verify_cert. */
export function verifyFailure(openssl: OpenSSL, code: number): TLSError {
  takeReason(openssl);
  const text = textAt(openssl, openssl.crypto.X509_verify_cert_error_string(code));
  return new TLSError(
    `tls: certificate verify failed: ${text}`,
    VERIFY_CODES[code] ?? "CERT_REJECTED",
  );
}

/** Converts "wrong version number" to Node's "ERR_SSL_WRONG_VERSION_NUMBER". */
function codeOf(reason: string): string {
  return `ERR_SSL_${reason.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}`;
}
