// SPDX-License-Identifier: MIT
/** Settings of TLS, checked. They have the names of `node:tls`, which they are for. */
import { z } from "zod";
import type { DialOptions, ListenOptions } from "../net/options/options.ts";
import { checkOptions } from "../validate/options.ts";

/** A certificate or a key: PEM as text, or bytes. */
export type PEM = string | Uint8Array;

/** A certificate with its key. */
export interface TLSCertificate {
  /** The certificate, with those of the authorities between it and the root behind it. */
  cert: PEM;
  /** Its private key. */
  key: PEM;
  /** What the key is encrypted with. */
  passphrase?: string;
}

/** A version of TLS. */
export type TLSVersion = "TLSv1.2" | "TLSv1.3";

/** What both sides may set. */
export interface TLSOptions {
  /** Authorities whose certificates are trusted, instead of those of the runtime. */
  ca?: PEM | PEM[];
  /** Protocols to agree on, the one liked best first: ["h2", "http/1.1"]. Go: `NextProtos`. */
  ALPNProtocols?: string[];
  /** The oldest version that is spoken. */
  minVersion?: TLSVersion;
  /** The newest version that is spoken. */
  maxVersion?: TLSVersion;
  /** Cipher suites, as OpenSSL names them. */
  ciphers?: string;
  /** Milliseconds that the handshake may take; 10,000 from the start. */
  handshakeTimeout?: number;
}

/** Settings of {@linkcode tlsDial}. Go: `tls.Config`. */
export interface TLSDialOptions extends DialOptions, TLSOptions, Partial<TLSCertificate> {
  /** The name that the certificate must be for, and that the server is told; the host's otherwise. */
  servername?: string;
  /** Say false to take any certificate. Whoever is on the way can then read and change everything. */
  rejectUnauthorized?: boolean;
}

/** Settings of {@linkcode tlsListen}. Go: `tls.Config`. */
export interface TLSListenOptions extends ListenOptions, TLSOptions, TLSCertificate {
  /** Other certificates, by the name that the client asks for (SNI): "example.org", "*.example.org". */
  sni?: Record<string, TLSCertificate>;
  /** Whether clients are asked for a certificate. */
  requestCert?: boolean;
  /** Whether a client without a certificate that `ca` vouches for is refused; it is from the start. */
  rejectUnauthorized?: boolean;
}

const pem = z.union([z.string(), z.instanceof(Uint8Array)]);
const version = z.enum(["TLSv1.2", "TLSv1.3"]);
const certificate = { cert: pem, key: pem, passphrase: z.string().optional() };
const both = {
  ca: z.union([pem, z.array(pem)]).optional(),
  ALPNProtocols: z.array(z.string().min(1).max(255)).optional(),
  minVersion: version.optional(),
  maxVersion: version.optional(),
  ciphers: z.string().optional(),
  handshakeTimeout: z.number().positive().optional(),
  rejectUnauthorized: z.boolean().optional(),
};
const ofDial = {
  ...both,
  cert: pem.optional(),
  key: pem.optional(),
  passphrase: z.string().optional(),
  servername: z.string().min(1).optional(),
};
const ofListen = {
  ...both,
  ...certificate,
  sni: z.record(z.string(), z.strictObject(certificate)).optional(),
  requestCert: z.boolean().optional(),
};

/** How long a handshake may take unless it is said. */
const HANDSHAKE_MS = 10_000;

/** What a handshake needs, apart from what concerns the connection under it. */
export type TLSSettings<O> = Omit<O, keyof DialOptions | keyof ListenOptions> & {
  handshakeTimeout: number;
};

/** The settings of TLS, checked, and apart from them the rest, which is not. */
function split<O extends TLSOptions, R>(
  call: string,
  shape: z.ZodRawShape,
  options: O,
): { tls: TLSSettings<O>; rest: R } {
  const entries = Object.entries(options ?? {});
  const ours = Object.fromEntries(entries.filter(([name]) => name in shape));
  const rest = Object.fromEntries(entries.filter(([name]) => !(name in shape)));
  const checked = checkOptions(call, z.strictObject(shape), ours);
  return {
    tls: { handshakeTimeout: HANDSHAKE_MS, ...checked } as unknown as TLSSettings<O>,
    rest: rest as R,
  };
}

/** Checks what `tlsDial` was given; `dial` checks the rest. */
export function splitDialOptions(
  options: TLSDialOptions,
): { tls: TLSSettings<TLSDialOptions>; rest: DialOptions } {
  return split("dial with TLS", ofDial, options);
}

/** Checks what `tlsListen` was given; `listen` checks the rest. */
export function splitListenOptions(
  options: TLSListenOptions,
): { tls: TLSSettings<TLSListenOptions>; rest: ListenOptions } {
  return split("listen with TLS", ofListen, options);
}
