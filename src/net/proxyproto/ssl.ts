// SPDX-License-Identifier: MIT
/** TLS between client and proxy, as announced by the proxy: the TLV PP2_TYPE_SSL. */
import type { ProxyTLV } from "../options/proxy_options.ts";
import { parseTLVs } from "./v2.ts";

/** TLS between the client and the proxy, as the proxy announces it. */
export interface ProxySSL {
  /** True if the client connected to the proxy under TLS. */
  readonly secure: boolean;
  /**
   * True if the client showed a certificate, on this connection or when its session began, and the
   * proxy verified it. HAProxy sends "verified" without a certificate, too; that is false here.
   */
  readonly verified: boolean;
  /** Version, such as "TLSv1.3"; "" if it was not sent. */
  readonly version: string;
  /** Common name of the client's certificate; "" if it was not sent. */
  readonly commonName: string;
  /** Cipher suite; "" if it was not sent. */
  readonly cipher: string;
  /** Signature algorithm of the proxy's certificate, such as "SHA256"; "" if it was not sent. */
  readonly signatureAlgorithm: string;
  /** Key algorithm of the proxy's certificate, such as "RSA2048"; "" if it was not sent. */
  readonly keyAlgorithm: string;
}

/**
 * Flags of the first byte: TLS, a certificate on this connection, a certificate when the session
 * began.
 */
const SECURE = 0x01;
const CERTIFICATE = 0x02 | 0x04;
/** Length of the flags and the four-byte verification result. */
const FIXED = 5;

const VERSION = 0x21;
const COMMON_NAME = 0x22;
const CIPHER = 0x23;
const SIGNATURE_ALGORITHM = 0x24;
const KEY_ALGORITHM = 0x25;

/** Parses the TLV's value; null if it is not valid. */
export function parseSSL(value: Uint8Array): ProxySSL | null {
  const fields = value.length < FIXED ? null : parseTLVs(value.subarray(FIXED));
  if (fields === null) return null;
  const [client] = value;
  const failure = value.subarray(1, FIXED).some((byte) => byte !== 0);
  const text = (type: number) => textOf(fields, type) ?? "";
  return {
    secure: (client & SECURE) !== 0,
    verified: (client & SECURE) !== 0 && (client & CERTIFICATE) !== 0 && !failure,
    version: text(VERSION),
    commonName: text(COMMON_NAME),
    cipher: text(CIPHER),
    signatureAlgorithm: text(SIGNATURE_ALGORITHM),
    keyAlgorithm: text(KEY_ALGORITHM),
  };
}

/** Returns the value of the first TLV of `type` as text; null if there is none. */
export function textOf(tlvs: readonly ProxyTLV[], type: number): string | null {
  const found = tlvs.find((tlv) => tlv.type === type);
  return found === undefined ? null : new TextDecoder().decode(found.value);
}
