// SPDX-License-Identifier: MIT
/** Version 1 of the PROXY protocol: a text line. */
import { type InternetAddr, TCPAddr } from "../addr/addr.ts";
import { formatIP, parseIP } from "../addr/ip.ts";
import { ProxyProtocolError } from "../proxy_error.ts";
import { invalid } from "./invalid.ts";
import { type ParsedHeader, V1_MOST } from "./header.ts";

const SPACE = 0x20;
const CR = 0x0d;
const LF = 0x0a;
/** Number of spaces in a line with addresses: "PROXY TCP4 source destination port port". */
const SPACES = 5;
/** Length of "\r\n". */
const END = 2;
/** Offset of "UNKNOWN" in a line, with its first letter. */
const UNKNOWN_AT = 6;
const UNKNOWN_LETTER = 0x55;

/**
 * Returns a lower bound of the number of bytes missing from a line that begins with `bytes`; 0 if
 * it is complete. Data after the line is therefore never read with it.
 *
 * @throws {ProxyProtocolError} if the line is too long
 */
export function missingV1(bytes: Uint8Array): number {
  const last = bytes[bytes.length - 1];
  if (last === LF && bytes[bytes.length - 2] === CR) return 0;
  if (bytes.length >= V1_MOST) {
    throw new ProxyProtocolError("tooLong", `line of more than ${V1_MOST} bytes`);
  }
  if (last === LF) throw invalid("line without a final carriage return");
  return Math.min(last === CR ? 1 : shortestRest(bytes, last), V1_MOST - bytes.length);
}

/**
 * Returns the minimum length of the missing words, each one letter and a space, and the line end.
 */
function shortestRest(bytes: Uint8Array, last: number): number {
  if (bytes[UNKNOWN_AT] === UNKNOWN_LETTER) return END;
  let spaces = 0;
  for (const byte of bytes) if (byte === SPACE) spaces++;
  return END + 2 * Math.max(0, SPACES - spaces) + (last === SPACE ? 1 : 0);
}

/**
 * Parses a complete line.
 *
 * @throws {ProxyProtocolError} if the line is invalid
 */
export function parseV1(bytes: Uint8Array): ParsedHeader {
  const text = String.fromCharCode(...bytes.subarray(0, bytes.length - END));
  const [, network, ...words] = text.split(" ");
  switch (network) {
    case "UNKNOWN":
      return { version: 1, local: true, ends: null, tlvs: [] };
    case "TCP4":
    case "TCP6":
      return { version: 1, local: false, ends: ends(words, network), tlvs: [] };
  }
  throw invalid("network other than TCP4, TCP6 and UNKNOWN");
}

function ends(words: readonly string[], network: "TCP4" | "TCP6"): ParsedHeader["ends"] {
  if (words.length !== 4) throw invalid(`${network} line without two addresses and two ports`);
  const [source, destination, sourcePort, destinationPort] = words;
  return {
    source: new TCPAddr(address(source, network), port(sourcePort)),
    destination: new TCPAddr(address(destination, network), port(destinationPort)),
  };
}

/**
 * Normalizes an address: "2001:DB8:0:0::1" to "2001:db8::1", and an IPv4-mapped address to IPv4.
 */
function address(text: string, network: "TCP4" | "TCP6"): string {
  const ip = parseIP(text);
  if (ip === null) throw invalid(`invalid address in a ${network} line`);
  if (text.includes(":") !== (network === "TCP6")) {
    throw invalid(`${network} line with an address of the other family`);
  }
  return formatIP(ip);
}

function port(text: string): number {
  if (!/^(0|[1-9][0-9]{0,4})$/.test(text) || Number(text) > 0xffff) throw invalid("invalid port");
  return Number(text);
}

/** Formats a line; without addresses, an "UNKNOWN" line. */
export function formatV1(ends: { source: InternetAddr; destination: InternetAddr } | null): string {
  if (ends === null) return "PROXY UNKNOWN\r\n";
  const { source, destination } = ends;
  const six = [source, destination].some(({ ip }) => ip.includes(":"));
  // Write an IPv4 address next to an IPv6 address as a mapped one.
  const text = ({ ip }: InternetAddr) => six && !ip.includes(":") ? `::ffff:${ip}` : ip;
  const network = six ? "TCP6" : "TCP4";
  return `PROXY ${network} ${text(source)} ${
    text(destination)
  } ${source.port} ${destination.port}\r\n`;
}
