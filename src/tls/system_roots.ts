// SPDX-License-Identifier: MIT
/**
 * The operating system's trusted certificates, if they are a file. Go: crypto/x509/root_unix.go.
 */
import { platform } from "../../platforms/platform.ts";

/**
 * Locations of the file: Debian, Fedora, openSUSE, CentOS, Alpine, the BSDs, Homebrew's OpenSSL.
 */
const FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/etc/ssl/cert.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
];

/**
 * Returns all of them as PEM, from the first file that exists and may be read.
 *
 * @throws {TypeError} if there is none: on Windows, in an image without a package of certificates,
 * under Deno without permission to read it
 */
export function systemRoots(): string {
  for (const file of FILES) {
    const text = platform().runtime.readText(file);
    if (text !== null && text.includes("BEGIN CERTIFICATE")) return text;
  }
  throw new TypeError(
    `Cannot use ca "system" as the system has no file of trusted certificates: tried ${
      FILES.join(", ")
    }`,
  );
}
