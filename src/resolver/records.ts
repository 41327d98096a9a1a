// SPDX-License-Identifier: MIT
/** Record data, by type. RFC 1035, section 3.3; RFC 2782, 8659, 9460. Go: net/dnsclient.go. */
import { FormatError, get16, need, readName, type ResourceRecord, TYPE } from "./message.ts";

/** A mail server of a domain. Go: `net.MX`. */
export interface MX {
  /** Name of the server, with a final dot. */
  readonly host: string;
  /** Preference: the lowest is tried first. */
  readonly pref: number;
}

/** A name server of a domain. Go: `net.NS`. */
export interface NS {
  /** Name of the server, with a final dot. */
  readonly host: string;
}

/** A server of a service. Go: `net.SRV`. */
export interface SRV {
  /** Name of the server, with a final dot. */
  readonly target: string;
  /** Port of the service. */
  readonly port: number;
  /** The lowest is tried first. */
  readonly priority: number;
  /** Share of the clients among servers of the same priority. */
  readonly weight: number;
}

/** A permission for a certificate authority. RFC 8659. */
export interface CAA {
  /** Whether an authority that does not know the tag must refuse. */
  readonly critical: boolean;
  /** Property: "issue", "issuewild", "iodef". */
  readonly tag: string;
  /** Its value: for "issue" the domain of the authority. */
  readonly value: string;
}

/** Connection parameters of a service, from an HTTPS or SVCB record. RFC 9460. */
export interface ServiceBinding {
  /** 0 for an alias; else the lowest is tried first. */
  readonly priority: number;
  /** Name of the server, with a final dot; "." means the owner of the record. */
  readonly target: string;
  /** Protocols for ALPN, such as "h2"; empty if the record names none. */
  readonly alpn: readonly string[];
  /** Whether the scheme's default protocol must not be used. */
  readonly noDefaultALPN: boolean;
  /** Port; undefined for that of the scheme. */
  readonly port?: number;
  /** IPv4 addresses that may be tried while those of `target` are looked up. */
  readonly ipv4Hint: readonly Uint8Array[];
  /** IPv6 addresses that may be tried while those of `target` are looked up. */
  readonly ipv6Hint: readonly Uint8Array[];
  /** Configurations for Encrypted ClientHello; undefined if there are none. */
  readonly ech?: Uint8Array;
  /** All parameters by number, in wire format. */
  readonly params: ReadonlyMap<number, Uint8Array>;
}

/** Reads a name that fills the data from `start`. */
function nameAt({ bytes, end }: ResourceRecord, start: number): string {
  const { name, next } = readName(bytes, start, end);
  if (next !== end) throw new FormatError("bytes after a name");
  return name;
}

/** Reads a CNAME, NS or PTR record. */
export function readTarget(record: ResourceRecord): string {
  return nameAt(record, record.start);
}

/** Reads an A or AAAA record. */
export function readAddress({ type, bytes, start, end }: ResourceRecord): Uint8Array {
  if (end - start !== (type === TYPE.A ? 4 : 16)) throw new FormatError("length of an address");
  return bytes.slice(start, end);
}

/** Reads an MX record. */
export function readMX(record: ResourceRecord): MX {
  need(record.end, record.start + 2);
  return { host: nameAt(record, record.start + 2), pref: get16(record.bytes, record.start) };
}

/** Reads an SRV record. */
export function readSRV(record: ResourceRecord): SRV {
  const { bytes, start, end } = record;
  need(end, start + 6);
  return {
    target: nameAt(record, start + 6),
    port: get16(bytes, start + 4),
    priority: get16(bytes, start),
    weight: get16(bytes, start + 2),
  };
}

/** Reads the strings of a TXT record. */
export function readStrings({ bytes, start, end }: ResourceRecord): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let at = start; at < end;) {
    const from = at + 1;
    at = from + bytes[at];
    need(end, at);
    strings.push(bytes.slice(from, at));
  }
  return strings;
}

/** Reads a CAA record. */
export function readCAA({ bytes, start, end }: ResourceRecord): CAA {
  need(end, start + 2);
  const tagEnd = start + 2 + bytes[start + 1];
  need(end, tagEnd);
  const tag = text(bytes.subarray(start + 2, tagEnd));
  if (!/^[A-Za-z0-9]+$/.test(tag)) throw new FormatError("tag of a CAA record");
  return { critical: bytes[start] >= 0x80, tag, value: text(bytes.subarray(tagEnd, end)) };
}

/** Returns the negative caching TTL in seconds of an SOA record. RFC 2308, section 5. */
export function negativeTTL(record: ResourceRecord): number {
  const { bytes, start, end, ttl } = record;
  const server = readName(bytes, start, end);
  const { next } = readName(bytes, server.next, end);
  need(end, next + 20);
  const minimum = get16(bytes, next + 16) * 0x10000 + get16(bytes, next + 18);
  return Math.min(ttl, minimum);
}

/** Parameter numbers of a service binding. RFC 9460, section 14.3.2. */
const PARAM = { mandatory: 0, alpn: 1, noDefaultALPN: 2, port: 3, ipv4: 4, ech: 5, ipv6: 6 };

/** Reads an HTTPS or SVCB record. */
export function readServiceBinding({ bytes, start, end }: ResourceRecord): ServiceBinding {
  need(end, start + 2);
  const { name: target, next } = readName(bytes, start + 2, end);
  const params = readParams(bytes, next, end);
  const port = params.get(PARAM.port);
  if (port !== undefined && port.length !== 2) throw new FormatError("port of a service binding");
  return {
    priority: get16(bytes, start),
    target,
    alpn: readALPN(params.get(PARAM.alpn)),
    noDefaultALPN: params.has(PARAM.noDefaultALPN),
    port: port && get16(port, 0),
    ipv4Hint: split(params.get(PARAM.ipv4), 4),
    ipv6Hint: split(params.get(PARAM.ipv6), 16),
    ech: params.get(PARAM.ech),
    params,
  };
}

/** Reads parameters, which are in ascending order without duplicates. */
function readParams(bytes: Uint8Array, start: number, end: number): Map<number, Uint8Array> {
  const params = new Map<number, Uint8Array>();
  let last = -1;
  for (let at = start; at < end;) {
    need(end, at + 4);
    const key = get16(bytes, at);
    const from = at + 4;
    at = from + get16(bytes, at + 2);
    need(end, at);
    if (key <= last) throw new FormatError("order of parameters");
    last = key;
    params.set(key, bytes.slice(from, at));
  }
  return params;
}

function readALPN(value: Uint8Array | undefined): string[] {
  if (value === undefined) return [];
  const all: string[] = [];
  for (let at = 0; at < value.length;) {
    const from = at + 1;
    at = from + value[at];
    need(value.length, at);
    all.push(text(value.subarray(from, at)));
  }
  return all;
}

function split(value: Uint8Array | undefined, size: number): Uint8Array[] {
  if (value === undefined) return [];
  if (value.length % size !== 0) throw new FormatError("length of an address");
  const count = value.length / size;
  return Array.from({ length: count }, (_, i) => value.subarray(i * size, (i + 1) * size));
}

/** Decodes text; replaces invalid UTF-8. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
