// SPDX-License-Identifier: MIT
/** TLS that one thread checks and others do: the options, and what they must have in common. */
import { engineOf } from "./choose_engine.ts";
import type { TLSServerSide } from "./engine.ts";
import {
  checkCertificates,
  checkServerOptions,
  type TLSCertificates,
  type TLSServerOptions,
  type TLSSettings,
} from "./tls_options.ts";

/** Name and key of the keys that OpenSSL seals tickets with. */
const TICKET_KEY_BYTES = 80;

/** What a thread is handed, by the structured clone algorithm. */
export interface HandedTLS {
  readonly settings: TLSSettings<TLSServerOptions>;
  /** Of all threads, so that each can resume the sessions of the others. */
  readonly ticketKeys: Uint8Array<ArrayBuffer>;
}

/**
 * What `options` come to. Throws TypeError when one is wrong, or cannot be handed to another
 * thread; {@linkcode PlatformError} when the engine is not there.
 */
export function checkHandedTLS(call: string, options: TLSServerOptions): HandedTLS {
  const settings = checkServerOptions(call, options);
  if (settings.keyLog !== undefined) {
    throw new TypeError(`Cannot ${call} as keyLog is a function, which no worker can be given`);
  }
  engineOf(settings).server(call, settings).close();
  const ticketKeys = crypto.getRandomValues(new Uint8Array(TICKET_KEY_BYTES));
  return { settings, ticketKeys };
}

/** The same with other certificates. Throws TypeError when one is wrong. */
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

/** The server's side on the thread that was handed `tls`. */
export function handedServer(call: string, { settings, ticketKeys }: HandedTLS): TLSServerSide {
  return engineOf(settings).server(call, settings, "often", ticketKeys);
}
