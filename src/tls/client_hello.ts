// SPDX-License-Identifier: MIT
/**
 * The name that a client asks for, out of its first message. RFC 8446, section 4.1.2; RFC 6066.
 *
 * `node:tls` would tell by a callback, but on Bun it does not call it for a connection that is not its
 * own socket. So the message is read here, and handed on as it came.
 */
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";

const RECORD_HEADER = 5;
const RECORD_HANDSHAKE = 22;
const MESSAGE_HEADER = 4;
const CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const HOST_NAME = 0;
/** More than any client sends. */
const MOST_BYTES = 64 * 1024;

/** What was read, and what it says. */
export interface ClientHello {
  /** All that has come, to be handed on. */
  readonly bytes: Uint8Array;
  /** The name in small letters; "" if the client asks for none, or does not speak TLS. */
  readonly serverName: string;
}

/** Reads the first message of a client. Parks. */
export function* readClientHello(conn: Conn): Routine<ClientHello> {
  const buffer = new Uint8Array(MOST_BYTES);
  let length = 0;
  for (;;) {
    const bytes = buffer.subarray(0, length);
    const message = clientHello(bytes);
    // What is no such message is the engine's to refuse.
    if (message !== null) return { bytes, serverName: serverName(message) };
    const n = length === MOST_BYTES ? null : yield* conn.read(buffer.subarray(length));
    if (n === null) return { bytes, serverName: "" };
    length += n;
  }
}

/** The message, put together from its records; empty if there is another; null if more is to come. */
function clientHello(bytes: Uint8Array): Uint8Array | null {
  const parts: number[] = [];
  for (let at = 0;;) {
    if (parts.length >= MESSAGE_HEADER) {
      if (parts[0] !== CLIENT_HELLO) return new Uint8Array(0);
      const end = MESSAGE_HEADER + (parts[1] << 16 | parts[2] << 8 | parts[3]);
      if (parts.length >= end) return Uint8Array.from(parts.slice(MESSAGE_HEADER, end));
    }
    if (at < bytes.length && bytes[at] !== RECORD_HANDSHAKE) return new Uint8Array(0);
    if (bytes.length < at + RECORD_HEADER) return null;
    const body = at + RECORD_HEADER;
    const end = body + (bytes[at + 3] << 8 | bytes[at + 4]);
    if (bytes.length < end) return null;
    parts.push(...bytes.subarray(body, end));
    at = end;
  }
}

/** Reads numbers and vectors; past the end there are zeros, of which nothing follows. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get empty(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = value << 8 | (this.#bytes[this.#at++] ?? 0);
    return value;
  }

  take(length: number): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#at += length);
  }

  /** A vector whose length stands before it in `size` bytes. */
  vector(size: number): Uint8Array {
    return this.take(this.number(size));
  }
}

/** The host name of a ClientHello's body. */
function serverName(message: Uint8Array): string {
  const hello = new Cursor(message);
  hello.take(2 + 32); // legacy_version, random
  hello.vector(1); // legacy_session_id
  hello.vector(2); // cipher_suites
  hello.vector(1); // legacy_compression_methods
  const extensions = new Cursor(hello.vector(2));
  while (!extensions.empty) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type !== EXTENSION_SERVER_NAME) continue;
    const names = new Cursor(new Cursor(body).vector(2));
    while (!names.empty) {
      const kind = names.number(1);
      const name = names.vector(2);
      if (kind === HOST_NAME) return new TextDecoder().decode(name).toLowerCase();
    }
  }
  return "";
}
