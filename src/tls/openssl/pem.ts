// SPDX-License-Identifier: MIT
/** Parses PEM certificates and keys in memory. */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import type { PEM } from "../tls_options.ts";
import { TLSError } from "../tls_error.ts";
import { failureOf, takeReason } from "./failure.ts";
import type { OpenSSL } from "./library.ts";
import { cString, withBIO } from "./memory.ts";

/** Reason at the end of the PEM data. */
const NO_MORE = /^no start line$/i;

/**
 * Calls `f` with each certificate of `pem`, and frees it afterwards; to keep one, `f` must add a
 * reference. Returns their number. Throws TLSError for an unreadable one.
 */
export function eachCertificate(
  openssl: OpenSSL,
  pem: PEM,
  f: (x509: Pointer, index: number) => void,
): number {
  const { crypto } = openssl;
  // Without a password, OpenSSL would prompt for one on the terminal.
  const noPassword = cString("");
  return withBIO(openssl, pem, (bio) => {
    for (let count = 0;; count++) {
      const x509 = crypto.PEM_read_bio_X509(bio, null, null, noPassword);
      if (!x509) {
        const reason = takeReason(openssl);
        if (NO_MORE.test(reason)) return count;
        throw new TLSError(`certificate ${count + 1} cannot be read: ${reason}`, "ERR_OSSL_PEM");
      }
      try {
        f(x509, count);
      } finally {
        crypto.X509_free(x509);
      }
    }
  });
}

/** Calls `f` with the private key of `pem`, and frees it afterwards. Throws TLSError. */
export function withPrivateKey<T>(
  openssl: OpenSSL,
  pem: PEM,
  passphrase: string | undefined,
  f: (key: Pointer) => T,
): T {
  const { crypto } = openssl;
  // Without a callback, OpenSSL uses the last argument as the password.
  const password = cString(passphrase ?? "");
  try {
    return withBIO(openssl, pem, (bio) => {
      const key = crypto.PEM_read_bio_PrivateKey(bio, null, null, password);
      if (!key) throw failureOf(openssl, "the private key cannot be read");
      try {
        return f(key);
      } finally {
        crypto.EVP_PKEY_free(key);
      }
    });
  } finally {
    password.fill(0);
  }
}
