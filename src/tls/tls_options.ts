// SPDX-License-Identifier: MIT
/** TLS options, checked. They have the names that `node:tls` uses. */
import * as z from "../validate/schema.ts";
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
  /** Password that the key is encrypted with. */
  passphrase?: string;
  /** OCSP response to staple to the certificate, as DER; servers only. Go: `OCSPStaple`. */
  ocspResponse?: Uint8Array;
}

/** The certificates of a server. */
export interface TLSCertificates extends TLSCertificate {
  /** Further certificates, by server name (SNI): "example.org", "*.example.org". */
  sni?: Record<string, TLSCertificate>;
}

/** TLS version. */
export type TLSVersion = "TLSv1.2" | "TLSv1.3";

/** Which library secures a connection. See {@linkcode TLSOptions.engine}. */
export type TLSEngineName = "openssl" | "host";

/** Options of clients and servers. */
export interface TLSOptions {
  /**
   * Trusted authorities, in place of those of `node:tls` (`rootCertificates`); "system" for the
   * operating system's file, which Deno must be permitted to read.
   */
  ca?: PEM | PEM[] | "system";
  /**
   * Protocols to negotiate (ALPN), the preferred one first: ["h2", "http/1.1"]. Go: `NextProtos`.
   */
  ALPNProtocols?: string[];
  /** Minimum version; "TLSv1.2" by default. */
  minVersion?: TLSVersion;
  /** Maximum version. */
  maxVersion?: TLSVersion;
  /**
   * Cipher suites by OpenSSL's names, separated by colons: those of TLS 1.3 ("TLS_...") and of TLS
   * 1.2.
   */
  ciphers?: string;
  /** Maximum duration of the handshake in milliseconds; 10,000 by default. */
  handshakeTimeout?: number;
  /**
   * "openssl": OpenSSL's libssl, version 3 or 4, by foreign functions; works under `runSync`.
   * "host": the runtime's `node:tls`. "auto", the default: OpenSSL if it is found and may be
   * loaded.
   */
  engine?: "auto" | TLSEngineName;
  /** Absolute path of libssl; required on Windows. A thread can use only one. */
  libssl?: string;
  /**
   * Whether the kernel encrypts what is sent, if it can: `sendFile`, `copy` and `splice` then do not
   * copy the bytes to user space. On Linux with kernel TLS, over TCP, with TLS 1.3 and the engine
   * "openssl"; otherwise the connection works as without, and its `kernelTLS` is false. A peer that
   * requests new keys (KeyUpdate) ends such a connection with an error of code
   * "ERR_TLS_KEY_UPDATE". `platformInfo().kernelTLS` reports whether the kernel has it.
   */
  kTLS?: boolean;
  /**
   * Receives each line of the key log (SSLKEYLOGFILE) for tools like Wireshark. It allows
   * decrypting the connection: for debugging only. Go: `KeyLogWriter`.
   */
  keyLog?: (line: string) => void;
}

/** Options of {@linkcode tlsClient}. Go: `tls.Config`. */
export interface TLSClientOptions extends TLSOptions, Partial<TLSCertificate> {
  /**
   * Name that the certificate must match, sent to the server (SNI); by default that of the host.
   */
  servername?: string;
  /** False accepts any certificate: an attacker on the path can then read and change all data. */
  rejectUnauthorized?: boolean;
  /**
   * Whether to resume the last session with this server, which saves sending and verifying its
   * certificate. Off by default, as in Go: a server can recognize a client by it.
   */
  resume?: boolean;
  /** Whether to request a stapled OCSP response: {@linkcode TLSConn.ocspResponse}. */
  requestOCSP?: boolean;
}

/** Options of {@linkcode tlsDial}. Go: `tls.Config`. */
export interface TLSDialOptions extends DialOptions, TLSClientOptions {}

/** Options of {@linkcode tlsServer}. Go: `tls.Config`. */
export interface TLSServerOptions extends TLSOptions, TLSCertificates {
  /** Whether to request client certificates. */
  requestCert?: boolean;
  /** Whether to reject clients without a certificate that `ca` has issued; true by default. */
  rejectUnauthorized?: boolean;
  /**
   * Maximum number of concurrent handshakes; further ones wait, within their own timeout. 1024 by
   * default.
   */
  maxHandshakes?: number;
}

