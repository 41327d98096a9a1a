// SPDX-License-Identifier: MIT
/** Version 2 of the PROXY protocol: a binary header. */
import { type InternetAddr, TCPAddr } from "../addr/addr.ts";
import { fit, formatIP, parseIP } from "../addr/ip.ts";
import { crc32c } from "./crc32c.ts";
import type { ProxyTLV } from "../options/proxy_options.ts";
import { ProxyProtocolError } from "../proxy_error.ts";
import { invalid } from "./invalid.ts";
import {
  CRC_BYTES,
  FAMILY_IP4,
  FAMILY_IP6,
  FAMILY_UNIX,
  type ParsedHeader,
  PROTOCOL_DGRAM,
  PROTOCOL_STREAM,
  TLV_CRC32C,
  TLV_HEADER,
  V2_FIXED,
  V2_SIGNATURE,
} from "./header.ts";

const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
/** Length of the addresses and ports of each family. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = {
  [FAMILY_IP4]: 12,
  [FAMILY_IP6]: 36,
  [FAMILY_UNIX]: 216,
};

/**
 * Returns the number of bytes missing from a header that begins with `bytes`; 0 if it is complete.
 *
 * @throws {ProxyProtocolError} if it is longer than `most`, or not version 2
 */
export function missingV2(bytes: Uint8Array, most: number): number {
  if (bytes.length < V2_FIXED) return V2_FIXED - bytes.length;
  if (bytes[12] >> 4 !== VERSION) throw invalid(`unknown version ${bytes[12] >> 4}`);
  const whole = V2_FIXED + (bytes[14] << 8 | bytes[15]);
  if (whole > most) throw new ProxyProtocolError("tooLong", `header of ${whole} bytes`);
  return whole - bytes.length;
}

/**
 * Parses a complete header. Addresses of LOCAL headers and of families other than TCP's are
 * skipped, as the specification allows.
 *
 * @throws {ProxyProtocolError} if it is invalid, or its checksum is wrong
 */
export function parseV2(bytes: Uint8Array): ParsedHeader {
  const command = bytes[12] & 0xf;
  const family = bytes[13] >> 4;
  const protocol = bytes[13] & 0xf;
  if (command !== LOCAL && command !== PROXY) throw invalid(`unknown command ${command}`);
  if (family > FAMILY_UNIX || protocol > PROTOCOL_DGRAM) {
    throw invalid(`unknown family or protocol 0x${bytes[13].toString(16).padStart(2, "0")}`);
  }
  const addressEnd = V2_FIXED + (ADDRESS_BYTES[family] ?? 0);
  const local = command === LOCAL;
  if (addressEnd > bytes.length) {
    // The length of a LOCAL header need not match its family.
    if (local) return { version: 2, local, ends: null, tlvs: [] };
    throw invalid(`header of ${bytes.length} bytes has no room for its addresses`);
  }
  const tlvs = parseTLVs(bytes.subarray(addressEnd));
  if (tlvs === null && !local) throw invalid("TLV that extends beyond the header");
  if (tlvs !== null) checkSum(bytes, addressEnd, tlvs);
  const known = !local && protocol === PROTOCOL_STREAM && family !== FAMILY_UNIX && family !== 0;
  return { version: 2, local, ends: known ? parseEnds(bytes, family) : null, tlvs: tlvs ?? [] };
}

function parseEnds(bytes: Uint8Array, family: number): ParsedHeader["ends"] {
  const length = family === FAMILY_IP4 ? 4 : 16;
  const ports = V2_FIXED + 2 * length;
  const address = (at: number) => formatIP(bytes.subarray(at, at + length));
  const port = (at: number) => bytes[at] << 8 | bytes[at + 1];
  return {
    source: new TCPAddr(address(V2_FIXED), port(ports)),
    destination: new TCPAddr(address(V2_FIXED + length), port(ports + 2)),
  };
}

/** Splits `bytes` into copied fields; returns null if the last one is incomplete. */
export function parseTLVs(bytes: Uint8Array): ProxyTLV[] | null {
  const tlvs: ProxyTLV[] = [];
  for (let at = 0; at < bytes.length;) {
    const value = at + TLV_HEADER;
    if (value > bytes.length) return null;
    const end = value + (bytes[at + 1] << 8 | bytes[at + 2]);
    if (end > bytes.length) return null;
    tlvs.push({ type: bytes[at], value: bytes.slice(value, end) });
    at = end;
  }
  return tlvs;
}

/**
 * Throws if there is a wrong checksum. It covers the header with the checksum itself set to zero.
 */
function checkSum(bytes: Uint8Array, start: number, tlvs: readonly ProxyTLV[]): void {
  let at = start;
  for (const { type, value } of tlvs) {
    at += TLV_HEADER;
    if (type === TLV_CRC32C) {
      if (value.length !== CRC_BYTES) throw invalid("checksum that is not 4 bytes long");
      const zeroed = bytes.slice();
      zeroed.fill(0, at, at + CRC_BYTES);
      if (crc32c(zeroed) !== new DataView(value.buffer).getUint32(0)) {
        throw invalid("wrong checksum");
      }
    }
    at += value.length;
  }
}

/**
 * Formats a header; without addresses, a LOCAL header. The checksum, if requested, is the first
 * field.
 */
export function formatV2(
  ends: { source: InternetAddr; destination: InternetAddr } | null,
  tlvs: readonly ProxyTLV[],
  checksum: boolean,
): Uint8Array {
  const sum: ProxyTLV[] = checksum ? [{ type: TLV_CRC32C, value: new Uint8Array(CRC_BYTES) }] : [];
  const { family, bytes } = addresses(ends);
  const rest = [...sum, ...tlvs].flatMap(({ type, value }) => [
    Uint8Array.of(type, value.length >> 8, value.length & 0xff),
    value,
  ]);
  const length = rest.reduce((total, part) => total + part.length, bytes.length);
  const command = VERSION << 4 | (ends === null ? LOCAL : PROXY);
  const fixed = Uint8Array.of(...V2_SIGNATURE, command, family, length >> 8, length & 0xff);
  const header = new Uint8Array(V2_FIXED + length);
  let at = 0;
  for (const part of [fixed, bytes, ...rest]) {
    header.set(part, at);
    at += part.length;
  }
  if (checksum) {
    const place = V2_FIXED + bytes.length + TLV_HEADER;
    new DataView(header.buffer).setUint32(place, crc32c(header));
  }
  return header;
}

function addresses(ends: { source: InternetAddr; destination: InternetAddr } | null): {
  family: number;
  bytes: Uint8Array;
} {
  if (ends === null) return { family: 0, bytes: new Uint8Array(0) };
  const { source, destination } = ends;
  const [from, to] = [parseIP(source.ip)!, parseIP(destination.ip)!];
  const length = Math.max(from.length, to.length);
  const ports = [source.port, destination.port].flatMap((port) => [port >> 8, port & 0xff]);
  const family = (length === 4 ? FAMILY_IP4 : FAMILY_IP6) << 4 | PROTOCOL_STREAM;
  return { family, bytes: Uint8Array.of(...fit(from, length), ...fit(to, length), ...ports) };
}
