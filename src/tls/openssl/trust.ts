// SPDX-License-Identifier: MIT
/**
 * Trusted certificate authorities: by default those of `node:tls`, so that both engines trust the
 * same ones; those of the system on request; or the caller's. Environment variables do not change
 * this.
 */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import { PlatformError } from "../../../platforms/contract/platform.ts";
import { nodeTLS } from "../../bridge/host.ts";
import { systemRoots } from "../system_roots.ts";
import type { PEM } from "../tls_options.ts";
import type { OpenSSL } from "./library.ts";
import { live } from "./live.ts";
import { eachCertificate } from "./pem.ts";

/** The caller's choice: see `TLSOptions.ca`. */
export type Authorities = PEM | readonly PEM[] | "system" | undefined;

/** The runtime's and the system's authorities are many, so each set is parsed once per thread. */
const kept = new Map<"runtime" | "system", Pointer>();

/** Calls `f` with the X509_STORE of `ca`; to keep it, `f` must add a reference. */
export function withStore<T>(openssl: OpenSSL, ca: Authorities, f: (store: Pointer) => T): T {
  if (ca === undefined) return f(keptStore(openssl, "runtime", runtimeRoots));
  if (ca === "system") return f(keptStore(openssl, "system", () => [systemRoots()]));
  const store = newStore(openssl, typeof ca === "string" || ca instanceof Uint8Array ? [ca] : ca);
  try {
    return f(store);
  } finally {
    openssl.crypto.X509_STORE_free(store);
    live.stores--;
  }
}

/** Returns the authorities of `node:tls`, which Deno shows to a program with permission only. */
function runtimeRoots(): readonly PEM[] {
  try {
    return [...nodeTLS().rootCertificates];
  } catch (error) {
    throw new PlatformError(
      "Cannot trust the authorities of the runtime without permission: run Deno with " +
        '--allow-sys, or pass ca, or ca: "system" with permission to read that file',
      "--allow-sys",
      error,
    );
  }
}

function keptStore(
  openssl: OpenSSL,
  name: "runtime" | "system",
  roots: () => readonly PEM[],
): Pointer {
  let store = kept.get(name);
  if (store === undefined) kept.set(name, store = newStore(openssl, roots()));
  return store;
}

function newStore(openssl: OpenSSL, certificates: readonly PEM[]): Pointer {
  const { crypto } = openssl;
  const store = crypto.X509_STORE_new();
  live.stores++;
  try {
    for (const pem of certificates) {
      const count = eachCertificate(openssl, pem, (x509) => {
        crypto.X509_STORE_add_cert(store, x509);
      });
      if (count === 0) throw new TypeError("no certificate found");
    }
    return store;
  } catch (error) {
    crypto.X509_STORE_free(store);
    live.stores--;
    throw new TypeError(
      `Cannot use TLS as ca must be certificates in PEM: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
