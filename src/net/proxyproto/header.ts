// SPDX-License-Identifier: MIT
/**
 * Headers of the PROXY protocol, versions 1 and 2, as values. The specification is HAProxy's
 * proxy-protocol.txt.
 */
import type { TCPAddr } from "../addr/addr.ts";
import type { ProxyTLV } from "../options/proxy_options.ts";

/** A header that was read. */
export interface ParsedHeader {
  readonly version: 1 | 2;
  /** Whether the connection is the proxy's own, such as a health check. */
  readonly local: boolean;
  /** The client's address and the one that it connected to; null if none of TCP is announced. */
  readonly ends: { readonly source: TCPAddr; readonly destination: TCPAddr } | null;
  /** In the order of the header. */
  readonly tlvs: readonly ProxyTLV[];
}

/** The first bytes of version 1. */
export const V1_PREFIX: Uint8Array = new TextEncoder().encode("PROXY ");
/** The longest line of version 1, with its end. */
export const V1_MOST = 107;
/** The first bytes of version 2. */
export const V2_SIGNATURE: Uint8Array = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
);
/** The signature, version and command, family and protocol, and the length of the rest. */
export const V2_FIXED = 16;

/** Families of version 2, the upper half of a byte, and stream, the lower half. */
export const FAMILY_IP4 = 1;
export const FAMILY_IP6 = 2;
export const FAMILY_UNIX = 3;
export const PROTOCOL_STREAM = 1;
export const PROTOCOL_DGRAM = 2;

/** Type of the checksum over the whole header. */
export const TLV_CRC32C = 0x03;
/** Bytes of a TLV before its value. */
export const TLV_HEADER = 3;
/** Bytes of the checksum. */
export const CRC_BYTES = 4;
