// SPDX-License-Identifier: MIT
/**
 * Parsed headers of the PROXY protocol, versions 1 and 2. The specification is HAProxy's
 * proxy-protocol.txt.
 */
import type { TCPAddr } from "../addr/addr.ts";
import type { ProxyTLV } from "../options/proxy_options.ts";

/** A parsed header. */
export interface ParsedHeader {
  readonly version: 1 | 2;
  /** Whether the connection is the proxy's own, such as a health check. */
  readonly local: boolean;
  /** The client's address and the one that it connected to; null unless both are TCP addresses. */
  readonly ends: { readonly source: TCPAddr; readonly destination: TCPAddr } | null;
  /** Fields in the order of the header. */
  readonly tlvs: readonly ProxyTLV[];
}

/** The first bytes of version 1. */
export const V1_PREFIX: Uint8Array = new TextEncoder().encode("PROXY ");
/** Maximum length of a version 1 line, including CRLF. */
export const V1_MOST = 107;
/** The first bytes of version 2. */
export const V2_SIGNATURE: Uint8Array = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
);
/**
 * Length of the fixed part: signature, version and command, family and protocol, length of the
 * rest.
 */
export const V2_FIXED = 16;

/**
 * Address families of version 2, in the upper half of a byte; the lower half is the protocol,
 * "stream".
 */
export const FAMILY_IP4 = 1;
export const FAMILY_IP6 = 2;
export const FAMILY_UNIX = 3;
export const PROTOCOL_STREAM = 1;
export const PROTOCOL_DGRAM = 2;

/** Type of the checksum over the whole header. */
export const TLV_CRC32C = 0x03;
/** Length of a TLV header. */
export const TLV_HEADER = 3;
/** Length of the checksum. */
export const CRC_BYTES = 4;
