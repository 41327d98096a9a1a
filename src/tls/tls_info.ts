// SPDX-License-Identifier: MIT
/** Information about the TLS library in use. */
import { PlatformError } from "../../platforms/contract/platform.ts";
import { openssl } from "./openssl/library.ts";
import type { TLSEngineName } from "./tls_options.ts";

/** Engine that `engine: "auto"` selects on this thread. */
export interface TLSInfo {
  /** "openssl" or "host". */
  readonly engine: TLSEngineName;
  /** Version of OpenSSL, such as "OpenSSL 3.0.19 27 Jan 2026"; "" with the engine "host". */
  readonly version: string;
  /** Name or path under which libssl was found; "" with the engine "host". */
  readonly libssl: string;
  /** Reason why it is not OpenSSL; "" if it is. */
  readonly reason: string;
}

/**
 * Returns which library secures connections on this thread, unless the options of a call say
 * otherwise. Loads OpenSSL if it is there. Never parks.
 *
 * @example
 * ```ts
 * console.log(tlsInfo().engine); // openssl
 * ```
 */
export function tlsInfo(): TLSInfo {
  try {
    const { version, path } = openssl();
    return { engine: "openssl", version, libssl: path, reason: "" };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { engine: "host", version: "", libssl: "", reason: error.message };
  }
}