/** Options of {@linkcode tlsListen}. Go: `tls.Config`. */
export interface TLSListenOptions extends ListenOptions, TLSServerOptions {}

const bytes = () =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array, "must be a Uint8Array");
/** A line that ends like a certificate or key file, or begins like a path. */
const PATH = /^(?:file:|~?\.{0,2}[\\/]|[a-z]:[\\/]).*$|^.+\.(?:pem|crt|cer|cert|key|der)$/i;
const pem = () =>
  z.union([
    z.string().refine(
      (text) => !PATH.test(text),
      "must be the contents of the file, not its path: read it, for example with readFileSync",
    ),
    z.instanceof(Uint8Array),
  ], "must be text or bytes in PEM format");
const version = () => z.enum(["TLSv1.2", "TLSv1.3"]);
const certificate = () => ({
  cert: pem(),
  key: pem(),
  passphrase: z.string().optional(),
  ocspResponse: bytes().optional(),
});
const certificates = () => ({
  ...certificate(),
  sni: z.record(z.string(), z.strictObject(certificate())).optional(),
});
const both = () => ({
  ca: z.union([pem(), z.array(pem())]).optional(),
  ALPNProtocols: z.array(z.string().min(1).max(255)).optional(),
  minVersion: version().optional(),
  maxVersion: version().optional(),
  ciphers: z.string().optional(),
  handshakeTimeout: z.number().positive().optional(),
  rejectUnauthorized: z.boolean().optional(),
  engine: z.enum(["auto", "openssl", "host"]).optional(),
  libssl: z.string().optional(),
  kTLS: z.boolean().optional(),
  keyLog: z.custom<(line: string) => void>((f) => typeof f === "function", "must be a function")
    .optional(),
});
const ofClient = z.once(() => ({
  ...both(),
  cert: pem().optional(),
  key: pem().optional(),
  passphrase: z.string().optional(),
  servername: z.string().min(1).optional(),
  resume: z.boolean().optional(),
  requestOCSP: z.boolean().optional(),
}));
const ofServer = z.once(() => ({
  ...both(),
  ...certificates(),
  requestCert: z.boolean().optional(),
  maxHandshakes: z.int().positive().optional(),
}));

/** Default duration of a handshake. */
const HANDSHAKE_MS = 10_000;

/** TLS options without those of the underlying connection. */
export type TLSSettings<O> = Omit<O, keyof DialOptions | keyof ListenOptions> & {
  handshakeTimeout: number;
};

/** Splits options into checked TLS settings and the unchecked rest. */
function split<O extends TLSOptions, R>(
  call: string,
  shape: z.Shape,
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

/** Returns the names of the TLS options of `tlsDial`. */
export function clientNames(): string[] {
  return Object.keys(ofClient());
}

/** Returns the names of the TLS options of `tlsListen`. */
export function serverNames(): string[] {
  return Object.keys(ofServer());
}

/** Checks the TLS options of `tlsDial`; `dial` checks the others. */
export function splitDialOptions(
  options: TLSDialOptions,
): { tls: TLSSettings<TLSDialOptions>; rest: DialOptions } {
  return split("dial with TLS", ofClient(), options);
}

/** Checks the TLS options of `tlsListen`; `listen` checks the others. */
export function splitListenOptions(
  options: TLSListenOptions,
): { tls: TLSSettings<TLSListenOptions>; rest: ListenOptions } {
  return split("listen with TLS", ofServer(), options);
}

/** Checks the options of `call`, which accepts client options only. */
export function checkClientOptions(
  call: string,
  options: TLSClientOptions,
): TLSSettings<TLSClientOptions> {
  return checked(call, ofClient(), options);
}

/** Checks the options of `call`, which accepts server options only. */
export function checkServerOptions(
  call: string,
  options: TLSServerOptions,
): TLSSettings<TLSServerOptions> {
  return checked(call, ofServer(), options);
}

/** Checks the certificates of `setCertificates`. */
export function checkCertificates(call: string, given: TLSCertificates): TLSCertificates {
  return checkOptions(call, z.strictObject(certificates()), given) as TLSCertificates;
}

function checked<O extends TLSOptions>(
  call: string,
  shape: z.Shape,
  options: O,
): TLSSettings<O> {
  const right = checkOptions(call, z.strictObject(shape), options);
  return { handshakeTimeout: HANDSHAKE_MS, ...right } as unknown as TLSSettings<O>;
}
