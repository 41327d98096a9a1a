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
  /** OCSP response to staple to the certificate, as DER; of a server. Go: `OCSPStaple`. */
  ocspResponse?: Uint8Array;
}

/** The certificates of a server. */
export interface TLSCertificates extends TLSCertificate {
  /**
   * Other certificates, by the name that the client asks for (SNI): "example.org", "*.example.org".
   */
  sni?: Record<string, TLSCertificate>;
}

/** TLS version. */
export type TLSVersion = "TLSv1.2" | "TLSv1.3";

/** Which library secures a connection. See {@linkcode TLSOptions.engine}. */
export type TLSEngineName = "openssl" | "host";

/** Options of both sides. */
export interface TLSOptions {
  /**
   * Authorities whose certificates are trusted, instead of those of `node:tls`
   * (`rootCertificates`); "system" for the file of the operating system, which Deno must be
   * permitted to read.
   */
  ca?: PEM | PEM[] | "system";
  /** Protocols to agree on, the preferred one first: ["h2", "http/1.1"]. Go: `NextProtos`. */
  ALPNProtocols?: string[];
  /** The oldest version that is spoken; "TLSv1.2" by default. */
  minVersion?: TLSVersion;
  /** Maximum version. */
  maxVersion?: TLSVersion;
  /**
   * Cipher suites, as OpenSSL names them: those of TLS 1.3 ("TLS_...") and of TLS 1.2, by colons.
   */
  ciphers?: string;
  /** Milliseconds that the handshake may take; 10,000 by default. */
  handshakeTimeout?: number;
  /**
   * "openssl": OpenSSL's libssl, version 3 or 4, by foreign functions; works under `runSync`.
   * "host": the runtime's `node:tls`. "auto", the default: OpenSSL where it is found and may be
   * loaded.
   */
  engine?: "auto" | TLSEngineName;
  /** Absolute path of libssl; needed on Windows. One thread can use one only. */
  libssl?: string;
  /**
   * Receives each line of the key log (SSLKEYLOGFILE) for tools like Wireshark. It gives away
   * the connection: for debugging alone. Go: `KeyLogWriter`.
   */
  keyLog?: (line: string) => void;
}

/** Options of {@linkcode tlsClient}. Go: `tls.Config`. */
export interface TLSClientOptions extends TLSOptions, Partial<TLSCertificate> {
  /**
   * The name that the certificate must be for, and that the server is told; the host's otherwise.
   */
  servername?: string;
  /** False to accept any certificate. Anyone on the way can then read and change everything. */
  rejectUnauthorized?: boolean;
  /**
   * Whether to resume the last session with this server, which spares the server's certificate and
   * the client's check of it. Off by default, as in Go: a server can recognize a client by it.
   */
  resume?: boolean;
  /** Whether to ask the server for a stapled OCSP response: {@linkcode TLSConn.ocspResponse}. */
  requestOCSP?: boolean;
}

/** Options of {@linkcode tlsDial}. Go: `tls.Config`. */
export interface TLSDialOptions extends DialOptions, TLSClientOptions {}

/** Options of {@linkcode tlsServer}. Go: `tls.Config`. */
export interface TLSServerOptions extends TLSOptions, TLSCertificates {
  /** Whether clients are asked for a certificate. */
  requestCert?: boolean;
  /** Whether a client without a certificate that `ca` vouches for is refused; true by default. */
  rejectUnauthorized?: boolean;
  /**
   * Handshakes that may be under way at once; others wait, for as long as theirs may take. 1024 by
   * default.
   */
  maxHandshakes?: number;
}

/** Options of {@linkcode tlsListen}. Go: `tls.Config`. */
export interface TLSListenOptions extends ListenOptions, TLSServerOptions {}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "must be a Uint8Array");
/** A line that ends as files of certificates and keys do, or begins as paths do. */
const PATH = /^(?:file:|~?\.{0,2}[\\/]|[a-z]:[\\/]).*$|^.+\.(?:pem|crt|cer|cert|key|der)$/i;
const pem = z.union([
  z.string().refine(
    (text) => !PATH.test(text),
    "must be what the file contains, not its path: read it, for example by readFileSync",
  ),
  z.instanceof(Uint8Array),
], "must be text or bytes in PEM format");
const version = z.enum(["TLSv1.2", "TLSv1.3"]);
const certificate = {
  cert: pem,
  key: pem,
  passphrase: z.string().optional(),
  ocspResponse: bytes.optional(),
};
const certificates = {
  ...certificate,
  sni: z.record(z.string(), z.strictObject(certificate)).optional(),
};
const both = {
  ca: z.union([pem, z.array(pem)]).optional(),
  ALPNProtocols: z.array(z.string().min(1).max(255)).optional(),
  minVersion: version.optional(),
  maxVersion: version.optional(),
  ciphers: z.string().optional(),
  handshakeTimeout: z.number().positive().optional(),
  rejectUnauthorized: z.boolean().optional(),
  engine: z.enum(["auto", "openssl", "host"]).optional(),
  libssl: z.string().optional(),
  keyLog: z.custom<(line: string) => void>((f) => typeof f === "function", "must be a function")
    .optional(),
};
const ofClient = {
  ...both,
  cert: pem.optional(),
  key: pem.optional(),
  passphrase: z.string().optional(),
  servername: z.string().min(1).optional(),
  resume: z.boolean().optional(),
  requestOCSP: z.boolean().optional(),
};
const ofServer = {
  ...both,
  ...certificates,
  requestCert: z.boolean().optional(),
  maxHandshakes: z.int().positive().optional(),
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

/** Checks what `tlsDial` was given; `dial` checks the rest. */
export function splitDialOptions(
  options: TLSDialOptions,
): { tls: TLSSettings<TLSDialOptions>; rest: DialOptions } {
  return split("dial with TLS", ofClient, options);
}

/** Checks what `tlsListen` was given; `listen` checks the rest. */
export function splitListenOptions(
  options: TLSListenOptions,
): { tls: TLSSettings<TLSListenOptions>; rest: ListenOptions } {
  return split("listen with TLS", ofServer, options);
}

/** Checks the options of `call`, which has no others than those of a client. */
export function checkClientOptions(
  call: string,
  options: TLSClientOptions,
): TLSSettings<TLSClientOptions> {
  return checked(call, ofClient, options);
}

/** Checks the options of `call`, which has no others than those of a server. */
export function checkServerOptions(
  call: string,
  options: TLSServerOptions,
): TLSSettings<TLSServerOptions> {
  return checked(call, ofServer, options);
}

/** Checks what `setCertificates` was given. */
export function checkCertificates(call: string, given: TLSCertificates): TLSCertificates {
  return checkOptions(call, z.strictObject(certificates), given) as TLSCertificates;
}

function checked<O extends TLSOptions>(
  call: string,
  shape: z.Shape,
  options: O,
): TLSSettings<O> {
  const right = checkOptions(call, z.strictObject(shape), options);
  return { handshakeTimeout: HANDSHAKE_MS, ...right } as unknown as TLSSettings<O>;
}
