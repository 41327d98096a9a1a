// SPDX-License-Identifier: MIT
/**
 * Cache of contexts for calls without a listener: `tlsDial`, `tlsClient`, `tlsServer`. Creating one
 * costs as much as several handshakes, so the most recent ones are kept, keyed by their options.
 */
import type { PEM } from "../tls_options.ts";
import type { Context, ContextOptions } from "./context.ts";

const MOST_KEPT = 16;

/** Ordered by last use, the least recent first. */
const kept = new Map<string, Context>();

/**
 * Returns the context of these options, with a reference for the caller; `make` creates it if it is
 * not cached.
 */
export function keptContext(
  side: "client" | "server",
  options: ContextOptions,
  make: () => Context,
): Context {
  // A function cannot be part of the key.
  if (options.keyLog !== undefined) return make();
  const key = keyOf(side, options);
  const context = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, context);
  if (kept.size > MOST_KEPT) {
    const [oldest, unused] = kept.entries().next().value!;
    kept.delete(oldest);
    unused.release();
  }
  return context.retain();
}

/** Returns all parameters of a context as text. */
export function keyOf(side: "client" | "server", options: ContextOptions): string {
  const { ca, cert, key, ocspResponse } = options;
  return JSON.stringify([
    side,
    ca === undefined || ca === "system" ? ca ?? null : (Array.isArray(ca) ? ca : [ca]).map(text),
    text(cert),
    text(key),
    options.passphrase,
    options.minVersion,
    options.maxVersion,
    options.ciphers,
    options.ALPNProtocols,
    options.kTLS,
    options.requestCert,
    options.rejectUnauthorized,
    ocspResponse === undefined ? null : Array.from(ocspResponse),
  ]);
}

function text(pem: PEM | undefined): string | null {
  if (pem === undefined || typeof pem === "string") return pem ?? null;
  return new TextDecoder().decode(pem);
}
