// SPDX-License-Identifier: MIT
/** TLS settings that one thread checks and others use, and the ticket keys that they share. */
import { engineOf } from "./choose_engine.ts";
import type { TLSServerSide } from "./engine.ts";
import {
  checkCertificates,
  checkServerOptions,
  type TLSCertificates,
  type TLSServerOptions,
  type TLSSettings,
} from "./tls_options.ts";

/** Length of the name and keys that OpenSSL encrypts session tickets with. */
const TICKET_KEY_BYTES = 80;

/** TLS settings in a form for the structured clone algorithm. */
export interface HandedTLS {
  readonly settings: TLSSettings<TLSServerOptions>;
  /** Ticket keys shared by all threads, so that each can resume the others' sessions. */
  readonly ticketKeys: Uint8Array<ArrayBuffer>;
}

/**
 * Checks `options` and prepares them for other threads. Throws TypeError for an invalid option, or
 * one that cannot be cloned; {@linkcode PlatformError} if the engine is not available.
 */
export function checkHandedTLS(call: string, options: TLSServerOptions): HandedTLS {
  const settings = checkServerOptions(call, options);
  if (settings.keyLog !== undefined) {
    throw new TypeError(
      `Cannot ${call} as keyLog is a function, which cannot be passed to a worker`,
    );
  }
  engineOf(settings).server(call, settings).close();
  const ticketKeys = crypto.getRandomValues(new Uint8Array(TICKET_KEY_BYTES));
  return { settings, ticketKeys };
}

/** Returns a copy with other certificates. Throws TypeError for an invalid one. */
export function withCertificates(
  call: string,
  { settings, ticketKeys }: HandedTLS,
  certificates: TLSCertificates,
): HandedTLS {
  const { cert: _, key: __, passphrase: ___, sni: ____, ocspResponse: _____, ...rest } = settings;
  const changed = { ...rest, ...checkCertificates(call, certificates) };
  engineOf(changed).server(call, changed).close();
  return { settings: changed, ticketKeys };
}

/** Creates the server side on the thread that received `tls`. */
export function handedServer(call: string, { settings, ticketKeys }: HandedTLS): TLSServerSide {
  return engineOf(settings).server(call, settings, "often", ticketKeys);
}
