// SPDX-License-Identifier: MIT
/** Selects the TLS engine of a connection. */
import { PlatformError } from "../../platforms/contract/platform.ts";
import type { TLSEngine } from "./engine.ts";
import { HOST } from "./host_engine.ts";
import { openSSLEngine } from "./openssl/engine.ts";
import type { TLSOptions } from "./tls_options.ts";

/**
 * Returns the engine of `options`.
 *
 * @throws {PlatformError} if OpenSSL is required and not available
 */
export function engineOf({ engine = "auto", libssl }: TLSOptions): TLSEngine {
  if (engine === "host") return HOST;
  // An explicit library must be used.
  if (engine === "openssl" || libssl !== undefined) return openSSLEngine(libssl);
  const openssl = orElse(() => openSSLEngine(), () => HOST);
  if (openssl === HOST) return HOST;
  // Without permission for callbacks, OpenSSL lacks some options: see openssl/callbacks.ts.
  return {
    server: (...args) => orElse(() => openssl.server(...args), () => HOST.server(...args)),
    client: (...args) => orElse(() => openssl.client(...args), () => HOST.client(...args)),
  };
}

/** Returns the result of `f`, or `other` if the platform does not support it. */
function orElse<T>(f: () => T, other: () => T): T {
  try {
    return f();
  } catch (error) {
    if (error instanceof PlatformError) return other();
    throw error;
  }
}
