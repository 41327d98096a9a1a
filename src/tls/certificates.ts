// SPDX-License-Identifier: MIT
/** Validates a certificate and its key, which Deno's `node:tls` does not. */
import { nodeCrypto } from "../bridge/host.ts";
import type { TLSCertificate } from "./tls_options.ts";

/** Throws a TypeError unless `own` is a PEM certificate with its matching key. */
export function checkCertificate(call: string, own: TLSCertificate): void {
  const { X509Certificate, createPrivateKey } = nodeCrypto();
  const { cert, key, passphrase } = own;
  const certificate = attempt(
    call,
    "cert",
    "a certificate in PEM",
    () => new X509Certificate(cert),
  );
  const privateKey = attempt(
    call,
    "key",
    "a private key in PEM",
    () => createPrivateKey({ key: text(key), passphrase }),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TypeError(`Cannot ${call} as key must match cert: it belongs to another certificate`);
  }
}

function attempt<T>(call: string, field: string, what: string, f: () => T): T {
  try {
    return f();
  } catch (cause) {
    const { message } = cause as Error;
    throw new TypeError(`Cannot ${call} as ${field} must be ${what}: ${message}`, { cause });
  }
}

function text(pem: string | Uint8Array): string {
  return typeof pem === "string" ? pem : new TextDecoder().decode(pem);
}
