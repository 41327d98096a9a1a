// SPDX-License-Identifier: MIT
/**
 * DNS messages in wire format. RFC 1035, section 4; RFC 6891. Go: golang.org/x/net/dns/dnsmessage.
 *
 * No package fits: dns-packet, which the tests compare with, takes 20 ms to load on Deno, cannot
 * distinguish a dot within a label from one between labels, and does not support SVCB.
 */

import { randomByte } from "./random_bytes.ts";

/** Record types that the resolver supports. RFC 1035 and others, by IANA's registry. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  SVCB: 64,
  HTTPS: 65,
  CAA: 257,
} as const;

/** Response codes. RFC 1035, section 4.1.1. */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 } as const;

/** Length of a message header. */
const HEADER = 12;
/** UDP payload size to advertise: fits every path without fragmentation. DNS flag day 2020. */
const UDP_PAYLOAD = 1232;
const CLASS_INTERNET = 1;
/** Maximum number of records read per section. */
const MOST_RECORDS = 4096;
/** Maximum length of a name on the wire. */
const LONGEST_NAME = 255;
/** Maximum number of pointers in a name: one before each of its labels, of which it has at most 127. */
const MOST_POINTERS = 127;
/** Flag bits. */
const QR = 0x8000, OPCODE = 0x7800, AA = 0x0400, TC = 0x0200, RD = 0x0100, RA = 0x0080, AD = 0x0020;

/** Parsed message header. */
export interface Header {
  readonly authoritative: boolean;
  readonly recursionAvailable: boolean;
  readonly rcode: number;
}

/** A record: its owner name in presentation form, and the position of its data in the message. */
export interface ResourceRecord {
  readonly name: string;
  readonly type: number;
  /** TTL in seconds. */
  readonly ttl: number;
  /** The whole message. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** A parsed response, without its additional section. */
export interface Response {
  readonly header: Header;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
}

/** Thrown for a malformed message. */
export class FormatError extends Error {
  /** "FormatError". */
  override readonly name = "FormatError";
}

/** A query, with all that its response is compared with. */
export interface Query {
  /** The original name; in the query its letters have random case. */
  readonly name: string;
  readonly id: number;
  readonly type: number;
  readonly bytes: Uint8Array;
  /** End of the question, which begins after the header. */
  readonly questionEnd: number;
}

/** Settings of a query message. */
export interface QueryForm {
  /** Whether to add an OPT record, which allows responses longer than 512 bytes. */
  readonly edns: boolean;
  /** Whether to set the AD bit. resolv.conf(5), trust-ad. */
  readonly trustAD: boolean;
}

/**
 * Creates a query for `name`, an ASCII domain name with its final dot. Its ID and the case of its
 * letters are random: draft-vixie-dnsext-dns0x20.
 */
export function writeQuery(
  name: string,
  type: number,
  { edns, trustAD }: QueryForm,
): Query {
  const nameLength = name === "." ? 1 : name.length + 1;
  const questionEnd = HEADER + nameLength + 4;
  const bytes = new Uint8Array(questionEnd + (edns ? 11 : 0));
  const id = randomByte() << 8 | randomByte();
  put16(bytes, 0, id);
  put16(bytes, 2, RD | (trustAD ? AD : 0));
  put16(bytes, 4, 1);
  putName(bytes, HEADER, name);
  put16(bytes, questionEnd - 4, type);
  put16(bytes, questionEnd - 2, CLASS_INTERNET);
  if (edns) {
    put16(bytes, 10, 1);
    // OPT pseudo-record: root name (a zero byte), type, payload size in place of the class.
    put16(bytes, questionEnd + 1, TYPE.OPT);
    put16(bytes, questionEnd + 3, UDP_PAYLOAD);
  }
  return { name, id, type, bytes, questionEnd };
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

/** Writes a name with random case of its letters. */
function putName(bytes: Uint8Array, start: number, name: string): void {
  if (name === ".") return;
  let lengthAt = start;
  let bits = 1;
  for (let i = 0; i < name.length; i++) {
    const at = start + 1 + i;
    const code = name.charCodeAt(i);
    if (code === 0x2e) {
      bytes[lengthAt] = at - lengthAt - 1;
      lengthAt = at;
    } else if (isLetter(code)) {
      // Eight bits are used, and above them is a one.
      if (bits === 1) bits = 0x100 | randomByte();
      bytes[at] = code ^ ((bits & 1) << 5);
      bits >>= 1;
    } else bytes[at] = code;
  }
}

/** Whether a byte is an ASCII letter; these differ from the other case in bit 5. */
function isLetter(code: number): boolean {
  return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
}

/**
 * How a datagram relates to a query: its answer, an unrelated message, an answer with different
 * letter case, or a refusal.
 */
export type Match = "answer" | "other" | "other case" | "refusal";

/**
 * Compares a message with its query. "refusal" is an error without a question, which servers send
 * if they could not parse the query.
 */
export function matchResponse(message: Uint8Array, query: Query): Match {
  if (message.length < HEADER || get16(message, 0) !== query.id) return "other";
  const flags = get16(message, 2);
  if ((flags & (QR | OPCODE)) !== QR) return "other";
  const questions = get16(message, 4);
  if (questions === 0) {
    const rcode = rcodeOf(message);
    return rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP ? "refusal" : "other";
  }
  if (questions !== 1 || message.length < query.questionEnd) return "other";
  return matchQuestion(message, query);
}

function matchQuestion(message: Uint8Array, { bytes, questionEnd }: Query): Match {
  let exact = true;
  for (let i = HEADER; i < questionEnd; i++) {
    const got = message[i];
    if (got === bytes[i]) continue;
    if ((got ^ bytes[i]) !== 0x20 || !isLetter(got) || i >= questionEnd - 4) return "other";
    exact = false;
  }
  return exact ? "answer" : "other case";
}

/** Returns the response code of a message of sufficient length. */
export function rcodeOf(message: Uint8Array): number {
  return message[3] & 0xf;
}

/** Whether a message of sufficient length is marked as truncated. */
export function isTruncated(message: Uint8Array): boolean {
  return (get16(message, 2) & TC) !== 0;
}

/** Parses the header of a message of sufficient length. */
function readHeader(bytes: Uint8Array): Header {
  const flags = get16(bytes, 2);
  return {
    authoritative: (flags & AA) !== 0,
    recursionAvailable: (flags & RA) !== 0,
    rcode: rcodeOf(bytes),
  };
}

/**
 * Parses a response that {@linkcode matchResponse} has accepted. Restores the letter case of its
 * question: record names point into it, and should not show the random case of the query.
 *
 * @throws {FormatError} if it is malformed
 */
export function readResponse(bytes: Uint8Array, { name, questionEnd }: Query): Response {
  const questions = get16(bytes, 4);
  const at = { offset: questions === 0 ? HEADER : questionEnd };
  if (questions > 0) {
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i);
      if (code !== 0x2e) bytes[HEADER + 1 + i] = code;
    }
  }
  const owner = questions > 0 ? name : null;
  const answers = readRecords(bytes, at, get16(bytes, 6), owner);
  const authorities = readRecords(bytes, at, get16(bytes, 8), owner);
  return { header: readHeader(bytes), answers, authorities };
}

