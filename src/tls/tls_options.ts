// SPDX-License-Identifier: MIT
/** TLS options, checked. They have the names that `node:tls` uses. */
import { z } from "zod";
import type { DialOptions, ListenOptions } from "../net/options/options.ts";
import { checkOptions } from "../validate/options.ts";

/** A certificate or a private key in PEM format, as text or bytes. */
export type PEM = string | Uint8Array;

/** A certificate with its private key. */
export interface TLSCertificate {
  /** Certificate, followed by intermediate certificates. */
  cert: PEM;
  /** Private key. */
  key: PEM;
  /** Passphrase of the private key. */
  passphrase?: string;
}

/** TLS version. */
export type TLSVersion = "TLSv1.2" | "TLSv1.3";

/** TLS options of clients and servers. */
export interface TLSOptions {
  /** Trusted certificate authorities, instead of the runtime's. */
  ca?: PEM | PEM[];
  /** Supported protocols in order of preference, such as ["h2", "http/1.1"]. Go: `NextProtos`. */
  ALPNProtocols?: string[];
  /** Minimum version. */
  minVersion?: TLSVersion;
  /** Maximum version. */
  maxVersion?: TLSVersion;
  /** Cipher suites, by their OpenSSL names. */
  ciphers?: string;
  /** Timeout of the handshake in milliseconds; 10,000 by default. */
  handshakeTimeout?: number;
}

/** Options of {@linkcode tlsDial}. Go: `tls.Config`. */
export interface TLSDialOptions extends DialOptions, TLSOptions, Partial<TLSCertificate> {
  /**
   * Name that the certificate must be valid for, also sent to the server (SNI); by default the
   * host.
   */
  servername?: string;
  /**
   * False accepts any certificate: an attacker on the network can then read and modify all data.
   */
  rejectUnauthorized?: boolean;
}

/** Options of {@linkcode tlsListen}. Go: `tls.Config`. */
export interface TLSListenOptions extends ListenOptions, TLSOptions, TLSCertificate {
  /**
   * Additional certificates by requested server name (SNI), such as "example.org" or
   * "*.example.org".
   */
  sni?: Record<string, TLSCertificate>;
  /** Whether to request a client certificate. */
  requestCert?: boolean;
  /** Whether to reject clients without a certificate issued by `ca`; true by default. */
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
