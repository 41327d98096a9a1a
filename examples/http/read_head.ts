// SPDX-License-Identifier: MIT
/** Reads the head of a request where it came, each byte once. RFC 9112, sections 3 and 6. */
import {
  COMMA,
  CR,
  endOfLine,
  field,
  HOST as HOST_BYTE,
  isBlank,
  readField,
  same,
  skip,
  SPACE,
  stands,
  TARGET,
  TOKEN,
  ZERO,
} from "./bytes.ts";
import { HttpError } from "./error.ts";
import { Head } from "./head.ts";

const letters = (word: string) => new TextEncoder().encode(word);
const SLASH = 0x2f;
const STAR = 0x2a;
const SCHEMES = [letters("http://"), letters("https://")];
const VERSION = letters("HTTP/1.");
const HOST = letters("host");
const EXPECT = letters("expect");
const CONTINUE = letters("100-continue");
const CONNECTION = letters("connection");
const CLOSE = letters("close");
const KEEP_ALIVE = letters("keep-alive");
const LENGTH = letters("content-length");
const ENCODING = letters("transfer-encoding");
const CHUNKED = letters("chunked");

/** Index behind the head that was read last. */
export let headEnd = 0;

/** Returns the head at `from`; null if it is not whole. Throws HttpError. */
export function readHead(bytes: Uint8Array, from: number): Head | null {
  const head = new Head(bytes, from);
  let at = readLine(head);
  head.headers = at;
  while (at !== 0 && at < bytes.length && bytes[at] !== CR) {
    at = readField(bytes, at);
    if (at !== 0) note(head);
  }
  if (at === 0) return null;
  head.end = at;
  headEnd = endOfLine(bytes, at);
  if (headEnd === 0) return null;
  if (head.chunked && (head.length >= 0 || head.minor === 0)) {
    throw new HttpError(400, "It is not clear where the body ends");
  }
  return head;
}

/** Reads the request line. Returns the index of the next line; 0 if this one is not whole. */
function readLine(head: Head): number {
  const { bytes, start } = head;
  const { length } = bytes;
  const methodEnd = head.methodEnd = skip(bytes, start, TOKEN);
  if (methodEnd === length) return 0;
  const target = head.target = methodEnd + 1;
  const targetEnd = head.targetEnd = skip(bytes, target, TARGET);
  if (bytes[methodEnd] !== SPACE || methodEnd === start) throw malformed();
  if (targetEnd >= length) return 0;
  if (bytes[targetEnd] !== SPACE || !isTarget(bytes, target, targetEnd)) throw malformed();
  const version = targetEnd + 1;
  const minor = version + VERSION.length;
  if (minor >= length) return 0;
  if (!same(VERSION, bytes, version, minor)) throw malformed();
  head.minor = bytes[minor] - ZERO;
  if (head.minor !== 0 && head.minor !== 1) throw new HttpError(505, "Use HTTP/1.1");
  head.keepAlive = head.minor === 1;
  return endOfLine(bytes, minor + 1);
}

/**
 * Whether it is a path, "*" or a whole URL: anything else behind a host would become another host.
 * RFC 9112, section 3.2.
 */
function isTarget(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === SLASH) return true;
  if (bytes[start] === STAR) return end === start + 1;
  return SCHEMES.some((scheme) => stands(scheme, bytes, start, start + scheme.length));
}

function malformed(): HttpError {
  return new HttpError(400, "That is no request");
}

/** Keeps of the header that was read last what decides how the request is read. */
function note(head: Head): void {
  switch (field.nameEnd - field.name) {
    case HOST.length:
      if (isNamed(head, HOST)) noteHost(head);
      break;
    case EXPECT.length:
      if (isNamed(head, EXPECT)) noteExpect(head);
      break;
    case CONNECTION.length:
      if (isNamed(head, CONNECTION)) noteConnection(head);
      break;
    case LENGTH.length:
      if (isNamed(head, LENGTH)) noteLength(head);
      break;
    case ENCODING.length:
      if (isNamed(head, ENCODING)) noteEncoding(head);
  }
}

function isNamed({ bytes }: Head, name: Uint8Array): boolean {
  return stands(name, bytes, field.name, field.nameEnd);
}

/** What is no host would become another URL. */
function noteHost(head: Head): void {
  head.hosts++;
  if (skip(head.bytes, field.value, HOST_BYTE) < field.valueEnd) {
    throw new HttpError(400, "That is no host");
  }
}

function noteExpect(head: Head): void {
  const known = stands(CONTINUE, head.bytes, field.value, field.valueEnd);
  head.expects = known ? "100-continue" : "something else";
}

/** Of the words in the list, "close" outweighs all others. */
function noteConnection(head: Head): void {
  const { bytes } = head;
  for (let at = field.value; at < field.valueEnd; at++) {
    while (at < field.valueEnd && (isBlank(bytes[at]) || bytes[at] === COMMA)) at++;
    const end = Math.min(skip(bytes, at, TOKEN), field.valueEnd);
    if (stands(CLOSE, bytes, at, end)) head.closes = true;
    else if (stands(KEEP_ALIVE, bytes, at, end)) head.keepAlive = true;
    at = end;
  }
  if (head.closes) head.keepAlive = false;
}

/** A second length is refused even if it is the same: what reads requests on the way may not. */
function noteLength(head: Head): void {
  const { bytes } = head;
  if (head.length >= 0 || field.value === field.valueEnd) throw badLength();
  let length = 0;
  for (let at = field.value; at < field.valueEnd; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) throw badLength();
    length = length * 10 + digit;
  }
  head.length = length;
}

function badLength(): HttpError {
  return new HttpError(400, "It is not clear how long the body is");
}

function noteEncoding(head: Head): void {
  const chunked = stands(CHUNKED, head.bytes, field.value, field.valueEnd);
  if (head.chunked) throw badLength();
  if (!chunked) throw new HttpError(501, "Only chunks are understood");
  head.chunked = true;
}
