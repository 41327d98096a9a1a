// SPDX-License-Identifier: MIT
/** Selects the TLS engine of a connection. */
import { PlatformError } from "../../platforms/contract/platform.ts";
import type { TLSEngine } from "./engine.ts";
import { hostEngine } from "./host_engine.ts";
import { openSSLEngine } from "./openssl/engine.ts";
import type { TLSOptions } from "./tls_options.ts";

/**
 * Returns the engine of `options`.
 *
 * @throws {PlatformError} if OpenSSL is required and not available
 */
export function engineOf({ engine = "auto", libssl }: TLSOptions): TLSEngine {
  if (engine === "host") return hostEngine();
  // An explicit library must be used.
  if (engine === "openssl" || libssl !== undefined) return openSSLEngine(libssl);
  const openssl = orElse(openSSLEngine, () => null);
  if (openssl === null) return hostEngine();
  // Without permission for callbacks, OpenSSL lacks some options: see openssl/callbacks.ts.
  return {
    server: (...args) => orElse(() => openssl.server(...args), () => hostEngine().server(...args)),
    client: (...args) => orElse(() => openssl.client(...args), () => hostEngine().client(...args)),
  };
}

/** Returns the result of `f`, or `other` if the platform does not support it. */
function orElse<T, U>(f: () => T, other: () => U): T | U {
  try {
    return f();
  } catch (error) {
    if (error instanceof PlatformError) return other();
    throw error;
  }
}
