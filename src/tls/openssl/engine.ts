// SPDX-License-Identifier: MIT
/** OpenSSL as TLS engine. */
import type { TLSEngine } from "../engine.ts";
import { OpenSSLClient } from "./client.ts";
import { openssl } from "./library.ts";
import { OpenSSLServer } from "./server.ts";

/**
 * Returns the engine over the libssl at the absolute `path`, or over the system's.
 *
 * @throws {PlatformError} if it is not found or may not be loaded
 */
export function openSSLEngine(path?: string): TLSEngine {
  const library = openssl(path);
  return {
    server: (call, settings, use, ticketKeys) =>
      new OpenSSLServer(library, call, settings, use, ticketKeys),
    client: (call, conn, host, settings) => new OpenSSLClient(library, call, conn, host, settings),
  };
}
