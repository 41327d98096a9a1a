// SPDX-License-Identifier: MIT
/** Which of the two engines secures a connection. */
import { PlatformError } from "../../platforms/contract/platform.ts";
import type { TLSEngine } from "./engine.ts";
import { HOST } from "./host_engine.ts";
import { openSSLEngine } from "./openssl/engine.ts";
import type { TLSOptions } from "./tls_options.ts";

/**
 * The engine of `options`.
 *
 * @throws {PlatformError} when it is to be OpenSSL and that is not there
 */
export function engineOf({ engine = "auto", libssl }: TLSOptions): TLSEngine {
  if (engine === "host") return HOST;
  // A library that was named is to be used.
  if (engine === "openssl" || libssl !== undefined) return openSSLEngine(libssl);
  const openssl = orElse(() => openSSLEngine(), () => HOST);
  if (openssl === HOST) return HOST;
  // Without permission for callbacks OpenSSL lacks some options: see openssl/callbacks.ts.
  return {
    server: (...args) => orElse(() => openssl.server(...args), () => HOST.server(...args)),
    client: (...args) => orElse(() => openssl.client(...args), () => HOST.client(...args)),
  };
}

/** What `f` returns, or, where the platform does not allow that, `other`. */
function orElse<T>(f: () => T, other: () => T): T {
  try {
    return f();
  } catch (error) {
    if (error instanceof PlatformError) return other();
    throw error;
  }
}
