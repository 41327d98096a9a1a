// SPDX-License-Identifier: MIT
/**
 * The contexts of calls that have no listener to keep theirs: `tlsDial`, `tlsClient`, `tlsServer`.
 * Making one costs as much as several handshakes, so the last few are kept, by the options that
 * they are of.
 */
import type { PEM } from "../tls_options.ts";
import type { Context, ContextOptions } from "./context.ts";

const MOST_KEPT = 16;

/** The one that was used longest ago comes first. */
const kept = new Map<string, Context>();

/**
 * The context of these options, with a reference for the caller; made by `make` if it is not kept.
 */
export function keptContext(
  side: "client" | "server",
  options: ContextOptions,
  make: () => Context,
): Context {
  // A function of the caller's has no text to be known by.
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

/** All that a context is made of, as text. */
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
    options.requestCert,
    options.rejectUnauthorized,
    ocspResponse === undefined ? null : Array.from(ocspResponse),
  ]);
}

function text(pem: PEM | undefined): string | null {
  if (pem === undefined || typeof pem === "string") return pem ?? null;
  return new TextDecoder().decode(pem);
}