/**
 * Reads `count` records; the message's length bounds their number as well.
 *
 * @param question the name in the question, or null
 */
function readRecords(
  bytes: Uint8Array,
  at: { offset: number },
  count: number,
  question: string | null,
): ResourceRecord[] {
  if (count > MOST_RECORDS) throw new FormatError("too many records");
  const records: ResourceRecord[] = [];
  for (let i = 0; i < count; i++) {
    const { offset } = at;
    // Fast path: most owners are a pointer to the question.
    const pointed = question !== null && bytes[offset] === 0xc0 && bytes[offset + 1] === HEADER;
    const { name, next } = pointed
      ? { name: question, next: offset + 2 }
      : readName(bytes, offset, bytes.length);
    need(bytes.length, next + 10);
    const start = next + 10;
    const end = start + get16(bytes, next + 8);
    need(bytes.length, end);
    at.offset = end;
    const type = get16(bytes, next);
    // The class field of an OPT record has another meaning.
    if (type !== TYPE.OPT && get16(bytes, next + 2) !== CLASS_INTERNET) continue;
    records.push({ name, type, ttl: readTTL(bytes, next + 4), bytes, start, end });
  }
  return records;
}

/** Reads a 31-bit TTL: a larger number means 0. RFC 2181, section 8. */
function readTTL(bytes: Uint8Array, at: number): number {
  const ttl = get16(bytes, at) * 0x10000 + get16(bytes, at + 2);
  return ttl > 0x7fffffff ? 0 : ttl;
}

/**
 * Reads a name in presentation form with its final dot: ambiguous bytes are escaped as in RFC 1035,
 * section 5.1. Pointers may only lead backwards, so there is no loop, and their number is limited: a
 * message of 64 KiB could otherwise demand millions of steps.
 *
 * @param limit end of the bytes that may be read before the first pointer
 * @returns the name, and the offset after it
 * @throws {FormatError}
 */
export function readName(
  bytes: Uint8Array,
  offset: number,
  limit: number,
): { name: string; next: number } {
  let name = "";
  let next = -1;
  let length = 1;
  let at = offset;
  let until = limit;
  let least = offset;
  let pointers = 0;
  for (;;) {
    need(until, at + 1);
    const size = bytes[at++];
    if (size === 0) return { name: name === "" ? "." : name, next: next === -1 ? at : next };
    if (size < 0x40) {
      length += size + 1;
      if (length > LONGEST_NAME) throw new FormatError("name too long");
      need(until, at + size);
      name += `${readLabel(bytes, at, at + size)}.`;
      at += size;
      continue;
    }
    if (size < 0xc0) throw new FormatError("reserved label");
    need(until, at + 1);
    const target = (size & 0x3f) << 8 | bytes[at++];
    if (next === -1) next = at;
    if (++pointers > MOST_POINTERS) throw new FormatError("too many pointers");
    if (target >= least || target < HEADER) throw new FormatError("pointer not to an earlier name");
    at = least = target;
    until = bytes.length;
  }
}

/** Reads a label; fast path for labels of letters, digits and other unescaped bytes. */
function readLabel(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte <= 0x20 || byte >= 0x7f) text += `\\${String(byte).padStart(3, "0")}`;
    else if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}

/** Reads a 16-bit number. */
export function get16(bytes: Uint8Array, at: number): number {
  return bytes[at] << 8 | bytes[at + 1];
}

/** Throws unless there are bytes up to `end`. */
export function need(limit: number, end: number): void {
  if (end > limit) throw new FormatError("message too short");
}
