// SPDX-License-Identifier: MIT
/** What OpenSSL says of a failure, as an Error: by its reason, never by a number. */
import { TLSError } from "../tls_error.ts";
import type { OpenSSL } from "./library.ts";
import { textAt } from "./memory.ts";
import { VERIFY_CODES } from "./verify_codes.ts";

/**
 * The oldest reason in the thread's error queue, which is empty afterwards: what is left in it
 * would be taken for an error of the next call, perhaps on another connection.
 */
export function takeReason(openssl: OpenSSL): string {
  const first = openssl.crypto.ERR_get_error();
  if (first === 0) return "";
  const reason = textAt(openssl, openssl.crypto.ERR_reason_error_string(first));
  openssl.crypto.ERR_clear_error();
  return reason || "unknown error";
}

/** The error of a call that failed for a reason in the queue; `fallback` if there is none. */
export function failureOf(openssl: OpenSSL, fallback: string): TLSError {
  const reason = takeReason(openssl) || fallback;
  return new TLSError(`tls: ${reason}`, codeOf(reason));
}

/** The error of a certificate that was not verified, of which X509_verify_cert said `code`. */
export function verifyFailure(openssl: OpenSSL, code: number): TLSError {
  takeReason(openssl);
  const text = textAt(openssl, openssl.crypto.X509_verify_cert_error_string(code));
  return new TLSError(
    `tls: certificate verify failed: ${text}`,
    VERIFY_CODES[code] ?? "CERT_REJECTED",
  );
}

/** "wrong version number" as Node names it: "ERR_SSL_WRONG_VERSION_NUMBER". */
function codeOf(reason: string): string {
  return `ERR_SSL_${reason.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}`;
}
